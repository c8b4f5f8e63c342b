package main

import (
	"context"
	"errors"
	"math"
	"runtime"
	rtm "runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm/webhook"
)

// A sample is the value of a metric for its labels.
type sample struct {
	name   string
	labels []string // values, in the order of the metric's
	value  float64
}

// samplesFor is how long what was read is given again, so that no number of
// scrapes costs more than one each ten seconds.
const samplesFor = 10 * time.Second

// scrapeTimeout bounds reading.
const scrapeTimeout = 8 * time.Second

// A meter reads what /metrics has.
type meter struct {
	e      *embedded
	prober *prober
	hooks  serveHooks
	now    func() time.Time
	began  time.Time

	reloads, failedReloads atomic.Int64

	mu       sync.Mutex // held while reading
	last     []sample   // guarded by mu
	at       time.Time  // of last; guarded by mu
	seen     int64      // the newest sweep whose losses are counted; guarded by mu
	counting bool       // seen is set; guarded by mu
	lost     int        // answers, since serve began; guarded by mu
}

// samples reads everything, or repeats what it read a moment ago.
func (m *meter) samples(ctx context.Context) []sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if age := now.Sub(m.at); m.last != nil && age >= 0 && age < samplesFor {
		return m.last
	}
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	t := &taking{now: now}
	failures := 0
	m.process(ctx, t)
	m.webhook(t)
	for _, read := range []func(context.Context, *taking) error{m.sweeps, m.evidence, m.results, m.chain} {
		if err := read(ctx, t); err != nil {
			m.e.logger.ErrorContext(ctx, "a source of metrics cannot be read", "err", err)
			failures++
		}
	}
	t.add("wardround_scrape_failures", float64(failures))
	m.last, m.at = t.samples, now
	return m.last
}

// A taking gathers samples.
type taking struct {
	now     time.Time
	samples []sample
}

func (t *taking) add(name string, value float64, labels ...string) {
	t.samples = append(t.samples, sample{name, labels, value})
}

func (t *taking) count(name string, n int, labels ...string) { t.add(name, float64(n), labels...) }

func (t *taking) moment(name string, at time.Time) { t.add(name, float64(at.UnixMilli())/1000) }

func (m *meter) process(ctx context.Context, t *taking) {
	t.add("wardround_build_info", 1, toolVersion(), orUnknown(buildSetting("vcs.revision")), runtime.Version())
	t.moment("wardround_start_time_seconds", m.began)
	t.count("wardround_goroutines", runtime.NumGoroutine())
	heap := []rtm.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	rtm.Read(heap)
	t.add("wardround_heap_bytes", float64(heap[0].Value.Uint64()))
	for _, part := range m.prober.look(ctx).Parts {
		t.add("wardround_ready", oneIf(part.OK), part.Name)
	}
	m.e.canary.measure(t)
	t.add("wardround_reloads_total", float64(m.reloads.Load()), "done")
	t.add("wardround_reloads_total", float64(m.failedReloads.Load()), "failed")
	for _, name := range []string{stateFile, resultsFile, jobsFile} {
		t.add("wardround_store_bytes", float64(fileSize(m.e.file(name))), name)
	}
	soonest := make(map[string]float64) // several of a sort are told as the first to end
	for _, x := range m.e.live.Load().expiries {
		days := math.Floor(x.NotAfter.Sub(t.now).Hours() / 24)
		if before, ok := soonest[x.What]; !ok || days < before {
			soonest[x.What] = days
		}
	}
	for _, what := range []string{checks.PushCertificate, checks.IdentityAuthority, checks.ABMToken} {
		if days, ok := soonest[what]; ok {
			t.add("wardround_certificate_expiry_days", days, what)
		}
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func (m *meter) sweeps(ctx context.Context, t *taking) error {
	running, p := m.e.watch.round()
	t.add("wardround_sweep_running", oneIf(running))
	t.count("wardround_sweep_open_commands", p.Open)
	t.count("wardround_sweep_due_enrollments", p.Due)
	w := m.e.watch
	t.add("wardround_commands_total", float64(w.queued.Load()), "queued")
	t.add("wardround_commands_total", float64(w.notQueued.Load()), "failed")
	t.add("wardround_pushes_total", float64(w.pushed.Load()), "sent")
	t.add("wardround_pushes_total", float64(w.notPushed.Load()), "failed")
	sweeps, err := m.e.state.Sweeps(ctx)
	if err != nil {
		return err
	}
	m.countLosses(sweeps)
	t.count("wardround_answers_lost_total", m.lost)
	var newest int64
	if len(sweeps) > 0 {
		newest = sweeps[0].ID
	}
	t.add("wardround_sweeps_total", float64(newest))
	if s, ok := lastEnded(sweeps); ok {
		lastSweep(t, s)
	}
	return nil
}

// countLosses adds up what was lost in sweeps that ended since it last looked;
// m.mu is held. The first look only takes note of where to begin.
func (m *meter) countLosses(sweeps []store.Sweep) {
	last := m.seen
	for _, s := range sweeps {
		if s.Ended.IsZero() || s.ID <= m.seen {
			continue
		}
		if m.counting {
			m.lost += s.Lost
		}
		last = max(last, s.ID)
	}
	m.seen, m.counting = last, true
}

func lastSweep(t *taking, s store.Sweep) {
	t.moment("wardround_last_sweep_started_timestamp_seconds", s.Started)
	t.moment("wardround_last_sweep_ended_timestamp_seconds", s.Ended)
	t.add("wardround_last_sweep_duration_seconds", s.Ended.Sub(s.Started).Seconds())
	for _, c := range []struct {
		outcome string
		n       int
	}{
		{"asked", s.Asked},
		{"answered", s.Answered},
		{"notnow", s.NotNow},
		{"error", s.Errors},
		{"silent", s.Silent},
		{"unreadable", s.Unreadable},
		{"settling", s.Settling},
		{"unreached", s.Unreached},
	} {
		t.count("wardround_last_sweep_enrollments", c.n, c.outcome)
	}
	t.count("wardround_last_sweep_commands", s.Commands)
	t.count("wardround_last_sweep_lost_answers", s.Lost)
}

func (m *meter) evidence(ctx context.Context, t *taking) error {
	last, err := m.e.state.LastEvidence(ctx)
	if err != nil {
		return err
	}
	cursor, err := m.e.results.Cursor(ctx)
	if err != nil {
		return err
	}
	t.add("wardround_evidence_kept_total", float64(last))
	t.add("wardround_evidence_unjudged", float64(max(0, last-cursor)))
	return nil
}

func (m *meter) results(ctx context.Context, t *taking) error {
	at, _, err := m.e.results.AsOf(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil // nothing was judged yet
	}
	if err != nil {
		return err
	}
	t.moment("wardround_judged_timestamp_seconds", at)
	baselines, err := m.e.results.BaselineResults(ctx, t.now)
	if err != nil {
		return err
	}
	for _, b := range baselines {
		h := b.Headline
		t.count("wardround_devices", h.Met, b.ID, string(checks.Met))
		t.count("wardround_devices", h.NotMet, b.ID, string(checks.NotMet))
		t.count("wardround_devices", h.Undetermined, b.ID, string(checks.Undetermined))
		t.count("wardround_fleet", h.Expected, b.ID, "expected")
		t.count("wardround_fleet", h.Enrolled, b.ID, "enrolled")
		t.count("wardround_fleet", h.Asked, b.ID, "asked")
		t.count("wardround_fleet", h.Answered, b.ID, "answered")
		t.count("wardround_fleet", h.Judged, b.ID, "judged")
		if h.Enrolled > 0 {
			t.add("wardround_coverage_ratio", float64(h.Judged)/float64(h.Enrolled), b.ID)
		}
	}
	return nil
}

func (m *meter) chain(ctx context.Context, t *taking) error {
	c, err := m.e.results.Chain(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, last, err := c.Head(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil // it begins with the first round
	}
	if err != nil {
		return err
	}
	t.add("wardround_chain_entry", float64(last.Seq))
	return nil
}

func (m *meter) webhook(t *taking) {
	var c webhook.Counts
	if m.hooks.webhook != nil {
		c = m.hooks.webhook()
	}
	var passed webhook.ForwardCounts
	for _, f := range c.Forward {
		passed.Delivered += f.Delivered
		passed.Failed += f.Failed
		passed.Dropped += f.Dropped
		passed.Pending += f.Pending
	}
	for _, events := range []struct {
		name, outcome string
		n             int64
	}{
		{"wardround_webhook_events_total", "kept", c.Kept},
		{"wardround_webhook_events_total", "unread", c.Unread},
		{"wardround_webhook_events_total", "duplicate", c.Duplicates},
		{"wardround_webhook_events_total", "ignored", c.Ignored},
		{"wardround_webhook_events_total", "unsigned", c.Unsigned},
		{"wardround_webhook_events_total", "refused", c.Refused},
		{"wardround_webhook_events_total", "too_large", c.TooLarge},
		{"wardround_webhook_events_total", "busy", c.Busy},
		{"wardround_webhook_events_total", "failed", c.Failed},
		{"wardround_forwarded_events_total", "delivered", passed.Delivered},
		{"wardround_forwarded_events_total", "failed", passed.Failed},
		{"wardround_forwarded_events_total", "dropped", passed.Dropped},
	} {
		t.add(events.name, float64(events.n), events.outcome)
	}
	t.add("wardround_forward_pending_events", float64(passed.Pending))
}
