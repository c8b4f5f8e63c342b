package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/mscp"
)

// maxValuesFile is the largest file of organisation-defined values, in bytes.
const maxValuesFile = 1 << 20

func newBaselineImportCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Turn the rules of another project into a baseline",
		Long: `Turn the rules of another project into a baseline that check and sweep judge by.

Exit status: that of the command below it.`,
		Example: "  wardround baseline import mscp --repo macos_security --os ios --version 26.0 --baseline cis_lvl2_enterprise -o cis.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g.started = true
			return cmd.Help()
		},
	}
	cmd.AddCommand(newBaselineImportMSCPCommand(g))
	return cmd
}

type importMSCPOptions struct {
	mscp.Options
	values string
	output string
}

func (o *importMSCPOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Repo, "repo", "", "folder of a checkout of usnistgov/macos_security")
	flags.StringVar(&o.OS, "os", "", "platform: "+strings.Join(mscp.Platforms(), ", "))
	flags.StringVar(&o.Version, "version", "", "OS version as the rules name it, such as 26.0")
	flags.StringVar(&o.Baseline, "baseline", "", "the source's baseline, such as cis_lvl2_enterprise")
	flags.StringVar(&o.values, "odv", "", "YAML file of your own values, RULE: VALUE a line")
	flags.BoolVar(&o.Fix, "fix-known-errors", false, "put known errors of the source right instead of only naming them")
	flags.StringVarP(&o.output, "output", "o", "", "file to write the baseline to")
}

func newBaselineImportMSCPCommand(g *globals) *cobra.Command {
	var opts importMSCPOptions
	cmd := &cobra.Command{
		Use:   "mscp",
		Short: "Import a baseline of NIST's macOS Security Compliance Project",
		Long: `Read a checkout of usnistgov/macos_security, of a branch of one OS or of 2.x, and
write one of its baselines (CIS, DISA STIG, 800-53 and others) as a baseline of
wardround. The checkout is not changed and nothing is fetched. No rule is
dropped: what nothing on the device shows is notchecked, with the reason.

Exit status: 0 when the baseline is written; 2 if the checkout, a value or a
flag cannot be used: then nothing is written.`,
		Example: "  wardround baseline import mscp --repo macos_security --os ios --version 26.0 --baseline cis_lvl2_enterprise -o cis.yaml",
		Args:    cobra.NoArgs,
		RunE: g.command(func(_ context.Context, _ []string) error {
			return runBaselineImportMSCP(opts, g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

func runBaselineImportMSCP(opts importMSCPOptions, out, errOut io.Writer) error {
	for _, want := range []struct{ flag, value string }{
		{"--repo", opts.Repo}, {"--os", opts.OS}, {"--version", opts.Version}, {"--baseline", opts.Baseline}, {"--output", opts.output},
	} {
		if want.value == "" {
			return usage(fmt.Errorf("%s is missing", want.flag), "'wardround baseline import mscp --help' shows an example")
		}
	}
	if opts.values != "" {
		data, err := readFile(opts.values, maxValuesFile)
		switch {
		case err != nil:
			return usage(fmt.Errorf("organisation-defined values: %w", err), "")
		case len(data) == 0:
			return usage(errors.New("organisation-defined values: "+opts.values+" is empty"), "write RULE: VALUE lines into it")
		}
		opts.Values, opts.ValuesFile = data, opts.values
	}
	result, err := mscp.Import(opts.Options)
	if err != nil {
		return usage(fmt.Errorf("import mscp: %w", err), "")
	}
	err = writeWhole(opts.output, 0o644, func(w io.Writer) error {
		_, err := w.Write(result.Data)
		return err
	})
	if err != nil {
		return fmt.Errorf("import mscp: %w", err)
	}
	for _, w := range result.Warnings {
		fmt.Fprintln(errOut, "warning:", w)
	}
	return writeImported(out, opts.output, result)
}

// writeImported says how the rules are judged.
func writeImported(out io.Writer, file string, r *mscp.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %d rules, %d requirements\n", file, r.ID, r.Rules, r.Written)
	for _, way := range mscp.Ways() {
		label := "judged by " + string(way)
		switch way {
		case mscp.NotAtAll:
			label = "judged " + string(way)
		case mscp.ByDeclaration:
			label = "set by declaration only, whose status is not asked for"
		}
		fmt.Fprintf(&b, "%5d  %s\n", r.Ways[way], label)
	}
	fmt.Fprintln(&b, "Not judged, by reason:")
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		fmt.Fprintf(&b, "%5d  %s: %s\n", r.Reasons[reason], reason, checks.Explain(reason).Sentence)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
