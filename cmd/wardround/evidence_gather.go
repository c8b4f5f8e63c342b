package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/evidence"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/internal/store"
)

// gather collects what was known of a device by the round.
func (x *exporter) gather(ctx context.Context, recorded checks.DeviceResult) (evidence.Device, []evidence.Observation, error) {
	id := recorded.Subject.ID
	d := judge.Device{ID: id, Asset: recorded.Subject.Asset}
	for _, o := range x.asked[id] {
		d.Unanswered = append(d.Unanswered, judge.Question{Query: o.Query, NotNow: o.NotNow > 0})
	}
	for _, e := range recorded.Expiring {
		if slices.Contains([]string{checks.PushCertificate, checks.IdentityAuthority, checks.ABMToken}, e.What) {
			d.Server = append(d.Server, e)
		}
	}
	seen, err := x.chain.Seen(ctx, id)
	if err != nil {
		return evidence.Device{}, nil, err
	}
	var all []store.Observation
	err = x.state.EachObserved(ctx, id, func(o store.Observation) error {
		if o.Evidence.ID <= x.head.Through {
			all = append(all, o)
		}
		return nil
	})
	if err != nil {
		return evidence.Device{}, nil, err
	}
	answers, err := x.asOf(ctx, all, seen)
	return evidence.DeviceOf(d), answers, err
}

// asOf tells which of the observations counted in the round, and when each had
// been received last by then.
func (x *exporter) asOf(ctx context.Context, all []store.Observation, seen []store.Seen) ([]evidence.Observation, error) {
	judged := make(map[int64]bool)
	for _, o := range store.JudgedBy(all) {
		judged[o.Evidence.ID] = true
	}
	var answers []evidence.Observation
	for _, o := range all {
		past := !judged[o.Evidence.ID]
		if past && (x.since.IsZero() || o.Last.Before(x.since)) {
			continue
		}
		if o.Last.After(x.endOfSecond()) {
			o.Last = lastSeen(o, seen, x.head.Now)
		}
		e, err := x.state.EvidenceByDigest(ctx, o.Evidence.SHA256)
		if err != nil {
			return nil, err
		}
		if o.Evidence.Body = e.Body; len(e.Body) == 0 && sha256.Sum256(nil) != o.Evidence.SHA256 {
			continue // pruned
		}
		line := evidence.ObservationOf(judge.Observation{Evidence: o.Evidence, Since: o.Since, Last: o.Last})
		line.Past = past
		answers = append(answers, line)
	}
	return answers, nil
}

// lastSeen is when an observation that came again since the round had come last
// by then.
func lastSeen(o store.Observation, seen []store.Seen, asOf time.Time) time.Time {
	for _, s := range seen {
		if s.SHA256 == o.Evidence.SHA256 && s.Query == o.Evidence.Query && s.Status == o.Evidence.Status && s.Enrollment.ID == o.Evidence.Enrollment.ID {
			asOf = s.Last
			break
		}
	}
	if o.Since.After(asOf) {
		return o.Since
	}
	return asOf
}

// sameVerdicts compares verdicts as a report has them; of redacted ones their
// results and reasons.
func sameVerdicts(a, b checks.DeviceResult, now time.Time, redacted bool) (bool, error) {
	text := func(d checks.DeviceResult) (string, error) {
		verdicts := slices.Clone(d.Verdicts)
		for i, v := range verdicts {
			verdicts[i] = v.AsOf(now)
			if redacted {
				verdicts[i] = checks.Verdict{Baseline: v.Baseline, Requirement: v.Requirement, Result: v.Result, Reason: v.Reason, Assurance: v.Assurance}
			}
		}
		data, err := json.Marshal(report.NewDevice(checks.DeviceResult{Verdicts: verdicts}).Verdicts)
		return string(data), err
	}
	left, err := text(a)
	if err != nil {
		return false, err
	}
	right, err := text(b)
	return left == right, err
}
