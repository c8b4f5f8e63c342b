package main

import (
	"context"
	"reflect"
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
	baselines, err := s.e.checkBaselines(ctx, cfg)
	if err != nil {
		return err
	}
	if err := s.scheduler.reload(ctx, cfg); err != nil {
		return err
	}
	s.e.live.Store(next)
	for _, b := range baselines {
		s.e.logger.InfoContext(ctx, "baseline", "baseline", b.ID, "version", b.Version)
	}
	if len(ignored) > 0 {
		s.e.logger.WarnContext(ctx, "settings that hold only after a restart were changed", "keys", strings.Join(ignored, ", "))
	}
	s.logDifference(ctx, before, next)
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

// fixed are the settings that SIGHUP does not change: they belong to what listens
// and what is open.
func (c *Config) fixed() []any {
	return []any{
		&c.Dir, &c.LogLevel, &c.LogFormat, &c.Listen, &c.MetricsListen, &c.MDMListen, &c.Attach, &c.Canary,
		&c.HeadFile, &c.HeadWebhook, &c.HeadWebhookKeyFile, &c.HeadWebhookKey,
	}
}

// keepFixed returns next with the fixed settings as they were before, and which
// keys it would have changed.
func keepFixed(before, next Config) (Config, []string) {
	kept := next
	old := before.fixed()
	for i, setting := range kept.fixed() {
		reflect.ValueOf(setting).Elem().Set(reflect.ValueOf(old[i]).Elem())
	}
	var changed []string
	wanted := next.settings()
	for i, s := range kept.settings() {
		if !sameValue(s.value, wanted[i].value) {
			changed = append(changed, s.path)
		}
	}
	return kept, changed
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
