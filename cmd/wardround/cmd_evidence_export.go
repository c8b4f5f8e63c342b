package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newEvidenceExportCommand(g *globals) *cobra.Command {
	var opts exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what the last round's verdicts rest on to one file",
		Long: `Write all that the verdicts of the last round rest on to one file: the answers of
devices as they are kept, when each was first and last received by then, what was
asked and not answered, inventory, baselines, profiles of the catalog, what the server
has to keep valid, and the last entry of the chain. 'wardround evidence replay' judges
it on any machine, to the same verdicts byte for byte; each device is judged while it
is written, and one whose verdicts come out otherwise is named.

With --since answers that were superseded by the time of the round, and last received
since then, are in it too, marked as past. With --redacted device ids, serial numbers,
asset tags and the organisations of profiles are replaced by pseudonyms, in the answers
too; the same ones each time, by a secret of this folder. Sites, wards and roles stay,
and so do names that somebody put where no name belongs.

Exit status: 0; 2 for wrong use or if nothing was judged; 3 if verdicts come out
otherwise.`,
		Example: `  wardround evidence export --dir ward -o ward.evidence
  wardround evidence export --dir ward --group "ward 7" --redacted -o ward7.evidence
  wardround evidence export --dir ward --device DMPX0001 --since 2026-11-01 -o one.evidence`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			opts.catalog = g.config.catalogs(opts.catalog)
			return runEvidenceExport(ctx, opts, g.config.Dir, time.Now(), g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type exportOptions struct {
	device, group string
	since         string
	redacted      bool
	output        string
	baselines     []string
	catalog       []string
}

func (o *exportOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.device, "device", "", "only this device: id, serial number or asset tag")
	flags.StringVar(&o.group, "group", "", "only devices of this group")
	flags.StringVar(&o.since, "since", "", "superseded answers last received since then too: a day, or a time in RFC 3339")
	flags.BoolVar(&o.redacted, "redacted", false, "put pseudonyms in the place of ids, serial numbers, asset tags and organisations")
	flags.StringVarP(&o.output, "output", "o", "", "file to write, as a whole or not at all")
	flags.StringSliceVar(&o.baselines, "baseline", nil, "file of a baseline that was judged, if its text was not kept; may be repeated")
	flags.StringSliceVar(&o.catalog, "catalog", nil, "folder or file of profiles (default: those of --dir)")
}

func runEvidenceExport(ctx context.Context, opts exportOptions, dir string, now time.Time, errs io.Writer) error {
	if opts.output == "" {
		return usage(errors.New("no file to write is named"), "name it with -o")
	}
	var since time.Time
	if opts.since != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, opts.since); err != nil {
			if since, err = time.ParseInLocation(time.DateOnly, opts.since, time.Local); err != nil {
				return usage(fmt.Errorf("--since %q: neither a day nor a time", opts.since), "write it as 2026-11-20 or 2026-11-20T14:00:00-08:00")
			}
		}
	}
	x, err := openExporter(ctx, opts, dir, since, now, errs)
	if err != nil {
		return err
	}
	defer x.Close()
	if err := writeWhole(opts.output, 0o600, func(w io.Writer) error { return x.write(ctx, w) }); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	fmt.Fprintf(errs, "%s in %s, judged for %s: verdicts of %d come out the same\n",
		counted(x.devices, "device"), opts.output, stamp(x.head.Now), x.devices-x.otherwise)
	if x.otherwise > 0 {
		return &statusError{code: exitNotKnown, why: fmt.Sprintf(
			"of %s verdicts come out otherwise than they were recorded: what they rested on has changed since; make a round and export anew", counted(x.otherwise, "device"))}
	}
	return nil
}
