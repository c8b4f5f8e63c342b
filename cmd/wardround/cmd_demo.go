package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
)

func newDemoCommand(g *globals) *cobra.Command {
	var opts demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Enrol a simulated fleet over the real protocol, ask, judge and report",
		Long: `Start NanoMDM in this process on a free loopback port, enrol simulated iPads,
iPhones and Macs that speak Apple's MDM protocol over HTTP, ask each what
wardround asks, judge the answers, keep evidence and results, and report.

The fleet has devices that fail, that stay silent and that send hostile bytes.
With --attest what the baselines ask persons for is stated for the organisation, so
that one of the fleet meets each of them. Without --dir the files go to a new temporary folder, which is kept and named.

Exit status: 1, for the fleet has failures; 3 if nothing could be judged; 2 for
wrong use, such as a --dir that already holds a state.db.`,
		Example: `  wardround demo
  wardround demo --devices 100 --seed 7 --dir demo --baseline wpa2-enterprise
  wardround demo --format json`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			var err error
			if opts.server, err = g.config.server(); err != nil {
				return err
			}
			if opts.zone, err = g.config.zone(); err != nil {
				return err
			}
			return runDemo(ctx, opts, demoLogger(g), g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type demoOptions struct {
	devices   int
	seed      uint64
	dir       string
	baselines []string
	format    string
	server    []checks.Expiry
	zone      *time.Location
	attest    bool // give the attestations that the baselines ask for
}

func (o *demoOptions) addFlags(flags *pflag.FlagSet) {
	flags.IntVar(&o.devices, "devices", 24, "how many devices to simulate, 1 to 100000")
	flags.Uint64Var(&o.seed, "seed", 1, "the same seed gives the same devices and answers")
	flags.StringVar(&o.dir, "dir", "", "folder for state.db, results.db and the rest (default: a new temporary one)")
	flags.StringSliceVar(&o.baselines, "baseline", []string{defaultBaseline}, "shipped baseline or file; may be repeated")
	flags.BoolVar(&o.attest, "attest", false, "state for the organisation what the baselines ask persons for")
	flags.StringVar(&o.format, "format", "text", "text or json")
}

// demoLogger keeps quiet about the hostile devices that the fleet is meant to
// have, unless a log level was asked for.
func demoLogger(g *globals) *slog.Logger {
	if g.config.LogLevel != defaultLogLevel {
		return g.logger
	}
	return slog.New(slog.NewTextHandler(g.err, &slog.HandlerOptions{Level: slog.LevelError}))
}

const maxDemoDevices = 100_000

func runDemo(ctx context.Context, opts demoOptions, logger *slog.Logger, out, progress io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	if opts.devices < 1 || opts.devices > maxDemoDevices {
		return usage(fmt.Errorf("--devices %d: not between 1 and %d", opts.devices, maxDemoDevices), "")
	}
	baselines, err := loadBaselines(opts.baselines)
	if err != nil {
		return err
	}
	dir, err := demoFolder(opts.dir)
	if err != nil {
		return err
	}
	state, err := sqlite.OpenState(ctx, filepath.Join(dir, stateFile))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer state.Close()
	results, err := sqlite.OpenResults(ctx, filepath.Join(dir, resultsFile))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer results.Close()

	intake := sweep.NewIntake(state)
	clinic, err := openClinic(dir, opts, intake.Journal(state), state.PrivacyKey(), logger)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer clinic.Close()
	bar := newProgressBar(progress)
	defer bar.end()
	if err := clinic.enroll(ctx, bar); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	known, err := catalog.Open(filepath.Join(dir, catalogDir))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	keeper, err := openChainKeeper(Config{Dir: dir}, results, logger)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if opts.attest {
		if err := attestAll(ctx, state, baselines, time.Now()); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	rounder := sweep.NewRounder(sweep.Config{
		Baselines: baselines, Catalog: known, AppManagement: true, Tool: toolVersion(),
		Rate: -1, Quiet: demoQuiet, Repush: demoRepush, Server: append(clinic.expiries, opts.server...),
		ChainKey: keeper.public(), Zone: opts.zone, Recorded: keeper.recorded,
	}, state, results, intake, clinic.mdm, logger)
	if _, err := rounder.Round(ctx, roundProgress(bar)); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	bar.end()
	if opts.attest {
		fmt.Fprintln(progress, "attested for the demo; 'wardround attest list' shows what")
	}
	fmt.Fprintf(progress, "kept in %s\n\n", dir)
	text := textOptions(out)
	text.Zone, text.Hint = opts.zone, explainHint(dir)
	return reportFrom(ctx, results, time.Now(), reportOptions{format: opts.format}, text, out)
}

// A simulated device answers at once or not at all, so a round need not wait
// for it as it would for an iPad in a drawer.
const (
	demoQuiet  = 3 * time.Second
	demoRepush = 300 * time.Millisecond
)

func roundProgress(bar *progressBar) func(sweep.Progress) {
	return func(p sweep.Progress) {
		if p.Of > 0 {
			bar.show("judging", p.Judged, p.Of)
		} else {
			bar.show("asking", p.Asked-p.Open, p.Asked)
		}
	}
}

// demoFolder returns the folder to keep the demo in: a new one, or the named
// one if it holds no state yet.
func demoFolder(dir string) (string, error) {
	if dir == "" {
		made, err := os.MkdirTemp("", "wardround-demo-")
		if err != nil {
			return "", fmt.Errorf("demo: %w", err)
		}
		return made, nil
	}
	for _, name := range []string{stateFile, resultsFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return "", usage(fmt.Errorf("%s already holds %s", dir, name), "name an empty folder, or leave --dir out")
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", usage(fmt.Errorf("folder for the demo: %w", err), "")
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", usage(fmt.Errorf("folder for the demo: %w", err), "")
	}
	return dir, nil
}
