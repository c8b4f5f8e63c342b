package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newAttestListCommand(g *globals) *cobra.Command {
	var all bool
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the attestations with their states",
		Long: `List the attestations: in-force, expired, void or revoked. One is void for a device that
said otherwise in the last round, and the list says what; for others that it is for it
stays in force.

Exit status: 0; 2 if there is no state.db in --dir.`,
		Example: `  wardround attest list --dir ward
  wardround attest list --all --format json --dir ward`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runAttestList(ctx, all, format, g.config.Dir, time.Now(), g.out)
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "revoked ones too")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runAttestList(ctx context.Context, all bool, format, dir string, now time.Time, out io.Writer) (err error) {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	given, err := state.Attestations(ctx)
	if err != nil {
		return err
	}
	void, err := contradictions(ctx, dir, now)
	if err != nil {
		return err
	}
	records := []attestationRecord{}
	for _, a := range given {
		if all || a.Revoked.IsZero() {
			records = append(records, newAttestationRecord(a, void[a.ID], now))
		}
	}
	if format == "json" {
		return writeIndented(out, records)
	}
	if len(records) == 0 {
		fmt.Fprintln(out, "no attestations")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ATTESTATION\tSTATE\tUNTIL\tREQUIREMENT\tFOR\tBY\tSTATEMENT")
	for _, r := range records {
		about := strings.TrimPrefix(r.Baseline+"/"+r.Requirement, "/")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.State, r.Until, about,
			reachWords(checks.Reach{Devices: r.Devices, Groups: r.Groups, Organisation: r.Organisation}), printable(r.who()), printable(r.Statement))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range records {
		for _, v := range r.Void {
			fmt.Fprintf(out, "%s is void for %s\n", r.ID, printable(v))
		}
		if rest := r.VoidDevices - len(r.Void); rest > 0 {
			fmt.Fprintf(out, "%s is void for %d more\n", r.ID, rest)
		}
	}
	return nil
}

// maxContradictions bounds how many devices are listed of one attestation.
const maxContradictions = 20

// A contradiction is what devices say against one attestation.
type contradiction struct {
	names   map[string]bool // ids and serial numbers of the devices, in upper case
	devices int
	said    []string // of the first of them, a line each
}

// add takes a device, which says the same of each baseline.
func (c *contradiction) add(s checks.Subject, observed string) {
	if c.names == nil {
		c.names = make(map[string]bool)
	}
	if c.names[strings.ToUpper(s.ID)] {
		return
	}
	c.names[strings.ToUpper(s.ID)], c.names[strings.ToUpper(s.Serial)] = true, true
	if c.devices++; len(c.said) < maxContradictions {
		c.said = append(c.said, fmt.Sprintf("%s: %s", cmp.Or(s.Serial, s.ID), observed))
	}
}

// all reports whether each device that a statement is for says otherwise. Of
// groups and the organisation that is never so: others may join.
func (c *contradiction) all(r checks.Reach) bool {
	return len(r.Devices) > 0 && !r.Organisation && len(r.Groups) == 0 &&
		!slices.ContainsFunc(r.Devices, func(name string) bool { return !c.names[strings.ToUpper(name)] })
}

// contradictions are the devices that said otherwise in the last round, by
// attestation.
func contradictions(ctx context.Context, dir string, now time.Time) (map[string]contradiction, error) {
	void := make(map[string]contradiction)
	if !isThere(filepath.Join(dir, resultsFile)) {
		return void, nil
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	if said, err := results.Said(ctx, now); err != nil || len(said.Attestations) == 0 {
		return void, err
	}
	err = results.EachDevice(ctx, now, func(d checks.DeviceResult) error {
		for _, v := range d.Verdicts {
			if v.Attestation != nil && v.Attestation.State == checks.Void {
				c := void[v.Attestation.ID]
				c.add(d.Subject, v.Observed)
				void[v.Attestation.ID] = c
			}
		}
		return nil
	})
	return void, err
}
