package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/evidence"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/profiles"
)

func newEvidenceReplayCommand(g *globals) *cobra.Command {
	var opts replayOptions
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Judge an evidence export again",
		Long: `Judge what 'wardround evidence export' wrote, for the time of its round, with the
baselines and profiles that are in it. Nothing but the file is read: the verdicts are
those of 'wardround report' as of that round, byte for byte, on any machine with this
version. With --baseline other baselines judge the same evidence.

With --key the signature of the chain's head in the file is verified. That covers the
head, not the answers and verdicts in the file.

Exit status: 1 if a required requirement fails, or the head is not signed with --key; else 3 if nothing was judged or
coverage is below --min-coverage; else 0; 2 for wrong use or a file that is no export.`,
		Example: `  wardround evidence replay ward.evidence
  wardround evidence replay ward.evidence --baseline wpa2-enterprise --format json`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runEvidenceReplay(ctx, args[0], opts, g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type replayOptions struct {
	baselines   []string
	format      string
	key         string
	minCoverage float64
}

func (o *replayOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.baselines, "baseline", nil, "judge with this shipped baseline or file instead; may be repeated")
	flags.StringVar(&o.format, "format", "text", "text or json")
	flags.StringVar(&o.key, "key", "", "public key (a chain.pub) that the head of the chain in the file must be signed with")
	flags.Float64Var(&o.minCoverage, "min-coverage", 0, "least part of the devices that must be judged, 0 to 1")
}

func runEvidenceReplay(ctx context.Context, name string, opts replayOptions, out, errs io.Writer) error {
	if err := errors.Join(formatFlag(opts.format, "text", "json"), coverageFlag(opts.minCoverage)); err != nil {
		return err
	}
	keys, err := replayKey(opts.key)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return usage(fmt.Errorf("replay: %w", err), "")
	}
	defer f.Close()
	checked, head, err := replay(ctx, f, opts.baselines)
	if err != nil {
		return fmt.Errorf("replay %s: %w", name, err)
	}
	fmt.Fprintln(errs, replayLine(head))
	said, err := verifyExported(head, keys)
	if err != nil {
		return &statusError{code: exitFailures, why: fmt.Sprintf("replay %s: %v", name, err)}
	}
	fmt.Fprintln(errs, said)
	if err := writeReport(ctx, checked, head.Now, opts.format, nil, out); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return outcomeOf(tallyOf(checked.fleet.Results(head.Now)), opts.minCoverage)
}

// replayLine says what was judged.
func replayLine(h evidence.Head) string {
	text := fmt.Sprintf("judged for %s, exported by wardround %s", stamp(h.Now), printable(h.Tool))
	if h.Chain != nil {
		text += fmt.Sprintf(", entry %d of chain %s", h.Chain.Seq, printable(h.Chain.ID))
	}
	if h.Only != "" {
		text += ", only " + printable(h.Only)
	}
	if h.Redacted {
		text += ", redacted: ids, serial numbers, asset tags and organisations are pseudonyms"
	}
	return text
}

// replayKey reads the key in a file, none if no file is named.
func replayKey(name string) ([]chain.PublicKey, error) {
	if name == "" {
		return nil, nil
	}
	key, err := readPublicKey(name)
	return []chain.PublicKey{key}, usage(err, "")
}

// verifyExported verifies the signed head of an export, and says what that means.
func verifyExported(h evidence.Head, keys []chain.PublicKey) (string, error) {
	if len(keys) == 0 {
		return "the head of the chain in the file was NOT verified: give the public key with --key", nil
	}
	if h.Chain == nil || h.Chain.Head == "" {
		return "", errors.New("there is no signed head in it to verify")
	}
	signed, err := chain.ParseHead([]byte(h.Chain.Head))
	if err != nil {
		return "", err
	}
	if err := signed.Verify(keys[0]); err != nil {
		return "", err
	}
	if signed.Chain.String() != h.Chain.ID || signed.Seq != h.Chain.Seq || signed.Hash.String() != h.Chain.Hash {
		return "", fmt.Errorf("the signed head is of entry %d of chain %s, not of what the file says", signed.Seq, signed.Chain)
	}
	return fmt.Sprintf("the head of the chain in the file, entry %d, is signed with that key; the answers in the file are not covered by it", signed.Seq), nil
}

// replay judges an export. Without names the baselines are its own.
func replay(ctx context.Context, file io.Reader, names []string) (*checkedFleet, evidence.Head, error) {
	r, err := evidence.NewReader(file)
	if err != nil {
		return nil, evidence.Head{}, usage(err, "")
	}
	defer r.Close()
	contents, err := r.Contents()
	if err != nil {
		return nil, evidence.Head{}, usage(err, "it must be what 'wardround evidence export' wrote")
	}
	baselines, err := exportedBaselines(contents, names)
	if err != nil {
		return nil, evidence.Head{}, err
	}
	known, problems := exportedCatalog(contents.Profiles)
	checked := &checkedFleet{at: contents.Now, fleet: judge.NewFleet(baselines), problems: problems}
	said := contents.Said()
	checked.fleet.Say(said)
	if len(contents.Items) > 0 {
		checked.expected = func(devices []checks.DeviceResult) int { return expectedOf(contents, devices) }
	}
	for {
		line, answers, err := r.Next()
		if errors.Is(err, io.EOF) {
			return checked, contents.Head, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, evidence.Head{}, usage(err, "it must be what 'wardround evidence export' wrote")
		}
		checked.add(judge.Judge(withStatements(line.Device(answers), said), known, baselines, contents.Now))
	}
}

// exportedBaselines reads those of an export, or others.
func exportedBaselines(c *evidence.Contents, names []string) ([]*checks.Baseline, error) {
	if len(names) > 0 {
		return loadBaselines(names)
	}
	var all []*checks.Baseline
	for _, exported := range c.Baselines {
		b, err := exportedBaseline(exported)
		if err != nil {
			return nil, usage(fmt.Errorf("baseline %.80q of the export: %w", exported.ID, err), "")
		}
		if b.Digest != exported.Digest {
			return nil, usage(fmt.Errorf("baseline %s of the export was judged by a wardround that reads it otherwise (%s)", b.ID, printable(c.Tool)),
				"replay it with that version, or name a baseline with --baseline")
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return nil, usage(errors.New("there is no baseline in the export"), "name one with --baseline")
	}
	return all, nil
}

func exportedBaseline(b evidence.Baseline) (*checks.Baseline, error) {
	if len(b.Texts) > 0 {
		return checks.Restore(b.Texts)
	}
	return checks.ParseBaseline(b.ID, b.YAML)
}

// expectedOf counts the devices that the inventory of an export wants by the
// time of the round, and those that it does not list.
func expectedOf(c *evidence.Contents, devices []checks.DeviceResult) int {
	n := 0
	listed := make(map[string]bool, len(c.Items))
	for _, i := range c.Items {
		listed[strings.ToUpper(i.Serial)] = true
		if !i.ExpectedBy.After(c.Now) {
			n++
		}
	}
	for _, d := range devices {
		if !listed[strings.ToUpper(d.Subject.Serial)] {
			n++
		}
	}
	return n
}

// exportedCatalog reads the profiles of an export.
func exportedCatalog(files []evidence.Profile) (*catalog.Catalog, []checks.Problem) {
	var known []*profiles.Profile
	var problems []checks.Problem
	for _, p := range files {
		profile, err := profiles.Parse(p.Name, p.Data)
		if err != nil {
			problems = append(problems, checks.Problem{Path: p.Name, Code: "unreadable", Message: err.Error()})
			continue
		}
		known = append(known, profile)
	}
	return catalog.New(known...), problems
}
