package report

import (
	"context"
	"time"

	"github.com/wardround/wardround/checks"
)

// A Source is what a report is written from, read at a time: past its
// FreshUntil a verdict comes as unknown/stale. store.Results is one.
type Source interface {
	// BaselineResults returns each baseline with its headline.
	BaselineResults(ctx context.Context, now time.Time) ([]checks.BaselineResult, error)

	// EachDevice calls f with each device in order of id, until f errs.
	EachDevice(ctx context.Context, now time.Time, f func(checks.DeviceResult) error) error

	// Problems lists what could not be read or used.
	Problems(ctx context.Context) ([]checks.Problem, error)

	// AsOf is when the verdicts were judged, and by which version.
	AsOf(ctx context.Context) (at time.Time, tool string, err error)
}

// Build collects a report as it reads at now, with those devices that only is
// true of; nil: all. What is collected is in memory: about 30 kB a device with 40
// verdicts.
func Build(ctx context.Context, src Source, now time.Time, only func(Device) bool) (*Document, error) {
	in, err := Open(ctx, src, now)
	if err != nil {
		return nil, err
	}
	doc := in.head
	err = in.each(nil, func(d Device) error {
		if only == nil || only(d) {
			doc.Devices = append(doc.Devices, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &doc, nil
}
