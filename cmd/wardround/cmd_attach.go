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
)

func newAttachCommand(g *globals) *cobra.Command {
	var opts attachOptions
	cmd := &cobra.Command{
		Use:   "attach URL",
		Short: "Try whether wardround can work beside an MDM server, before it does",
		Long: `Ask the MDM server at URL, NanoMDM, NanoHUB or MicroMDM, for its version and whether it
takes the API key. With --device one enrolled device is asked what a round would ask
it, in a folder that is thrown away afterwards: that shows whether its answers come
by the webhook, and which rights its enrollment lacks. Nothing is changed on it.

Then it says what the server has to be started with, and what the configuration of
wardround would be. That is written with --yes alone, never over a file that is there,
and with it a new key for the webhook unless --hmac-key-file names one.

Exit status: 0 if all went well, 1 if the server or the device did not do as it
should, 2 for wrong use.`,
		Example: `  wardround attach https://mdm.clinic.example --key-file api.key
  wardround attach http://127.0.0.1:9000 --key-file api.key --hmac-key-file hmac.key --device 00008120-000A1B2C3D4E5F60
  wardround attach https://mdm.clinic.example --key-file api.key --output wardround.yaml --yes`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runAttach(ctx, args[0], opts, g.config, g.logger, g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type attachOptions struct {
	keyFile, hmacKeyFile string
	dialect, user, topic string
	device               string
	listen, webhook      string
	wait                 time.Duration
	output               string
	yes                  bool
}

func (o *attachOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.keyFile, "key-file", "", "file with the key of the server's API")
	flags.StringVar(&o.hmacKeyFile, "hmac-key-file", "", "file with the key that its webhook is signed with (default: a new one)")
	flags.StringVar(&o.dialect, "dialect", "nanomdm", "nanomdm, nanohub or micromdm")
	flags.StringVar(&o.user, "user", "", "name at its API (default: the one the dialect has)")
	flags.StringVar(&o.topic, "topic", "", "APNs topic, to ask for its push certificate's days")
	flags.StringVar(&o.device, "device", "", "enrollment id of a device to ask")
	flags.StringVar(&o.listen, "mdm-listen", defaultMDMListen, "address on which the webhook reaches wardround")
	flags.StringVar(&o.webhook, "webhook-url", "", "that address as the MDM server sees it (default: http://, it and /webhook)")
	flags.DurationVar(&o.wait, "wait", 2*time.Minute, "how long to wait for the device's answers")
	flags.StringVarP(&o.output, "output", "o", "wardround.yaml", "configuration to write")
	flags.BoolVar(&o.yes, "yes", false, "write it")
}

func (o *attachOptions) check() error {
	switch {
	case o.keyFile == "":
		return usage(errors.New("--key-file is missing: the file with the key of the server's API"), "NanoMDM has it from its flag -api")
	case o.device != "" && o.hmacKeyFile == "":
		return usage(errors.New("--device needs --hmac-key-file: a webhook signed with a key that the server does not have yet cannot come"), "NanoMDM has it from its flag -webhook-hmac-key")
	case o.wait <= 0:
		return usage(errors.New("--wait: not longer than nothing"), "write it as 2m")
	}
	return nil
}

func runAttach(ctx context.Context, url string, opts attachOptions, cfg Config, logger *slog.Logger, out io.Writer) error {
	if err := opts.check(); err != nil {
		return err
	}
	if opts.webhook == "" {
		opts.webhook = "http://" + opts.listen + "/webhook"
	}
	trial, err := openAttachTrial(url, opts, cfg, logger, out)
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if err := trial.server(ctx); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if opts.device != "" {
		if err := trial.device(ctx); err != nil {
			return fmt.Errorf("attach: %w", err)
		}
	}
	if err := trial.propose(); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if trial.failed {
		return &statusError{code: exitFailures, why: "attach: not all is as it has to be"}
	}
	return nil
}
