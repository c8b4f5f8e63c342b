package main

import (
	"context"
	_ "embed" // the file that init writes
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

// configTemplate has every key with its comment and its default, each behind a
// #. It is made from Config; see config.go.
//
//go:embed config.template.yaml
var configTemplate []byte

func newConfigInitCommand(g *globals) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a file with every setting, explained",
		Long: `Write a YAML file that explains every setting and has its default, commented out:
take the # from what you want to change. Without -o it goes to standard output. A
file that is there is not written over.

Exit status: 0, or 2 if the file is there already or cannot be written.`,
		Example: `  wardround config init -o /etc/wardround/wardround.yaml`,
		Args:    cobra.NoArgs,
		RunE: g.command(func(context.Context, []string) error {
			return runConfigInit(output, g.out, g.err)
		}),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write this file (default: standard output)")
	return cmd
}

func runConfigInit(output string, out, errs io.Writer) error {
	if output == "" {
		_, err := out.Write(configTemplate)
		return err
	}
	f, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return usage(fmt.Errorf("%s is there already", output), "name another file with -o, or remove it first")
	}
	if err != nil {
		return usage(fmt.Errorf("write settings: %w", err), "")
	}
	_, err = f.Write(configTemplate)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	fmt.Fprintf(errs, "written to %s; every setting in it is commented out\n", output)
	return nil
}
