package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDBCheckCommand(g *globals) *cobra.Command {
	var quick bool
	var format string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look whether the files are whole and agree",
		Long: `Look whether SQLite finds state.db and results.db whole and every reference has its
row, whether each has what wardround keeps true of it (one newest answer a question,
intervals that do not overlap, bodies that have their digests, statuses that follow
from their verdicts), and whether the results rest on no evidence that is not there.
Nothing is changed, and a sweep may run meanwhile.

Exit status: 0; 1 if something is wrong; 2 if there is nothing to check or it cannot be
read.`,
		Example: `  wardround db check --dir ward
  wardround db check --dir ward --quick --format json`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runDBCheck(ctx, g.config.Dir, quick, format, g.out)
		}),
	}
	cmd.Flags().BoolVar(&quick, "quick", false, "do not read the bodies of messages")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// A checkedFile is what was found of one file.
type checkedFile struct {
	Name     string   `json:"name"`
	Schema   int64    `json:"schema"`
	Newest   int64    `json:"newest_schema"`
	Bytes    int64    `json:"bytes"`
	Free     int64    `json:"free_bytes"`
	Evidence int64    `json:"evidence"` // the highest id: kept in state.db, judged in results.db
	Faults   []string `json:"faults"`
}

// A checkedFolder is what was found of a data folder.
type checkedFolder struct {
	Files  []checkedFile `json:"files"`
	Faults []string      `json:"faults"` // of the files with each other
}

func (f checkedFolder) faults() []string {
	all := f.Faults
	for _, file := range f.Files {
		for _, fault := range file.Faults {
			all = append(all, file.Name+": "+fault)
		}
	}
	return all
}

// checkFolder checks what a folder has of the two files. The results first: the
// evidence may grow meanwhile, and must not have been less.
func checkFolder(ctx context.Context, dir string, bodies bool) (checkedFolder, error) {
	var found checkedFolder
	highest := make(map[string]int64)
	for _, file := range []struct {
		name  string
		check func(path string) (sqlite.Checked, error)
	}{
		{resultsFile, func(path string) (sqlite.Checked, error) { return sqlite.CheckResults(ctx, path) }},
		{stateFile, func(path string) (sqlite.Checked, error) { return sqlite.CheckState(ctx, path, bodies) }},
	} {
		path := filepath.Join(dir, file.name)
		if !isThere(path) {
			continue
		}
		c, err := file.check(path)
		if err != nil {
			return found, err
		}
		if c.Schema == c.Newest {
			highest[file.name] = c.Evidence
		}
		found.Files = append(found.Files, checkedFile{file.name, c.Schema, c.Newest, c.Bytes, c.Free, c.Evidence, append([]string{}, c.Faults...)})
	}
	cursor, judged := highest[resultsFile]
	last, kept := highest[stateFile]
	found.Faults = []string{}
	if judged && kept && cursor > last {
		found.Faults = append(found.Faults, fmt.Sprintf("results were judged up to evidence %d, and the last that is kept is %d", cursor, last))
	}
	return found, nil
}

func runDBCheck(ctx context.Context, dir string, quick bool, format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	if err := wantData(dir); err != nil {
		return err
	}
	found, err := checkFolder(ctx, dir, !quick)
	if err != nil {
		return usage(err, "")
	}
	if format == "json" {
		err = writeIndented(out, found)
	} else {
		writeChecked(out, found)
	}
	if err == nil && len(found.faults()) > 0 {
		err = &statusError{code: exitFailures}
	}
	return err
}

func writeChecked(out io.Writer, found checkedFolder) {
	for _, f := range found.Files {
		fmt.Fprintf(out, "%s: schema %d, %s, of which %s free\n", f.Name, f.Schema, amount(f.Bytes), amount(f.Free))
		if f.Schema != f.Newest {
			fmt.Fprintf(out, "  of an older version: SQLite finds it as said below, more is known after 'wardround db migrate'\n")
		}
	}
	faults := found.faults()
	for _, fault := range faults {
		fmt.Fprintf(out, "  %s\n", printable(fault))
	}
	if len(faults) == 0 {
		fmt.Fprintln(out, "nothing is wrong")
	}
}
