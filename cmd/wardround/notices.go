package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/internal/store"
)

// A deliveryLog keeps what became of messages.
type deliveryLog struct{ store.Notices }

// LogDelivery implements notify.Log.
func (l deliveryLog) LogDelivery(ctx context.Context, d notify.Delivery) error {
	return l.Notices.LogDelivery(ctx, store.Delivery(d))
}

// newNotifier makes what tells people, nil if nobody is to be told.
func newNotifier(cfg Config, kept interface {
	store.Notices
	notify.Memory
}, logger *slog.Logger,
) (*notify.Notifier, error) {
	if len(cfg.Notify.Channels) == 0 {
		return nil, nil //nolint:nilnil // nobody is told, and nothing is wrong
	}
	settings := cfg.Notify
	if settings.Zone == "" && cfg.Zone != localZone {
		settings.Zone = cfg.Zone
	}
	notifier, err := notify.New(settings, deliveryLog{kept}, kept, logger, time.Now)
	if err != nil {
		return nil, usage(fmt.Errorf("notify: %w", err), "docs/notify.md has an example")
	}
	return notifier, nil
}

// fleetNow is the fleet as the last round left it, for messages: of a round with
// sweep s, nil for none. Nothing judged yet is store.ErrNotFound.
func fleetNow(ctx context.Context, state store.Evidence, results store.Results, s *store.Sweep) (*notify.Snapshot, error) {
	at, _, err := results.AsOf(ctx)
	if err != nil {
		return nil, err
	}
	snapshot := notify.NewSnapshot(at)
	if s != nil {
		snapshot.Lost = s.Lost
	}
	baselines, err := results.BaselineResults(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, b := range baselines {
		snapshot.AddBaseline(b, titlesOf(b.ID))
	}
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]time.Time, len(enrolled))
	for _, e := range enrolled {
		seen[e.ID] = e.LastSeen
	}
	err = results.EachDevice(ctx, at, func(d checks.DeviceResult) error {
		snapshot.AddDevice(d, seen[d.Subject.ID])
		return nil
	})
	return snapshot, err
}

// tell tells people what a round changed. That it could not is logged: the round
// is recorded all the same, and what is due is tried again.
func (e *embedded) tell(ctx context.Context, swept store.Sweep) {
	notifier := e.live.Load().notifier
	if notifier == nil {
		return
	}
	after, err := fleetNow(ctx, e.state, e.results, &swept)
	if err == nil {
		after.Canary = e.canary.shows()
		err = notifier.Round(ctx, nil, after)
	}
	if err != nil {
		e.logger.ErrorContext(ctx, "not everybody was told of a round", "sweep", swept.ID, "err", err)
	}
}

// titlesOf are those of a shipped baseline's requirements. Of another the ids
// are told.
func titlesOf(baseline string) map[string]string {
	b, err := checks.Builtin(baseline)
	if err != nil {
		return nil
	}
	titles := make(map[string]string, len(b.Requirements))
	for _, r := range b.Requirements {
		titles[r.ID] = r.Title
	}
	return titles
}

// tellWhatWaits sends messages whose time has come: the end of quiet hours, their
// digest, or another attempt.
func (e *embedded) tellWhatWaits(ctx context.Context) error {
	notifier := e.live.Load().notifier
	if notifier == nil {
		return nil
	}
	return notifier.Tick(ctx)
}
