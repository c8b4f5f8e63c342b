package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/remedy"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

func newProfileRemediateCommand(g *globals) *cobra.Command {
	var opts remediateOptions
	cmd := &cobra.Command{
		Use:   "remediate -o FILE",
		Short: "Write the profile that would turn failing verdicts",
		Long: `Judge the evidence kept in --dir, and write the configuration profile that would
turn what fails: for one device, for the devices that fail a baseline, or for the
whole fleet. What the profile will turn, what is left out and why, what only
hands can mend, what will be lost and in which order to go about it is printed.
wardround never sends the profile: that is for your MDM server.

Left out is what goes against a required row of a baseline that holds on the
devices: those of the last round, and those named by --assigned. The restriction
to known Wi-Fi networks is left out unless every device that the profile is for
has an installed Enterprise network that is proved.

Without --sign the profile is not signed, and the same evidence gives the same
bytes.

Exit status: 0 if the profile was written or nothing fails that a profile can
mend; 1 if all that could be mended was refused, so that nothing was written; 2
for wrong use.`,
		Example: `  wardround profile remediate --dir demo --baseline hipaa-no-facetime -o remedy.mobileconfig
  wardround profile remediate --device C02SIM000001 --sign signer.pem,signer.key -o remedy.mobileconfig`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			opts.catalog = g.config.catalogs(opts.catalog)
			return runRemediate(ctx, opts, g.config.Dir, time.Now(), g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type remediateOptions struct {
	device       string
	baselines    []string
	assigned     []string
	catalog      []string
	sign         []string
	output       string
	format       string
	requiredOnly bool
}

func (o *remediateOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.device, "device", "", "only this device (its id or serial number)")
	flags.StringSliceVar(&o.baselines, "baseline", nil, "turn the failures of this shipped baseline or file; may be repeated (default: those of the last round)")
	flags.StringSliceVar(&o.assigned, "assigned", nil, "another baseline that holds on the devices and must not suffer; may be repeated (default: those of the last round)")
	flags.StringSliceVar(&o.catalog, "catalog", nil, "folder or file of the .mobileconfig profiles you install; may be repeated (default: catalog in --dir)")
	flags.StringSliceVar(&o.sign, "sign", nil, "certificate and key (PEM files) to sign with, as CERT,KEY")
	flags.StringVarP(&o.output, "output", "o", "", "file to write the profile to; - for standard output, the words then go to standard error")
	flags.StringVar(&o.format, "format", "text", "text or json, of what is said about the profile")
	flags.BoolVar(&o.requiredOnly, "required-only", false, "leave recommended requirements out")
}

func runRemediate(ctx context.Context, opts remediateOptions, dir string, now time.Time, out, errs io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	if opts.output == "" {
		return usage(errors.New("no file is named for the profile"), "name it with -o FILE")
	}
	now = now.UTC()
	signer, err := readSigner(opts.sign, now)
	if err != nil {
		return err
	}
	kept, err := openKept(ctx, dir, opts.catalog, errs)
	if err != nil {
		return err
	}
	defer kept.Close()
	request, err := remedyRequest(ctx, opts, dir)
	if err != nil {
		return err
	}
	if request.Devices, err = remedyDevices(ctx, opts.device, kept, request, now); err != nil {
		return err
	}
	plan := remedy.Make(request, now)
	written, err := newRemedyRecord(plan, opts.output, signer)
	if err != nil {
		return err
	}
	words := out
	if opts.output == "-" {
		words = errs
		if _, err := out.Write(written.profile); err != nil {
			return err
		}
	} else if written.profile != nil {
		if err := writeWhole(opts.output, 0o600, func(w io.Writer) error {
			_, err := w.Write(written.profile)
			return err
		}); err != nil {
			return err
		}
	}
	if err := written.write(words, opts.format); err != nil {
		return err
	}
	if len(plan.Sets) == 0 && len(plan.Refused) > 0 {
		return &statusError{code: exitFailures, why: "nothing was written: all that a profile could mend was refused"}
	}
	return nil
}

// remedyRequest says which baselines are to be turned, and which hold beside
// them.
func remedyRequest(ctx context.Context, opts remediateOptions, dir string) (remedy.Request, error) {
	named, err := loadEach(slices.Concat(opts.baselines, opts.assigned))
	if err != nil {
		return remedy.Request{}, err
	}
	r := remedy.Request{RequiredOnly: opts.requiredOnly, Assigned: named}
	for _, id := range opts.baselines {
		b, err := loadBaseline(id)
		if err != nil {
			return r, err
		}
		r.Target = append(r.Target, b)
	}
	last, err := lastRound(ctx, dir)
	if err != nil {
		return r, err
	}
	for _, id := range last {
		if slices.ContainsFunc(r.Assigned, func(b *checks.Baseline) bool { return b.ID == id }) {
			continue
		}
		if !slices.Contains(checks.BuiltinIDs(), id) {
			return r, usage(fmt.Errorf("the last round judged baseline %s, which is not shipped", id), "name its file with --baseline or --assigned")
		}
		b, err := checks.Builtin(id)
		if err != nil {
			return r, fmt.Errorf("baseline %s: %w", id, err)
		}
		r.Assigned = append(r.Assigned, b)
	}
	switch {
	case len(r.Target) > 0:
	case len(last) == 0:
		return r, usage(errors.New("no round has been judged yet"), "name a baseline with --baseline")
	default:
		r.Target = slices.DeleteFunc(slices.Clone(r.Assigned), func(b *checks.Baseline) bool { return !slices.Contains(last, b.ID) })
	}
	r.Name = remedyName(opts, r.Target)
	return r, nil
}

// loadEach reads baselines by id or file name; one that is named twice counts
// once.
func loadEach(names []string) ([]*checks.Baseline, error) {
	var list []*checks.Baseline
	for _, name := range names {
		b, err := loadBaseline(name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(o *checks.Baseline) bool { return o.ID == b.ID }) {
			list = append(list, b)
		}
	}
	return list, nil
}

// lastRound lists the baselines of the last round; none if there was none.
func lastRound(ctx context.Context, dir string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dir, resultsFile)); err != nil {
		return nil, nil // a folder that only has evidence will do
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	judged, err := results.BaselineResults(ctx, time.Time{})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("results: %w", err)
	}
	ids := make([]string, 0, len(judged))
	for _, b := range judged {
		ids = append(ids, b.ID)
	}
	return ids, nil
}

// remedyName names the remedy by what it is for.
func remedyName(opts remediateOptions, target []*checks.Baseline) string {
	var parts []string
	for _, b := range target {
		if len(opts.baselines) > 0 || opts.device == "" {
			parts = append(parts, b.ID)
		}
	}
	if opts.device != "" {
		parts = append(parts, opts.device)
	}
	return strings.Join(parts, ".")
}

// proofBaseline has the requirement that proves an Enterprise network.
const proofBaseline = "wpa2-enterprise"

// remedyDevices judges the devices by all baselines at hand.
func remedyDevices(ctx context.Context, device string, kept *kept, r remedy.Request, now time.Time) ([]remedy.Device, error) {
	baselines := slices.Clone(r.Assigned)
	if !slices.ContainsFunc(baselines, func(b *checks.Baseline) bool { return b.ID == proofBaseline }) {
		proof, err := checks.Builtin(proofBaseline)
		if err != nil {
			return nil, fmt.Errorf("baseline %s: %w", proofBaseline, err)
		}
		baselines = append(baselines, proof)
	}
	var devices []remedy.Device
	err := sweep.EachDevice(ctx, kept.state, func(d judge.Device, _ []store.Seen) error {
		outcome := judge.Judge(d, kept.catalog, baselines, now)
		subject := outcome.Result.Subject
		if device == "" || d.ID == device || subject.Serial == device {
			devices = append(devices, remedy.Device{Subject: subject, Facts: outcome.Facts, Verdicts: outcome.Result.Verdicts})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("judge: %w", err)
	case len(devices) == 0 && device != "":
		return nil, usage(fmt.Errorf("no enrolled device has the id or serial number %q", device), "'wardround report --format json' lists the devices")
	case len(devices) == 0:
		return nil, usage(errors.New("no device is enrolled"), "")
	}
	return devices, nil
}
