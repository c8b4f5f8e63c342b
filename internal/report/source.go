package report

import (
	"context"
	"fmt"
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

// A feed is a report on its way to a writer: all but the devices, which come
// one at a time so that a large fleet need not be held.
type feed struct {
	head Document // its Devices are not used
	each func(f func(Device) error) error
}

// feed gives the document's parts to a writer.
func (d *Document) feed() feed {
	return feed{head: *d, each: func(f func(Device) error) error {
		for _, device := range d.Devices {
			if err := f(device); err != nil {
				return err
			}
		}
		return nil
	}}
}

// open reads all but the devices from src.
func open(ctx context.Context, src Source, now time.Time) (feed, error) {
	judged, version, err := src.AsOf(ctx)
	if err != nil {
		return feed{}, fmt.Errorf("read when results were judged: %w", err)
	}
	// A clock that was set back does not date a report before its judging.
	if judged.After(now) {
		now = judged
	}
	baselines, err := src.BaselineResults(ctx, now)
	if err != nil {
		return feed{}, fmt.Errorf("read results of baselines: %w", err)
	}
	problems, err := src.Problems(ctx)
	if err != nil {
		return feed{}, fmt.Errorf("read problems: %w", err)
	}
	head := Document{
		Schema:    Schema,
		AsOf:      stamp(now),
		Tool:      Tool{Name: "wardround", Version: text(version)},
		Baselines: collect(baselines, newBaseline),
		Devices:   []Device{},
		Problems:  collect(problems, newProblem),
	}
	each := func(f func(Device) error) error {
		err := src.EachDevice(ctx, now, func(r checks.DeviceResult) error { return f(NewDevice(r)) })
		if err != nil {
			return fmt.Errorf("read results of devices: %w", err)
		}
		return nil
	}
	return feed{head: head, each: each}, nil
}

// Build collects a report as it reads at now. The whole fleet is then in
// memory: about 30 kB a device with 40 verdicts.
func Build(ctx context.Context, src Source, now time.Time) (*Document, error) {
	in, err := open(ctx, src, now)
	if err != nil {
		return nil, err
	}
	doc := in.head
	err = in.each(func(d Device) error {
		doc.Devices = append(doc.Devices, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &doc, nil
}
