package main

import (
	"context"
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

// noticesHint is where settings that cannot be used are explained.
const noticesHint = "docs/notify.md has an example"

// newNotifier makes what tells people. Without channels it tells nobody.
func newNotifier(cfg Config, kept interface {
	store.Notices
	notify.Memory
}, logger *slog.Logger,
) (*notify.Notifier, error) {
	notifier, err := notify.New(cfg.notices(), deliveryLog{kept}, kept, logger, time.Now)
	return notifier, usage(err, noticesHint)
}

// nextNotifier is what tells people by other settings, in turns with the one
// before: that may be in the middle of a message.
func nextNotifier(cfg Config, before *notify.Notifier) (*notify.Notifier, error) {
	notifier, err := before.With(cfg.notices())
	return notifier, usage(err, noticesHint)
}

// notices are the settings of messages, in the time zone of all.
func (c Config) notices() notify.Config {
	settings := c.Notify
	if settings.Zone == "" && c.Zone != localZone {
		settings.Zone = c.Zone
	}
	return settings
}

// fleetNow is the fleet as the last round left it, for messages: of a round with
// sweep s, nil for none. Titles are those of the requirements of a baseline.
// Nothing judged yet is store.ErrNotFound.
func fleetNow(
	ctx context.Context, state store.Evidence, results store.Results, s *store.Sweep, titles func(checks.BaselineResult) map[string]string,
) (*notify.Snapshot, error) {
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
		snapshot.AddBaseline(b, titles(b))
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
func (e *embedded) tell(ctx context.Context, swept store.Sweep, baselines []*checks.Baseline) {
	notifier := e.live.Load().notifier
	if len(notifier.Channels()) == 0 {
		return
	}
	after, err := fleetNow(ctx, e.state, e.results, &swept, func(r checks.BaselineResult) map[string]string {
		for _, b := range baselines {
			if b.ID == r.ID {
				return titlesOf(b)
			}
		}
		return nil
	})
	if err == nil {
		after.Canary = e.canary.shows()
		err = notifier.Round(ctx, after)
	}
	if err != nil {
		e.logger.ErrorContext(ctx, "not everybody was told of a round", "sweep", swept.ID, "err", err)
	}
}

// titlesOf are those of a baseline's requirements, by their ids.
func titlesOf(b *checks.Baseline) map[string]string {
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
	if len(notifier.Channels()) == 0 {
		return nil
	}
	return notifier.Tick(ctx)
}
