package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/internal/lost"
)

func newLostCommand(g *globals) *cobra.Command {
	var opts lostOptions
	cmd := &cobra.Command{
		Use:   "lost TAG|SERIAL|ID",
		Short: "Write the page about a device that was lost",
		Long: `Write one page about a device that was lost, named by its asset tag, serial number
or enrollment id: which device it is; when it was last heard of before the loss and
first after it; what it answered to locking, Lost Mode and erasing by others; passcode,
encryption, iCloud Backup, FaceTime and signs of an account, as of the loss; the
certificates to revoke and the Wi-Fi passwords to change; the clinical apps of the
configuration (clinical-apps); what is not known, and why; and what to consider next,
as questions without an opinion.

What was answered after the loss stands apart and never counts for it.

--since is when the device was lost: a day and time in --zone (of this machine if it
is left out), or RFC 3339 with an offset of its own. A day alone is its beginning.

Exit status: 0; 2 if there is no such device, the name fits several, or a time or zone
cannot be read.`,
		Example: `  wardround lost TAG-117 --since "2026-11-20 14:00" --zone America/Vancouver
  wardround lost DMPX0001 --since 2026-11-20T22:00:00Z --format html -o lost.html`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runLost(ctx, args[0], opts, g.config, time.Now(), g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type lostOptions struct {
	since, zone, format, output string
	catalog                     []string
}

func (o *lostOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.since, "since", "", `when it was lost, as "2026-11-20 14:00" (required)`)
	flags.StringVar(&o.zone, "zone", "", "time zone of --since and of the page, as America/Vancouver (default: this machine's)")
	flags.StringVar(&o.format, "format", "text", "text, html or json")
	flags.StringVarP(&o.output, "output", "o", "", "write to this file instead of standard output")
	flags.StringArrayVar(&o.catalog, "catalog", nil, "folder or file of profiles you install; may be repeated (default: that of the configuration, else of --dir)")
}

func runLost(ctx context.Context, name string, opts lostOptions, cfg Config, now time.Time, out, errs io.Writer) error {
	if err := formatFlag(opts.format, "text", "html", "json"); err != nil {
		return err
	}
	zone, err := zoneNamed(opts.zone)
	if err != nil {
		return err
	}
	at, notes, err := momentIn(opts.since, zone)
	if err != nil {
		return err
	}
	known, err := openKept(ctx, cfg.Dir, cfg.catalogs(opts.catalog), errs)
	if err != nil {
		return err
	}
	defer known.Close()
	subject, err := findLost(ctx, known.state, name)
	if err != nil {
		return err
	}
	timeline, err := gatherLost(ctx, known.state, subject.ID, at)
	if err != nil {
		return fmt.Errorf("lost: %w", err)
	}
	page := lost.Build(lost.Input{
		Tool: toolVersion(), Now: now, Lost: at, Zone: zone, Device: subject,
		Timeline: timeline, Catalog: known.catalog, Apps: cfg.ClinicalApps, Notes: notes,
	})
	return writeLost(page, opts, out)
}

// writeLost writes the page to standard output, or to a file as a whole or not
// at all. It names a device and its networks, so others may not read it.
func writeLost(page *lost.Page, opts lostOptions, out io.Writer) error {
	write := func(w io.Writer) error {
		switch opts.format {
		case "html":
			return lost.WriteHTML(w, page)
		case "json":
			return lost.WriteJSON(w, page)
		}
		return lost.WriteText(w, page, lost.TextOptions{Width: textOptions(w).Width})
	}
	if opts.output == "" {
		return write(out)
	}
	return writeWhole(opts.output, 0o600, write)
}
