package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// A Catalog finds our copy of an installed profile, and says by its digest
// whether it holds the same ones as another.
type Catalog interface {
	judge.Catalog
	Digest() string
}

// JudgeAll judges every enrolled device from the evidence that is kept, and
// records the round with the sweep it belongs to. A device that would be judged
// from what it was judged from before keeps its verdicts.
func (r *Rounder) JudgeAll(ctx context.Context, sweep store.Sweep, report func(Progress)) (err error) {
	now, redo := r.now().UTC(), r.intake.judges()
	defer func() {
		if err != nil {
			redo()
		}
	}()
	cursor, err := r.state.LastEvidence(ctx)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	known, err := know(ctx, r.state)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	known.server = r.cfg.Server
	waivers, attestations, lastAct, err := r.statements(ctx)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	said := store.Said(waivers, attestations, r.cfg.WaiverApproval, now)
	recorder, err := r.results.Begin(ctx, now)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	defer func() { err = errors.Join(err, recorder.Discard()) }()

	j := judgeOne{state: r.state, recorder: recorder, cfg: r.cfg, known: known, said: said.Index(), now: r.now, rules: r.cfg.rules()}
	for i, d := range known.devices {
		if err := j.judge(ctx, d); err != nil {
			return fmt.Errorf("judge %s: %w", d.ID, err)
		}
		report(Progress{Judged: i + 1, Of: len(known.devices)})
	}
	fleet := judge.NewFleet(r.cfg.Baselines)
	fleet.Say(said)
	round := store.Round{
		Tool: r.cfg.Tool, Sweep: sweep, Baselines: r.cfg.Baselines, Results: fleet.Results(now), Problems: slices.Concat(fleet.Problems(), r.cfg.Problems),
		Inventory: known.inventory, Cursor: cursor, Key: r.cfg.ChainKey, Zone: r.cfg.Zone,
		Waivers: waivers, Attestations: attestations, Approval: r.cfg.WaiverApproval,
	}
	if err := r.forTheChain(ctx, &round, lastAct); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if err := recorder.Commit(ctx, round); err != nil {
		return err
	}
	if r.cfg.Recorded != nil {
		r.cfg.Recorded(ctx)
	}
	return nil
}

// statements reads what people have said, before any device is judged by it,
// and the last act by then: neither more nor less was said by it.
func (r *Rounder) statements(ctx context.Context) (waivers []store.Waiver, attestations []store.Attestation, act int64, err error) {
	for {
		before, err := r.lastAct(ctx)
		if err != nil {
			return nil, nil, 0, err
		}
		if waivers, err = r.state.Waivers(ctx); err != nil {
			return nil, nil, 0, err
		}
		if attestations, err = r.state.Attestations(ctx); err != nil {
			return nil, nil, 0, err
		}
		if act, err = r.lastAct(ctx); err != nil || act == before {
			return waivers, attestations, act, err
		}
	}
}

// lastAct is the id of the last act.
func (r *Rounder) lastAct(ctx context.Context) (int64, error) {
	id, err := r.results.ActCursor(ctx)
	if err != nil {
		return 0, err
	}
	acts, err := r.state.ActsAfter(ctx, id)
	if len(acts) > 0 {
		id = acts[len(acts)-1].ID
	}
	return id, err
}

// forTheChain adds what only the chain says of a round. What was done since its
// statements were read is for the next one: verification compares them with the
// acts that are in the chain.
func (r *Rounder) forTheChain(ctx context.Context, round *store.Round, lastAct int64) error {
	last, err := r.results.Cursor(ctx)
	if err != nil {
		return err
	}
	if round.Consumed, err = r.state.Consume(ctx, min(last, round.Cursor), round.Cursor); err != nil {
		return err
	}
	act, err := r.results.ActCursor(ctx)
	if err != nil {
		return err
	}
	if round.Acts, err = r.state.ActsAfter(ctx, act); err != nil {
		return err
	}
	round.Acts = slices.DeleteFunc(round.Acts, func(a store.Act) bool { return a.ID > lastAct })
	if r.cfg.Catalog != nil {
		round.Catalog = r.cfg.Catalog.Digest()
	}
	if len(r.cfg.Server) > 0 {
		var b []byte
		for _, e := range r.cfg.Server {
			b = fmt.Appendf(b, "%q %q %d\n", e.What, e.Detail, e.NotAfter.Unix())
		}
		round.Inputs = map[string]mdm.Digest{"server": sha256.Sum256(b)}
	}
	return nil
}

// judgeOne judges one device at a time and records it.
type judgeOne struct {
	state    store.State
	recorder store.Recorder
	cfg      Config
	known    *knowledge
	said     *checks.StatementIndex
	now      func() time.Time
	rules    mdm.Digest
}

// judge keeps what was found of a device, or reads its answers and judges it.
// Answers go on coming while the fleet is judged: each device is judged at a
// time after its answers were read, at which none is of the future.
func (j *judgeOne) judge(ctx context.Context, e store.Enrolled) error {
	observed, err := j.state.Observed(ctx, e.ID)
	if err != nil {
		return err
	}
	now := j.now().UTC()
	device, seen := j.device(e, observed)
	kept, err := j.recorder.Keep(ctx, e.ID, j.inputs(device, now), seen)
	if err != nil || kept {
		return err
	}
	if observed, err = j.state.Observations(ctx, e.ID); err != nil {
		return err
	}
	now = j.now().UTC()
	device, seen = j.device(e, observed)
	result := judge.Judge(device, j.cfg.catalog(), j.cfg.Baselines, now).Result
	return j.recorder.Device(ctx, result, j.inputs(device, now), seen)
}

// device is all that is known of a device, with what people have said of it.
// One that has not said its serial number yet may be meant by any of it.
func (j *judgeOne) device(e store.Enrolled, observed []store.Observation) (judge.Device, []store.Seen) {
	device, seen := j.known.device(e, observed)
	device.Statements = j.said.All()
	if e.Serial != "" {
		device.Statements = j.said.For(checks.Subject{ID: e.ID, Serial: e.Serial, Groups: []string{device.Asset.Group}})
	}
	return device, seen
}

// inputs sums up what a device is judged from.
func (j *judgeOne) inputs(d judge.Device, now time.Time) mdm.Digest {
	own := judge.Inputs(d, now)
	return sha256.Sum256(append(j.rules[:], own[:]...))
}

// rules sums up what all devices are judged by.
func (c *Config) rules() mdm.Digest {
	var b []byte
	text := func(all ...string) {
		for _, s := range all {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
	}
	text(c.Tool, c.Build)
	if c.Catalog != nil {
		text("catalog", c.Catalog.Digest())
	}
	for _, baseline := range c.Baselines {
		text(baseline.ID, baseline.Version, baseline.Digest)
	}
	return sha256.Sum256(b)
}

// catalog is nil for none: an interface of one, empty, would not be.
func (c *Config) catalog() judge.Catalog {
	if c.Catalog == nil {
		return nil
	}
	return c.Catalog
}
