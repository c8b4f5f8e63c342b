package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newBaselineDiffCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two baselines",
		Long: `Compare two baselines: requirements that were added or removed, and every field of
those and of the parameters that changed.

Exit status: 0 whether they differ or not; 2 for a baseline that cannot be used.`,
		Example: `  wardround baseline diff phsa-facetime ours.yaml
  wardround baseline diff ours-2025.yaml ours.yaml --format json`,
		Args: cobra.ExactArgs(2),
		RunE: g.command(func(_ context.Context, args []string) error {
			return runBaselineDiff(args[0], args[1], format, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runBaselineDiff(from, to, format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	a, err := loadBaseline(from)
	if err != nil {
		return err
	}
	b, err := loadBaseline(to)
	if err != nil {
		return err
	}
	d, err := checks.Diff(a, b)
	if err != nil {
		return err
	}
	if format == "json" {
		return writeIndented(out, d)
	}
	_, err = io.WriteString(out, diffText(d))
	return err
}

func diffText(d checks.Difference) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s -> %s %s\n", d.From.ID, d.From.Version, d.To.ID, d.To.Version)
	if d.Same() {
		b.WriteString("no difference\n")
	}
	changes := func(what string, all []checks.FieldChange) {
		for _, c := range all {
			fmt.Fprintf(&b, "~ %s%s: %s -> %s\n", what, c.Field, briefly(c.From), briefly(c.To))
		}
	}
	changes("", d.Header)
	for _, p := range d.Params {
		switch p.Change {
		case "added":
			fmt.Fprintf(&b, "+ param %s = %s\n", p.Name, briefly(p.Changes[0].To))
		case "removed":
			fmt.Fprintf(&b, "- param %s = %s\n", p.Name, briefly(p.Changes[0].From))
		default:
			changes("param "+p.Name+" ", p.Changes)
		}
	}
	for _, r := range d.Removed {
		fmt.Fprintf(&b, "- %s (%s): %s\n", r.ID, r.Level, r.Title)
	}
	for _, r := range d.Added {
		fmt.Fprintf(&b, "+ %s (%s): %s\n", r.ID, r.Level, r.Title)
	}
	for _, r := range d.Changed {
		changes(r.ID+" ", r.Changes)
	}
	return b.String()
}

// briefly writes a value on part of a line.
func briefly(v any) string {
	const longest = 160
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	text := []rune(string(data))
	if len(text) > longest {
		text = append(text[:longest], '…')
	}
	return string(text)
}
