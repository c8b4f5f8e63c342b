package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/mdm/sim"
)

func newSimulateCommand(g *globals) *cobra.Command {
	var opts simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Enrol a simulated fleet in an MDM server and let it connect",
		Long: `Enrol simulated iPads, iPhones and Macs in an MDM server that speaks as NanoMDM
does, wardround's own or another, and let them connect by themselves: no push
reaches them, so each begins a session when its turn comes, says Idle, and
answers commands until there are none left. Nothing is queued here: what the
server asks is its own affair. What came of it is counted and printed.

This is for servers of your own that are there to be tested. Devices that are
meant to do harm (persona hostile) take part only if they are named.

Devices get their identities from an authority whose key you have (--ca) or from
a SCEP server (--scep). With --for, or when it is interrupted, no new session
begins; --for alone gives those under way 10 seconds to end.

Exit status: 0; 3 if no device could enrol or every session failed; 2 for wrong
use, such as a persona that is not known or a CA that cannot be read.`,
		Example: `  wardround simulate --url http://127.0.0.1:9000/mdm --ca ca.pem,ca.key
  wardround simulate --url http://127.0.0.1:9000/mdm --ca ca.pem,ca.key --devices 10000 --rate 50 --for 5m
  wardround simulate --url https://mdm.example/mdm --scep https://scep.example/scep --challenge-file secret --personas mac,shared-ipad --users`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runSimulate(ctx, opts, g.logger, g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type simulateOptions struct {
	url, checkInURL string
	topic           string
	devices         int
	seed            uint64
	personas        []string
	users           bool
	setup           time.Duration
	rate            float64
	duration        time.Duration
	sessions        int
	connections     int
	timeout         time.Duration
	ca              []string
	scep            string
	challenge       string
	challengeFile   string
	keys            string
	answers         string
	signature       string
	format          string
}

func (o *simulateOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.url, "url", "", "where the server takes reports, and check-ins too unless --checkin-url is given")
	flags.StringVar(&o.checkInURL, "checkin-url", "", "where the server takes check-ins, if elsewhere")
	flags.StringVar(&o.topic, "topic", "com.apple.mgmt.External.wardround-simulate", "APNs topic that devices enrol under")
	flags.IntVar(&o.devices, "devices", 24, "how many devices to simulate, 1 to 100000")
	flags.Uint64Var(&o.seed, "seed", 1, "the same seed gives the same devices and answers")
	flags.StringSliceVar(&o.personas, "personas", nil, `given out in this order, round and round; "all" for every one (default: all but hostile and silent)`)
	flags.BoolVar(&o.users, "users", false, "users of Macs, Shared iPads and User Enrollments have channels of their own")
	flags.DurationVar(&o.setup, "setup-assistant", 0, "devices enrol in Setup Assistant and leave it after this time")
	flags.Float64Var(&o.rate, "rate", 0, "sessions a second over the whole fleet (0: as many as --connections let)")
	flags.DurationVar(&o.duration, "for", 0, "stop this long after the first session (0: no limit)")
	flags.IntVar(&o.sessions, "sessions", 0, "stop when each device has made so many (default: 1 without --for, else no limit)")
	flags.IntVar(&o.connections, "connections", 16, "devices that talk at a time, 1 to 1000")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "give a request up after this time")
	flags.StringSliceVar(&o.ca, "ca", nil, "CERT,KEY: PEM files of the authority that certifies devices")
	flags.StringVar(&o.scep, "scep", "", "URL of the SCEP server that certifies devices")
	flags.StringVar(&o.challenge, "challenge", "", "challenge password for --scep (other users of the machine can see it)")
	flags.StringVar(&o.challengeFile, "challenge-file", "", "file that holds the challenge password")
	flags.StringVar(&o.keys, "keys", "", "folder to keep identities in, so that a second run goes on without enrolling")
	flags.StringVar(&o.answers, "answers", "as-asked", "as-asked, or same-bytes: six answers of 205 kB together, of whatever persona")
	flags.StringVar(&o.signature, "signature", "sha256", "sha1 is how Apple's devices sign, with RSA keys that are shared here; sha256")
	flags.StringVar(&o.format, "format", "text", "text or json")
}

func runSimulate(ctx context.Context, opts simulateOptions, logger *slog.Logger, out, progress io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	cfg, err := opts.fleet()
	if err != nil {
		return usage(err, "")
	}
	cfg.Logger = logger
	fleet, err := sim.NewFleet(cfg)
	if err != nil {
		return usage(fmt.Errorf("simulate: %w", err), "")
	}
	defer fleet.Close()
	bar := newProgressBar(progress)
	tally := fleet.Poll(ctx, sim.Poll{
		Rate: opts.rate, For: opts.duration, Sessions: opts.sessions, SetupAssistant: opts.setup,
		Progress: func(p sim.Progress) {
			if p.Of > 0 {
				bar.show(simulateStep(p), p.Done, p.Of)
			}
		},
	})
	bar.end()
	if opts.format == "json" {
		err = writeSimulateJSON(out, opts, tally)
	} else {
		err = writeSimulateText(out, opts, tally)
	}
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	switch {
	case tally.Enrolled == 0:
		return &statusError{code: exitNotKnown, why: "no device could enrol"}
	case tally.Failed():
		return &statusError{code: exitNotKnown, why: "every session failed"}
	}
	return nil
}

func simulateStep(p sim.Progress) string {
	switch {
	case p.Enrolling:
		return "enrolling"
	case p.Seconds:
		return "seconds"
	}
	return "sessions"
}
