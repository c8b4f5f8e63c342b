package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// CanaryID and CanarySerial are the enrollment id and the serial number of the
// canary. Whoever has that id is in no count, in whichever folder and with
// whichever settings: one that there was, and is no more, would be a device that
// fails and is silent.
const (
	CanaryID     = "WARDROUND-CANARY"
	CanarySerial = "CANARY"
)

// IsCanary reports whether an enrollment is the canary's.
func IsCanary(e mdm.Enrollment) bool { return e.DeviceID() == CanaryID }

// A Canary is a device that has to fail a requirement in each round. If it does
// not, what judges the others is broken. It is asked, kept and judged as they
// are, and what is found of it is told and not recorded.
type Canary struct {
	Asker       mdm.Asker // asks it; Wake returns once it has answered
	Enrollment  mdm.Enrollment
	Baseline    *checks.Baseline
	Requirement string

	// Found is called with what was found, from the goroutine of the round.
	Found func(ctx context.Context, f CanaryFinding)
}

// A CanaryFinding is what a canary did.
type CanaryFinding struct {
	Sweep int64     // the round; 0: it was tried out of one
	At    time.Time // when it was judged
	Red   bool      // it fails, as it must
	Err   error     // why it is not known to fail; nil if it is red, or passes
	Shows checks.Result
}

// What a canary can do wrong, besides not failing.
var (
	errCanarySilent    = errors.New("it did not answer all that it was asked")
	errCanaryNotJudged = errors.New("it was not judged by that requirement")
)

// canaryWait bounds how long the canary may take: it is in this process.
const canaryWait = time.Minute

// TryCanary asks and judges the canary, and tells what was found, unless ctx
// ends meanwhile. It is part of every round.
func (r *Rounder) TryCanary(ctx context.Context, sweep int64) {
	c := r.cfg.Canary
	if c == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, canaryWait)
	defer cancel()
	verdict, err := r.judgeCanary(limited, c)
	if ctx.Err() != nil {
		return // nothing can be said of a round that was cut
	}
	c.Found(ctx, CanaryFinding{Sweep: sweep, At: r.now().UTC(), Red: err == nil && verdict.Result == checks.Fail, Err: err, Shows: verdict.Result})
}

func (r *Rounder) judgeCanary(ctx context.Context, c *Canary) (checks.Verdict, error) {
	asked := r.now().Truncate(time.Millisecond) // as exact as evidence is kept
	queries, err := r.askCanary(ctx, c)
	if err != nil {
		return checks.Verdict{}, fmt.Errorf("ask the canary: %w", err)
	}
	observed, err := r.state.Observed(ctx, CanaryID)
	if err != nil {
		return checks.Verdict{}, err
	}
	for _, q := range queries {
		if !slices.ContainsFunc(observed, func(o store.Observation) bool { return o.Evidence.Query == q.Key() && !o.Last.Before(asked) }) {
			return checks.Verdict{}, fmt.Errorf("%w: no answer to %s", errCanarySilent, q.Key())
		}
	}
	result, err := r.resultOfCanary(ctx, c)
	if err != nil {
		return checks.Verdict{}, fmt.Errorf("judge the canary: %w", err)
	}
	i := slices.IndexFunc(result.Verdicts, func(v checks.Verdict) bool {
		return v.Baseline == c.Baseline.ID && v.Requirement == c.Requirement
	})
	if i < 0 {
		return checks.Verdict{}, errCanaryNotJudged
	}
	return result.Verdicts[i], nil
}

// askCanary asks the canary what any device of its kind is asked.
func (r *Rounder) askCanary(ctx context.Context, c *Canary) ([]mdm.Query, error) {
	queries, err := r.queries(ctx, c.Enrollment)
	if err != nil {
		return nil, err
	}
	commands := make([]mdm.Command, len(queries))
	for i, q := range queries {
		commands[i] = mdm.Command{Query: q, CommandUUID: mdm.NewCommandUUID()}
	}
	if err := c.Asker.Ask(ctx, CanaryID, commands...); err != nil {
		return nil, err
	}
	failed, err := c.Asker.Wake(ctx, []string{CanaryID})
	return queries, errors.Join(err, failed[CanaryID])
}

// resultOfCanary judges the canary by the code that judges all others, and by
// the same baselines; its own is added to them where a round does not have it.
func (r *Rounder) resultOfCanary(ctx context.Context, c *Canary) (checks.DeviceResult, error) {
	waivers, attestations, _, err := r.statements(ctx)
	if err != nil {
		return checks.DeviceResult{}, err
	}
	cfg := r.cfg
	if !slices.ContainsFunc(cfg.Baselines, func(b *checks.Baseline) bool { return b.ID == c.Baseline.ID }) {
		cfg.Baselines = append(slices.Clone(cfg.Baselines), c.Baseline)
	}
	var told canaryRecorder
	j := judgeOne{
		state: r.state, recorder: &told, cfg: cfg, known: &knowledge{server: cfg.Server},
		said: store.Said(waivers, attestations, cfg.WaiverApproval, r.now().UTC()).Index(), now: r.now, rules: cfg.rules(),
	}
	if err := j.judge(ctx, store.Enrolled{Enrollment: c.Enrollment, Serial: CanarySerial, Enabled: true}); err != nil {
		return checks.DeviceResult{}, err
	}
	return told.result, nil
}

// A canaryRecorder takes the place of results, which nothing of a canary is
// written to.
type canaryRecorder struct{ result checks.DeviceResult }

var _ store.Recorder = (*canaryRecorder)(nil)

// Device implements store.Recorder.
func (c *canaryRecorder) Device(_ context.Context, r checks.DeviceResult, _ mdm.Digest, _ []store.Seen) error {
	c.result = r
	return nil
}

// Keep implements store.Recorder: the canary is judged anew each time.
func (*canaryRecorder) Keep(context.Context, string, mdm.Digest, []store.Seen) (bool, error) {
	return false, nil
}

// Commit implements store.Recorder.
func (*canaryRecorder) Commit(context.Context, store.Round) error { return nil }

// Discard implements store.Recorder.
func (*canaryRecorder) Discard() error { return nil }

// CanaryFails judges what a device of the canary's sort has sent, and reports
// whether it fails the requirement. It is how one is chosen that does.
func CanaryFails(d judge.Device, catalog Catalog, b *checks.Baseline, requirement string, now time.Time) bool {
	cfg := Config{Catalog: catalog}
	for _, v := range judge.Judge(d, cfg.catalog(), []*checks.Baseline{b}, now).Result.Verdicts {
		if v.Requirement == requirement {
			return v.Result == checks.Fail
		}
	}
	return false
}
