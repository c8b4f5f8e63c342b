package main

import (
	"context"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/report"
)

// A checkedFleet is a fleet judged from files: a report's source that keeps
// nothing.
type checkedFleet struct {
	at       time.Time
	fleet    *judge.Fleet
	devices  []checks.DeviceResult
	problems []checks.Problem
	expected func(devices []checks.DeviceResult) int // how many ought to be there; nil: those that are
}

var _ report.Source = (*checkedFleet)(nil)

func (c *checkedFleet) add(o judge.Outcome) {
	c.fleet.Add(o.Result)
	c.devices = append(c.devices, o.Result)
}

func (c *checkedFleet) problem(path, code, message string) {
	c.problems = append(c.problems, checks.Problem{Path: path, Code: code, Message: message})
}

// BaselineResults returns each baseline's headline and organisation rows.
func (c *checkedFleet) BaselineResults(_ context.Context, now time.Time) ([]checks.BaselineResult, error) {
	results := c.fleet.Results(now)
	for i := range results {
		if c.expected != nil {
			results[i].Headline.Expected = c.expected(c.devices)
		}
	}
	return results, nil
}

// EachDevice calls f with each device, in order of id.
func (c *checkedFleet) EachDevice(_ context.Context, _ time.Time, f func(checks.DeviceResult) error) error {
	for _, d := range c.devices {
		if err := f(d); err != nil {
			return err
		}
	}
	return nil
}

// Problems lists what could not be read, and what was assumed.
func (c *checkedFleet) Problems(context.Context) ([]checks.Problem, error) {
	return slices.Concat(c.problems, c.fleet.Problems()), nil
}

// AsOf is the time the fleet was judged at.
func (c *checkedFleet) AsOf(context.Context) (time.Time, string, error) {
	return c.at, toolVersion(), nil
}
