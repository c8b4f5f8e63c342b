package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/checks"
)

func newBaselineSchemaCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of baseline files, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of baseline files. An editor that is told of
it marks a misspelt key as it is typed; whether a fact exists only lint tells.

Exit status: 0.`,
		Example: "  wardround baseline schema > baseline.schema.json",
		Args:    cobra.NoArgs,
		RunE: g.command(func(context.Context, []string) error {
			return runBaselineSchema(g.out)
		}),
	}
}

func runBaselineSchema(out io.Writer) error {
	schema, err := checks.Schema()
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s\n", schema)
	return err
}
