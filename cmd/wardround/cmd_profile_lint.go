package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/profiles"
)

func newProfileLintCommand(g *globals) *cobra.Command {
	var opts profileReadOptions
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Find out what is wrong with profiles, and what they switch off",
		Long: `Read the named profiles, and all files in the named folders, and say of each
whether it can be read, what it switches off, how good its Wi-Fi networks are,
and what is wrong with it: keys that do nothing, trust anchors that are not
there, template text that was left in, payloads that disagree.

As JSON it is one array with an object for each file. A file that cannot be read
is named with the reason, and the others go on.

Exit status: 1 if a file cannot be read or has a problem of severity error; else
0; 2 for wrong use, such as a path that is not there.`,
		Example: `  wardround profile lint profiles/
  wardround profile lint --format json clinic.mobileconfig`,
		Args: cobra.MinimumNArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runProfileLint(ctx, opts, args, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

// profileReadOptions are those of the commands that read profile files.
type profileReadOptions struct {
	format string
	roots  string
}

func (o *profileReadOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.format, "format", "text", "text or json")
	addRootsFlag(flags, &o.roots)
}

func runProfileLint(ctx context.Context, opts profileReadOptions, paths []string, now time.Time, out io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	reader, err := newProfileReader(opts.roots, now)
	if err != nil {
		return err
	}
	var tally lintTally
	text, array := lintText{out: out}, jsonArray{out: out}
	err = eachProfile(ctx, paths, reader.read, func(f profileFile) error {
		record := recordOf(f)
		tally.add(record)
		if opts.format == "json" {
			return array.write(record)
		}
		return text.write(record)
	})
	if err == nil && opts.format == "json" {
		err = array.end()
	} else if err == nil {
		err = text.end(tally)
	}
	if err != nil {
		return err
	}
	if tally.wrong > 0 {
		return &statusError{code: exitFailures}
	}
	return nil
}

// A lintTally counts files and problems.
type lintTally struct {
	files, wrong, unreadable, errors, warnings int
}

func (t *lintTally) add(r profileRecord) {
	t.files++
	if r.wrong() {
		t.wrong++
	}
	if !r.Readable {
		t.unreadable++
	}
	t.errors += r.count(profiles.SeverityError)
	t.warnings += r.count(profiles.SeverityWarning)
}

// A jsonArray writes records as the elements of an array, one a line, so that
// none of them need be held.
type jsonArray struct {
	out     io.Writer
	started bool
}

func (a *jsonArray) write(record any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(record); err != nil {
		return err
	}
	separator := "[\n"
	if a.started {
		separator = ",\n"
	}
	a.started = true
	_, err := fmt.Fprint(a.out, separator, string(bytes.TrimRight(line.Bytes(), "\n")))
	return err
}

func (a *jsonArray) end() error {
	last := "\n]\n"
	if !a.started {
		last = "[]\n"
	}
	_, err := io.WriteString(a.out, last)
	return err
}

// lintText writes records for a person: a line a file, and below it what is
// wrong.
type lintText struct{ out io.Writer }

func (l lintText) write(r profileRecord) error {
	var b bytes.Buffer
	switch {
	case !r.Readable:
		fmt.Fprintf(&b, "%s: unreadable: %s\n", r.Path, r.Reason)
	case r.count(profiles.SeverityError) > 0:
		fmt.Fprintf(&b, "%s: %d errors\n", r.Path, r.count(profiles.SeverityError))
	default:
		fmt.Fprintf(&b, "%s: ok\n", r.Path)
	}
	writeProblems(&b, r.Problems)
	for _, w := range r.WiFi {
		fmt.Fprintf(&b, "  Wi-Fi %q is %s: %s\n", w.SSID, w.Rating, w.Why)
	}
	_, err := io.WriteString(l.out, printable(b.String()))
	return err
}

func writeProblems(out io.Writer, problems []problemRecord) {
	for _, p := range problems {
		at := ""
		if p.Path != "" {
			at = p.Path + ": "
		}
		fmt.Fprintf(out, "  %s: %s%s (%s)\n", p.Severity, at, p.Message, p.Code)
	}
}

func (l lintText) end(t lintTally) error {
	_, err := fmt.Fprintf(l.out, "%d files: %d unreadable, %d errors, %d warnings\n", t.files, t.unreadable, t.errors, t.warnings)
	return err
}
