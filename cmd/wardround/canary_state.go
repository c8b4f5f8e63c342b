package main

import (
	"context"
	"fmt"

	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/internal/sweep"
)

// tryCanary asks and judges the canary out of a round, so that it is known how
// it stands before the first one.
func (e *embedded) tryCanary(ctx context.Context) {
	if e.canary == nil {
		return
	}
	l := e.live.Load()
	sweep.NewRounder(sweep.Config{
		Catalog: l.catalog.Catalog(), AppManagement: l.cfg.AppManagement, Apps: l.cfg.ClinicalApps, WaiverApproval: l.cfg.WaiverApproval,
		Tool: toolVersion(), Server: l.expiries, Canary: e.canary.inRound(l),
	}, e.state, e.results, e.intake, l.asker, e.logger).TryCanary(ctx, 0)
}

// found takes note of what the canary did.
func (c *canary) found(ctx context.Context, f sweep.CanaryFinding) {
	c.last.Store(&f)
	if f.Red {
		c.logger.InfoContext(ctx, "the canary fails, as it must", "sweep", f.Sweep, "requirement", c.name)
		return
	}
	c.logger.ErrorContext(ctx, "the auditor is broken: the canary does not fail", "sweep", f.Sweep, "requirement", c.name, "result", f.Shows, "err", f.Err)
}

// part is what /readyz says of the canary.
func (c *canary) part(context.Context) healthPart {
	f := c.last.Load()
	switch {
	case f == nil:
		return healthPart{"canary", true, "it has not been asked yet"}
	case f.Red:
		return healthPart{"canary", true, fmt.Sprintf("it fails %s, as it must", c.name)}
	}
	why := "it could not be judged; the log says why"
	if f.Err == nil {
		why = fmt.Sprintf("its result is %s", f.Shows)
	}
	return healthPart{"canary", false, fmt.Sprintf("the auditor is broken: the canary does not fail %s; %s", c.name, why)}
}

// shows is what messages tell of the canary.
func (c *canary) shows() notify.Canary {
	if c == nil {
		return notify.NoCanary
	}
	switch f := c.last.Load(); {
	case f == nil:
		return notify.NoCanary
	case f.Red:
		return notify.CanaryFails
	}
	return notify.CanaryPasses
}

// measure adds what /metrics has of the canary: nothing before it was asked.
func (c *canary) measure(t *taking) {
	if shown := c.shows(); shown != notify.NoCanary {
		t.add("wardround_canary", oneIf(shown == notify.CanaryFails))
	}
}
