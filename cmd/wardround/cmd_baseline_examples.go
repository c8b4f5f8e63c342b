package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

// newBaselineTestCommand is in this file and not in one named after it, which
// would be a test file to Go.
func newBaselineTestCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR...]",
		Short: "Judge example facts and compare the verdicts with those expected",
		Long: `Judge the examples that a baseline ships with: facts of devices with the verdicts
that they must have. Of a folder every *.examples.yaml in it and below is read. Without an
argument the examples of the shipped baselines are. Requirements that a device
decides and that no example shows passing, failing or silent are named.

Exit status: 0 if every verdict is the one expected; 1 if one is not; 2 if a
file or a baseline cannot be used.`,
		Example: `  wardround baseline test
  wardround baseline test baselines/`,
		RunE: g.command(func(_ context.Context, args []string) error {
			return runBaselineTest(args, format, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// exampleSuffix is how files of examples end.
const exampleSuffix = ".examples.yaml"

func runBaselineTest(paths []string, format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	files, err := exampleFiles(paths)
	if err != nil {
		return err
	}
	t := exampleTally{results: []checks.ExampleResult{}, baselines: map[string]*checks.Baseline{}}
	for _, file := range files {
		results, err := checks.RunExamples(file, func(name string) (*checks.Baseline, error) { return t.baseline(file.Name, name) })
		if err != nil {
			return usage(fmt.Errorf("examples: %w", err), "")
		}
		t.results = append(t.results, results...)
	}
	if format == "json" {
		err = writeIndented(out, t.results)
	} else {
		err = t.write(out)
	}
	if err != nil {
		return err
	}
	if n := t.unmet(); n > 0 {
		return &statusError{code: exitFailures, why: fmt.Sprintf("%d of %d verdicts are not the ones expected", n, len(t.results))}
	}
	return nil
}

// exampleFiles reads the named files and those of the named folders.
func exampleFiles(paths []string) ([]checks.ExampleFile, error) {
	if len(paths) == 0 {
		return checks.BuiltinExamples(), nil
	}
	var files []checks.ExampleFile
	for _, path := range paths {
		names, err := exampleNames(path)
		if err != nil {
			return nil, usage(fmt.Errorf("examples: %w", err), "name a file of examples, or a folder with *"+exampleSuffix)
		}
		for _, name := range names {
			data, err := readFile(name, maxBaselineFile)
			if err != nil {
				return nil, usage(fmt.Errorf("examples: %w", err), "")
			}
			files = append(files, checks.ExampleFile{Name: name, Data: data})
		}
	}
	return files, nil
}

func exampleNames(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var names []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasSuffix(name, exampleSuffix) {
			names = append(names, name)
		}
		return err
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s holds no *%s", path, exampleSuffix)
	}
	return names, err
}

// An exampleTally is the verdicts of all examples, and the baselines they name.
type exampleTally struct {
	results   []checks.ExampleResult
	baselines map[string]*checks.Baseline // by id
}

// baseline finds one by its id, or by its file as seen from the examples.
func (t *exampleTally) baseline(from, name string) (*checks.Baseline, error) {
	if !slices.Contains(checks.BuiltinIDs(), name) {
		name = beside(from, name)
	}
	b, err := loadBaseline(name)
	if err == nil {
		t.baselines[b.ID] = b
	}
	return b, err
}

func (t *exampleTally) unmet() int {
	n := 0
	for _, r := range t.results {
		if !r.Met() {
			n++
		}
	}
	return n
}

func (t *exampleTally) write(out io.Writer) error {
	var b strings.Builder
	for _, r := range t.results {
		if !r.Met() {
			fmt.Fprintf(&b, "%s:%d: %s: %s, %s: got %s, want %s (%s)\n", r.File, r.Line, r.Baseline, r.Example, r.Requirement, r.Got, r.Want, r.Observed)
		}
	}
	t.writeGaps(&b)
	fmt.Fprintf(&b, "%d verdicts, %d as expected\n", len(t.results), len(t.results)-t.unmet())
	_, err := io.WriteString(out, b.String())
	return err
}

// writeGaps names what no example shows.
func (t *exampleTally) writeGaps(out io.Writer) {
	shown := map[string]bool{}
	for _, r := range t.results {
		result, _, _ := strings.Cut(r.Got, "/")
		shown[r.Baseline+" "+r.Requirement+" "+result] = true
		if r.Silent {
			shown[r.Baseline+" "+r.Requirement+" silence"] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.baselines)) {
		for _, r := range t.baselines[id].Requirements {
			if r.Kind != checks.Machine {
				continue
			}
			missing := slices.DeleteFunc([]string{"pass", "fail", "silence"}, func(what string) bool { return shown[id+" "+r.ID+" "+what] })
			if len(missing) > 0 {
				fmt.Fprintf(out, "%s: %s: no example of %s\n", id, r.ID, strings.Join(missing, ", "))
			}
		}
	}
}
