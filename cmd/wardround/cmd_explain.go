package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
)

func newExplainCommand(g *globals) *cobra.Command {
	var opts explainOptions
	cmd := &cobra.Command{
		Use:   "explain DEVICE [REQUIREMENT]",
		Short: "Say why a device has its verdicts, and from which bytes",
		Long: `Say what is known of a device (its id, serial number or asset tag) and, for each
verdict or the one named: the clause, what was wanted and seen, the evidence by its
digest, and what would change it; then what it was asked and has not answered. With
--bytes the kept bytes of that evidence follow.

Exit status: 0; 2 if there is no such device, requirement or results.`,
		Example: `  wardround explain C02SIM000001 --dir demo
  wardround explain C02SIM000001 os_facetime_disable --bytes --dir demo`,
		Args: cobra.RangeArgs(1, 2),
		RunE: g.command(func(ctx context.Context, args []string) error {
			opts.device = args[0]
			if len(args) > 1 {
				opts.requirement = args[1]
			}
			zone, err := g.config.zone()
			if err != nil {
				return err
			}
			return runExplain(ctx, opts, g.config.Dir, zone, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type explainOptions struct {
	device, requirement string
	from                string
	baseline            string
	format              string
	bytes               bool
}

func (o *explainOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.from, "from", "", "read this saved JSON report instead of results.db")
	flags.StringVar(&o.baseline, "baseline", "", "only this baseline")
	flags.StringVar(&o.format, "format", "text", "text or json")
	flags.BoolVar(&o.bytes, "bytes", false, "print the kept bytes of the evidence too (from state.db)")
}

func runExplain(ctx context.Context, opts explainOptions, dir string, zone *time.Location, now time.Time, out io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	owed, err := owedBy(ctx, &opts, dir, now)
	if err != nil {
		return err
	}
	doc, err := reportDocument(ctx, opts, dir, now)
	if err != nil {
		return err
	}
	device, err := findDevice(doc, opts.device)
	if err != nil {
		return err
	}
	device.Verdicts = slices.DeleteFunc(slices.Clone(device.Verdicts), func(v report.Verdict) bool {
		return (opts.requirement != "" && v.Requirement != opts.requirement) || (opts.baseline != "" && v.Baseline != opts.baseline)
	})
	if len(device.Verdicts) == 0 {
		return usage(fmt.Errorf("device %s has no verdict for %s", opts.device, orUnknown(opts.requirement)), "'wardround explain "+opts.device+"' lists those it has")
	}
	if opts.format == "json" {
		doc.Devices = []report.Device{device}
		err = report.WriteJSON(out, doc)
	} else {
		text := textOptions(out)
		text.Zone = zone
		err = report.WriteExplain(out, report.Explanation{AsOf: doc.AsOf, Device: device, Clause: clauseOf}, text)
		if err == nil {
			err = writeOwed(out, owed)
		}
	}
	if err != nil || !opts.bytes {
		return err
	}
	return writeBytes(ctx, filepath.Join(dir, stateFile), device, out)
}

// owedBy lists what the device owes, and names it by its id where it was named by
// its asset tag. A saved report knows neither, and results.db may stand alone.
func owedBy(ctx context.Context, opts *explainOptions, dir string, now time.Time) ([]commandRecord, error) {
	if _, err := os.Stat(filepath.Join(dir, stateFile)); err != nil || opts.from != "" {
		return nil, nil // there is no ledger to ask
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	records, err := listDevices(ctx, state, now)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	record, err := findRecord(records, opts.device)
	if err != nil || record.ID == "" {
		return nil, nil // the results may know it all the same
	}
	opts.device = record.ID
	commands, err := sweepCommands(ctx, state, 0)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return slices.DeleteFunc(commands, func(c commandRecord) bool { return c.Enrollment != record.ID }), nil
}

// reportDocument reads a saved report, or builds one of the device from
// results.db.
func reportDocument(ctx context.Context, opts explainOptions, dir string, now time.Time) (*report.Document, error) {
	if opts.from != "" {
		return readReport(opts.from)
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	doc, err := report.Build(ctx, results, now, func(d report.Device) bool { return d.Is(opts.device) })
	if errors.Is(err, store.ErrNotFound) {
		return nil, usage(errors.New("no round has been judged yet"), "")
	}
	return doc, err
}

func findDevice(doc *report.Document, name string) (report.Device, error) {
	found := doc.Find(name)
	switch len(found) {
	case 0:
		return report.Device{}, usage(fmt.Errorf("no device has the id, serial number or asset tag %q", name), "'wardround report --format json' lists the devices")
	case 1:
		return found[0], nil
	}
	return report.Device{}, usage(fmt.Errorf("%d devices are called %q", len(found), name), "name the device by its id")
}

// clauseOf looks a shipped requirement's clause up.
func clauseOf(baseline, requirement string) report.Clause {
	b, err := checks.Builtin(baseline)
	if err != nil {
		return report.Clause{}
	}
	for _, r := range b.Requirements {
		if r.ID != requirement {
			continue
		}
		c := report.Clause{Title: r.Title, Number: r.Source.Clause, Authority: r.Source.Authority}
		if r.Source.Jurisdiction != "" {
			c.Authority += ", " + r.Source.Jurisdiction
		}
		for _, s := range checks.Sources() {
			if s.Key == r.Source.Key {
				c.Source, c.Text = s.Title, s.Clauses[r.Source.Clause]
			}
		}
		return c
	}
	return report.Clause{}
}

// writeBytes prints the kept bytes that the device's verdicts rest on, each once.
func writeBytes(ctx context.Context, path string, d report.Device, out io.Writer) error {
	if _, err := os.Stat(path); err != nil {
		return usage(fmt.Errorf("no evidence: %w", err), "--bytes wants the folder of state.db: name it with --dir")
	}
	state, err := sqlite.OpenState(ctx, path)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer state.Close()
	printed := make(map[string]bool)
	for _, v := range d.Verdicts {
		for _, ref := range v.Evidence {
			sum, ok := digestOf(ref.SHA256)
			if !ok || printed[ref.SHA256] {
				continue
			}
			printed[ref.SHA256] = true
			e, err := state.EvidenceByDigest(ctx, sum)
			if errors.Is(err, store.ErrNotFound) {
				fmt.Fprintf(out, "\n-- %s %s: no longer kept\n", ref.Query, ref.SHA256)
				continue
			}
			if err != nil {
				return fmt.Errorf("evidence %s: %w", ref.SHA256, err)
			}
			fmt.Fprintf(out, "\n-- %s, SHA-256 %s, collected %s\n%s\n", ref.Query, ref.SHA256, ref.CollectedAt, forTerminal(out, e.Body))
		}
	}
	return nil
}

func digestOf(text string) (mdm.Digest, bool) {
	var sum mdm.Digest
	if len(text) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(text))
	return sum, err == nil
}
