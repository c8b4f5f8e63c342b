package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
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
	}
	return nil
}

// maxContradictions bounds what is listed of one attestation.
const maxContradictions = 20

// contradictions are the devices that said otherwise in the last round, with
// what they said, by attestation.
func contradictions(ctx context.Context, dir string, now time.Time) (map[string][]string, error) {
	void := make(map[string][]string)
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
			if v.Attestation == nil || v.Attestation.State != checks.Void {
				continue
			}
			name := d.Subject.Serial
			if name == "" {
				name = d.Subject.ID
			}
			if id := v.Attestation.ID; len(void[id]) < maxContradictions {
				void[id] = append(void[id], fmt.Sprintf("%s: %s", name, v.Observed))
			}
		}
		return nil
	})
	return void, err
}
