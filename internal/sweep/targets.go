package sweep

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// Targets remember what decides what to ask of a device, so that the few
// messages it follows from are not read anew in every round. They are safe for
// concurrent use.
type targets struct {
	mu    sync.Mutex
	known map[string]knownTarget // guarded by mu; by device id
}

// A knownTarget is the target of a device, and what it followed from.
type knownTarget struct {
	from   string
	target mdm.Target
}

func newTargets() *targets { return &targets{known: make(map[string]knownTarget)} }

// of returns what is known of a device that decides what to ask of it.
func (ts *targets) of(ctx context.Context, evidence store.Evidence, e mdm.Enrollment, now time.Time) (mdm.Target, error) {
	observed, err := evidence.Observed(ctx, e.DeviceID())
	if err != nil {
		return mdm.Target{}, err
	}
	telling, from := tellingOf(observed, now)
	if known, ok := ts.get(e.ID); ok && known.from == from && known.target.Enrollment == e {
		return known.target, nil
	}
	d := judge.Device{ID: e.DeviceID()}
	for _, o := range telling {
		full, err := evidence.EvidenceByDigest(ctx, o.Evidence.SHA256)
		if err != nil {
			return mdm.Target{}, fmt.Errorf("read what tells the platform of %s: %w", e.ID, err)
		}
		o.Evidence.Body = full.Body
		d.Observations = append(d.Observations, judge.Observation{Evidence: o.Evidence, Since: o.Since, Last: o.Last})
	}
	target := judge.Target(d, e, now)
	ts.put(e.ID, knownTarget{from, target})
	return target, nil
}

func (ts *targets) get(id string) (knownTarget, bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t, ok := ts.known[id]
	return t, ok
}

func (ts *targets) put(id string, t knownTarget) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.known[id] = t
}

// keep forgets the devices that are not among the ids.
func (ts *targets) keep(enrolled []store.Enrolled) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if len(ts.known) <= len(enrolled) {
		return
	}
	known := make(map[string]knownTarget, len(enrolled))
	for _, e := range enrolled {
		if t, ok := ts.known[e.ID]; ok {
			known[e.ID] = t
		}
	}
	ts.known = known
}

// tellingOf returns the observations that judge.Target reads, and a text that
// is the same as long as it would say the same: which they are, and in which
// order they came last.
func tellingOf(observed []store.Observation, now time.Time) (telling []store.Observation, from string) {
	for _, o := range observed {
		switch e := o.Evidence; {
		case e.Enrollment.UserChannel():
		case e.Query == mdm.Authenticate, e.Query == mdm.CheckOut, e.Query == mdm.QueryKey(mdm.DeviceInformation):
			telling = append(telling, o)
		}
	}
	slices.SortStableFunc(telling, func(x, y store.Observation) int { return x.Last.Compare(y.Last) })
	text := make([]byte, 0, 12*len(telling))
	for i, o := range telling {
		separator := byte('<')
		switch {
		case i > 0 && o.Last.Equal(telling[i-1].Last):
			separator = '='
		case o.Last.After(now):
			separator = '>' // of the future, and not counted
		}
		text = strconv.AppendInt(append(text, separator), o.Evidence.ID, 10)
	}
	return telling, string(text)
}
