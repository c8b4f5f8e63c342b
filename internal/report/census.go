package report

import (
	"fmt"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// A census is what the devices of a report add up to, made anew from their rows.
type census struct {
	devices   int
	verdicts  int
	results   map[checks.Result]int
	headlines map[string]*Headline // by baseline; without expected, asked and answered
}

func newCensus() *census {
	return &census{results: map[checks.Result]int{}, headlines: map[string]*Headline{}}
}

// add counts one device.
func (c *census) add(d *Device) {
	c.devices++
	c.verdicts += len(d.Verdicts)
	judged := map[string]bool{}
	for i := range d.Verdicts {
		v := &d.Verdicts[i]
		c.results[v.Result]++
		if v.Level == checks.Required && (v.Result == checks.Pass || v.Result == checks.Fail) {
			judged[v.Baseline] = true
		}
	}
	for id, status := range d.Status {
		h := c.headlines[id]
		if h == nil {
			h = &Headline{}
			c.headlines[id] = h
		}
		h.Enrolled++
		if judged[id] {
			h.Judged++
		}
		switch status {
		case checks.Met:
			h.Met++
		case checks.NotMet:
			h.NotMet++
		case checks.Undetermined:
			h.Undetermined++
		}
	}
}

// check holds each headline against what was counted: what decides an exit
// status must not contradict what the report shows.
func (c *census) check(baselines []Baseline) error {
	for _, b := range baselines {
		counted := c.headlines[b.ID]
		if counted == nil {
			counted = &Headline{}
		}
		for _, n := range []struct {
			what           string
			claimed, found int
		}{
			{string(checks.Met), b.Headline.Met, counted.Met},
			{string(checks.NotMet), b.Headline.NotMet, counted.NotMet},
			{string(checks.Undetermined), b.Headline.Undetermined, counted.Undetermined},
			{"enrolled", b.Headline.Enrolled, counted.Enrolled},
			{"judged", b.Headline.Judged, counted.Judged},
		} {
			if n.claimed != n.found {
				return fmt.Errorf("baseline %q: its headline counts %d devices as %s, and %d are in the report", plaintext.Clip(plaintext.Harmless(b.ID), 60), n.claimed, n.what, n.found)
			}
		}
	}
	return nil
}
