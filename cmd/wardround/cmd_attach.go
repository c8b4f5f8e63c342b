package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/mdm/webhook"
)

func newAttachCommand(g *globals) *cobra.Command {
	var opts attachOptions
	cmd := &cobra.Command{
		Use:   "attach URL",
		Short: "Try whether wardround can work beside an MDM server, before it does",
		Long: `Ask the MDM server at URL, NanoMDM, NanoHUB or MicroMDM, for its version, whether it
takes the API key and, with --topic, how long its push certificate lasts. With --device
one enrolled device is asked what a round would ask it, in a folder that is thrown away
afterwards: that shows whether its answers come by the webhook, which of the questions
it refuses and which right of its enrollment profile that is about, and what it would
be found to be. Nothing is changed on it. For that the server has to be started as
below already, and no 'wardround serve' may listen on the same address. What other
devices say in that time is not taken: the server is answered 503, and nobody gets it.

Then it says what the server has to be started with, and what the configuration of
wardround would be. That is written after a y on a terminal, or with --yes, never over
a file that is there and not while the server itself is not as it should be; and with
it a new key for the webhook, unless --hmac-key-file names one. See docs/attached.md.

Exit status: 0 if all went well; 1 if the server or the device did not do as it
should; 2 for wrong use; 3 if it could not be tried.`,
		Example: `  wardround attach https://mdm.clinic.example --key-file api.key --yes
  wardround attach http://127.0.0.1:9000 --key-file api.key --hmac-key-file webhook-hmac.key --device 00008120-000A1B2C3D4E5F60
  wardround attach https://mdm.clinic.example --key-file api.key --dialect micromdm --format json`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			opts.url, opts.ask = args[0], asker(g.in, g.out)
			return runAttach(ctx, opts, g.config, g.logger, g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type attachOptions struct {
	url                  string
	keyFile, hmacKeyFile string
	dialect, user, topic string
	device               string
	baselines            []string
	webhook              string
	wait                 time.Duration
	output               string
	yes                  bool
	format               string
	ask                  func(question string) (bool, error) // nil: there is nobody to ask
}

func (o *attachOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.keyFile, "key-file", "", "file with the key of the server's API")
	flags.StringVar(&o.hmacKeyFile, "hmac-key-file", "", "file with the key that its webhook is signed with (default: a new one)")
	flags.StringVar(&o.dialect, "dialect", string(webhook.NanoMDM), "nanomdm, nanohub or micromdm")
	flags.StringVar(&o.user, "user", "", "name at its API (default: the one the dialect has)")
	flags.StringVar(&o.topic, "topic", "", "APNs topic, to ask for its push certificate's days")
	flags.StringVar(&o.device, "device", "", "enrollment id of a device to ask")
	flags.StringSliceVar(&o.baselines, "baseline", []string{defaultBaseline}, "shipped baseline or file to judge the device by; may be repeated")
	flags.Bool("app-management", false, "the enrollments grant the right to manage apps (4096): ask what needs it")
	flags.String("mdm-listen", defaultMDMListen, "address on which the webhook reaches wardround")
	flags.StringVar(&o.webhook, "webhook-url", "", "that address as the MDM server sees it (default: http://, it and /webhook)")
	flags.DurationVar(&o.wait, "wait", 2*time.Minute, "how long to wait for the device's answers")
	flags.StringVarP(&o.output, "output", "o", "wardround.yaml", "configuration to write")
	flags.BoolVar(&o.yes, "yes", false, "write it without asking")
	flags.StringVar(&o.format, "format", "text", "text or json")
}

// signs reports whether the server signs its webhook. NanoHUB has no flag for it
// as far as is known, and is believed if a key is named.
func (o *attachOptions) signs() bool {
	return webhook.Server(o.dialect) == webhook.NanoMDM || o.hmacKeyFile != ""
}

func (o *attachOptions) check() error {
	const hmacHint = "NanoMDM has it from its flag -webhook-hmac-key; 'wardround attach' without --device writes a new one with --yes"
	switch {
	case o.keyFile == "":
		return usage(errors.New("--key-file is missing: the file with the key of the server's API"), "NanoMDM has it from its flag -api")
	case o.hmacKeyFile != "" && webhook.Server(o.dialect) == webhook.MicroMDM:
		return usage(errors.New("--hmac-key-file: MicroMDM does not sign its webhook"), "leave it out")
	case o.device != "" && o.hmacKeyFile == "" && o.signs():
		return usage(errors.New("--device needs --hmac-key-file: what is signed with a key that the server does not have yet cannot come"), hmacHint)
	case o.wait <= 0:
		return usage(errors.New("--wait: not longer than nothing"), "write it as 2m")
	}
	return formatFlag(o.format, "text", "json")
}

func runAttach(ctx context.Context, opts attachOptions, cfg Config, logger *slog.Logger, out io.Writer) error {
	if err := opts.check(); err != nil {
		return err
	}
	var baselines []*checks.Baseline
	if opts.device != "" {
		var err error
		if baselines, err = loadBaselines(opts.baselines); err != nil {
			return err
		}
	}
	trial, err := newAttachTrial(opts, cfg, logger, out)
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	usable, err := trial.server(ctx)
	if err == nil && usable && opts.device != "" {
		err = trial.device(ctx, baselines)
	}
	if err == nil {
		err = trial.propose(usable)
	}
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if trial.failed {
		return &statusError{code: exitFailures, why: "attach: not all is as it has to be"}
	}
	return nil
}
