package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func newSweepCommand(g *globals) *cobra.Command {
	var opts sweepOptions
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Make one round now: ask, wait, judge and report",
		Long: `Ask every enrolled device (or those of one inventory group) what the baselines
need to know, wait for the answers, judge the whole fleet and report. A device
that was not asked is judged from what it said before, as long as that is fresh.

If 'wardround serve' runs on the same --dir it makes the round; else this command
serves the devices while the round lasts. A round ends when all have answered,
when nothing came for --quiet, or after --wait at the latest. One that is
interrupted keeps what has arrived: 'sweep resume' goes on with it.

Exit status: 1 if a required requirement fails (see --fail-on); else 3 if no device could be
asked, nothing was judged, or fewer of the enrolled devices than --min-coverage; else 0; 2 for
wrong use.`,
		Example: `  wardround sweep --dir ward
  wardround sweep --dir ward --group "ward 7" --baseline phsa-facetime --wait 10m
  wardround sweep --dir ward --dry-run`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			if opts.dryRun {
				return runSweepPlan(ctx, opts, g.config, g.logger, g.out)
			}
			return runSweep(ctx, opts, g.config, g.logger, g.out, g.err)
		}),
	}
	opts.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&opts.group, "group", "", "ask only the devices of this inventory group")
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "say whom the round would ask what, and ask nothing")
	cmd.AddCommand(newSweepListCommand(g), newSweepShowCommand(g), newSweepResumeCommand(g))
	return cmd
}

type sweepOptions struct {
	group       string
	baselines   []string
	minCoverage float64
	wait, quiet time.Duration
	dryRun      bool
	format      string
	failOn      string
	resume      int64
}

func (o *sweepOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.baselines, "baseline", nil, "shipped baseline or file; may be repeated (default: those of the last sweep; at first those of rounds, else "+defaultBaseline+")")
	flags.Float64Var(&o.minCoverage, "min-coverage", 0.9, "least part of the enrolled devices that must be judged, 0 to 1")
	flags.DurationVar(&o.wait, "wait", 10*time.Minute, "end the round after this long at the latest")
	flags.DurationVar(&o.quiet, "quiet", 2*time.Minute, "end the round when nothing came for this long")
	flags.StringVar(&o.format, "format", "text", "text or json")
	flags.StringVar(&o.failOn, "fail-on", failOnAny, "what is exit status 1: any required failure; high, one of high severity without a waiver; new, one without a waiver that was none before")
	addMDMFlags(flags)
}

func (o *sweepOptions) check() error {
	err := errors.Join(formatFlag(o.format, "text", "json"), coverageFlag(o.minCoverage))
	if known := []string{failOnAny, failOnHigh, failOnNew}; !slices.Contains(known, o.failOn) {
		err = errors.Join(err, usage(fmt.Errorf("--fail-on %q: not one of %v", o.failOn, known), ""))
	}
	if err == nil && (o.wait <= 0 || o.quiet <= 0) {
		err = usage(errors.New("--wait and --quiet: not longer than nothing"), "write them as 10m or 90s")
	}
	return err
}

// request is the round that the options ask for, in words that another process
// understands too.
func (o *sweepOptions) request() (roundRequest, error) {
	if len(o.baselines) > 0 {
		if _, err := loadBaselines(o.baselines); err != nil {
			return roundRequest{}, err
		}
	}
	req := roundRequest{Group: o.group, Wait: o.wait, Quiet: o.quiet, Resume: o.resume}
	for _, name := range o.baselines {
		if !slices.Contains(checks.BuiltinIDs(), name) {
			full, err := filepath.Abs(name)
			if err != nil {
				return roundRequest{}, fmt.Errorf("baseline %s: %w", name, err)
			}
			name = full
		}
		req.Baselines = append(req.Baselines, name)
	}
	return req, nil
}

func runSweep(ctx context.Context, opts sweepOptions, cfg Config, logger *slog.Logger, out, errs io.Writer) error {
	if err := opts.check(); err != nil {
		return err
	}
	req, err := opts.request()
	if err != nil {
		return err
	}
	var before map[failingRow]checks.Severity
	if opts.failOn == failOnNew {
		if before, err = failingRows(ctx, cfg.Dir); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	bar := newProgressBar(errs)
	swept, err := makeRound(ctx, req, cfg, logger, bar)
	bar.end()
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	fmt.Fprintln(errs, sweepLine(swept))
	results, err := openResults(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer results.Close()
	text := textOptions(out)
	text.Hint = explainHint(cfg.Dir)
	if text.Zone, err = cfg.zone(); err != nil {
		return err
	}
	err = reportFrom(ctx, results, time.Now(), reportOptions{format: opts.format, minCoverage: opts.minCoverage}, text, out)
	return orReachedNobody(failOn(ctx, opts, cfg.Dir, results, before, err), swept)
}

// orReachedNobody adds to the outcome of a round that no device could be asked
// in it: what they said before may be fresh, and is no proof of today.
func orReachedNobody(outcome error, swept store.Sweep) error {
	status, judged := errors.AsType[*statusError](outcome)
	if !reachedNobody(swept) || outcome != nil && !judged {
		return outcome
	}
	all := &statusError{code: exitNotKnown, why: fmt.Sprintf("none of %s could be asked; the log says why", counted(swept.Unreached, "device"))}
	if judged {
		all.code = status.code
		if status.why != "" {
			all.why += "; " + status.why
		}
	}
	return all
}

// makeRound has the running serve make the round, or serves devices itself
// while it lasts.
func makeRound(ctx context.Context, req roundRequest, cfg Config, logger *slog.Logger, bar *progressBar) (store.Sweep, error) {
	if _, err := os.Stat(filepath.Join(cfg.Dir, stateFile)); err != nil {
		return store.Sweep{}, nobodyEnrolled(cfg.Dir) // and nothing is made for a name that was mistyped
	}
	e, err := openEmbedded(ctx, cfg, logger)
	if errors.Is(err, errFolderBusy) {
		swept, err := askServe(ctx, filepath.Join(cfg.Dir, socketFile), req, roundProgress(bar))
		if errors.Is(err, errFolderBusy) {
			err = usage(fmt.Errorf("%s: %w", cfg.Dir, err), "wait until it has ended")
		}
		return swept, err
	}
	if err != nil {
		return store.Sweep{}, err
	}
	var swept store.Sweep
	if err = e.openCanary(ctx); err == nil {
		swept, err = e.round(ctx, req, roundProgress(bar))
	}
	if err != nil && ctx.Err() != nil {
		err = errRoundCut
	}
	return swept, errors.Join(err, e.Close())
}

// sweepLine sums a sweep up.
func sweepLine(s store.Sweep) string {
	parts := []string{fmt.Sprintf("sweep %d: asked %d, answered %d", s.ID, s.Asked, s.Answered)}
	for _, c := range []struct {
		n    int
		what string
	}{{s.NotNow, "put it off"}, {s.Silent, "silent"}, {s.Errors, "refused"}, {s.Unreadable, "unreadable"}, {s.Settling, "in Setup Assistant"}, {s.Unreached, "not reached"}, {s.Lost, "answers lost"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return strings.Join(parts, ", ")
}
