package main

import (
	"context"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
)

// reload reads settings, catalog, baselines and certificates again, and has them
// hold from the next message of a device and the next round on. After an error
// all is as it was.
func (s *serving) reload(ctx context.Context) error {
	cfg, err := s.again()
	if err != nil {
		return err
	}
	before := s.e.live.Load()
	cfg, ignored := keepFixed(before.cfg, cfg)
	next, err := s.e.prepare(ctx, cfg, before)
	if err != nil {
		return err
	}
	if err := s.checkBaselines(ctx); err != nil {
		return err
	}
	if err := s.scheduler.reload(ctx, cfg); err != nil {
		return err
	}
	s.e.live.Store(next)
	if len(ignored) > 0 {
		s.e.logger.WarnContext(ctx, "settings that hold only after a restart were changed", "keys", strings.Join(ignored, ", "))
	}
	s.logDifference(ctx, before, next)
	return nil
}

// checkBaselines reads those that the next round judges by.
func (s *serving) checkBaselines(ctx context.Context) error {
	var req roundRequest
	if err := s.e.settleBaselines(ctx, &req); err != nil {
		return err
	}
	baselines, err := loadBaselines(req.Baselines)
	if err != nil {
		return err
	}
	for _, b := range baselines {
		s.e.logger.InfoContext(ctx, "baseline", "baseline", b.ID, "version", b.Version)
	}
	return nil
}

// reloaded tells how a reload ended.
func (s *serving) reloaded(ctx context.Context, err error) {
	if err != nil {
		s.meter.failedReloads.Add(1)
		s.e.logger.ErrorContext(ctx, "nothing was reloaded, all is as it was", "err", err)
		s.manager.ready("the last reload failed: " + oneLine(err))
		return
	}
	s.meter.reloads.Add(1)
	s.e.logger.InfoContext(ctx, "reloaded")
	s.manager.ready("serving devices on " + s.e.url)
}

// reloadable are the keys that SIGHUP changes, whole sections by their names.
// The others belong to what listens and what is open.
func reloadable() []string {
	return []string{
		"zone", "identity-ca", "retain", "push-rate", "loss-grace", "catalog", "app-management", "clinical-apps", "abm-token-expires",
		"rounds", "inspect", "blackout", "notify", "waiver-file", "max-waiver", "waiver-approval", "retain-bodies", "retain-history", "snapshot-path",
	}
}

// keepFixed returns next, and which keys it changes that SIGHUP does not.
func keepFixed(before, next Config) (Config, []string) {
	var changed []string
	old := before.settings()
	for i, s := range next.settings() {
		section, _, _ := strings.Cut(s.path, ".")
		if !slices.Contains(reloadable(), section) && !sameValue(old[i].value, s.value) {
			changed = append(changed, s.path)
		}
	}
	next.Dir, next.LogLevel, next.LogFormat = before.Dir, before.LogLevel, before.LogFormat
	next.Listen, next.MetricsListen, next.MDMListen = before.Listen, before.MetricsListen, before.MDMListen
	next.Attach, next.Canary = before.Attach, before.Canary
	next.HeadFile, next.HeadWebhook, next.HeadWebhookKeyFile, next.HeadWebhookKey = before.HeadFile, before.HeadWebhook, before.HeadWebhookKeyFile, before.HeadWebhookKey
	return next, changed
}

// logDifference says what a reload changed.
func (s *serving) logDifference(ctx context.Context, before, next *live) {
	log := s.e.logger
	old := before.cfg.settings()
	for i, now := range next.cfg.settings() {
		if !sameValue(old[i].value, now.value) {
			log.InfoContext(ctx, "setting changed", "key", now.path)
		}
	}
	c := next.catalog.Catalog()
	log.InfoContext(ctx, "catalog", "profiles", len(c.Profiles()), "problems", len(c.Problems()), "digest", c.Digest())
	for _, p := range c.Problems() {
		log.WarnContext(ctx, "a profile cannot be read", "path", p.Path, "why", p.Message)
	}
	for _, x := range next.expiries {
		if !slices.ContainsFunc(before.expiries, func(o checks.Expiry) bool { return o == x }) {
			log.InfoContext(ctx, "certificate", "what", x.What, "until", stamp(x.NotAfter))
		}
	}
	if before.pushes != next.pushes {
		log.InfoContext(ctx, "push", "possible", next.pushes)
	}
}
