package main

import (
	"fmt"
	"io"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/jobs"
)

const (
	defaultRoundWait  = 2 * time.Hour
	defaultRoundQuiet = 2 * time.Minute
)

// plannedRounds are the rounds of the settings.
func (c Config) plannedRounds() ([]*jobs.Plan, error) {
	zone, err := c.zone()
	if err != nil {
		return nil, err
	}
	schedules := make([]jobs.Schedule, 0, len(c.Rounds))
	for _, r := range c.Rounds {
		s := jobs.Schedule{Name: r.Name, Cron: r.Cron, Zone: r.Zone, Groups: r.Groups, Baselines: r.Baselines, Blackout: r.Blackout, Jitter: r.Jitter}
		if s.Zone == "" {
			s.Zone = zone.String()
		}
		if len(s.Blackout) == 0 {
			s.Blackout = c.Blackout
		}
		schedules = append(schedules, s)
	}
	plans, err := jobs.ParseSchedules(schedules)
	if err != nil {
		return nil, usage(fmt.Errorf("rounds: %w", err), "")
	}
	return plans, nil
}

// timetable is what serve does at which times: the rounds, and the upkeep.
func (c Config) timetable() (jobs.Timetable, error) {
	rounds, err := c.plannedRounds()
	if err != nil {
		return nil, err
	}
	zone, err := c.zone()
	if err != nil {
		return nil, err
	}
	table := jobs.Timetable{jobs.Round: rounds}
	for kind, s := range map[jobs.Kind]jobs.Schedule{
		jobs.Upkeep: {Cron: "17 3 * * *", Zone: zone.String()}, jobs.Snapshot: {Cron: "37 3 * * *", Zone: zone.String()}, jobs.Head: {Cron: "47 3 * * *", Zone: zone.String()},
		jobs.Digest: {Cron: "*/2 * * * *"}, // in UTC, which has no hour twice
	} {
		s.Name = string(kind)
		if table[kind], err = jobs.ParseSchedules([]jobs.Schedule{s}); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// lintRounds warns of rounds that come too seldom for what they judge by.
func (c Config) lintRounds(plans []*jobs.Plan, now time.Time) []string {
	var warnings []string
	for _, w := range jobs.Lint(plans, shortestAge, now) {
		warnings = append(warnings, w.String())
	}
	if text := jobs.TZWarning(); text != "" && len(plans) > 0 {
		warnings = append(warnings, text)
	}
	return warnings
}

// shortestAge is the shortest max_age of baselines; of what cannot be read, which
// other messages tell of, nothing is known.
func shortestAge(names []string) time.Duration {
	var shortest time.Duration
	baselines, err := loadBaselines(names)
	if err != nil {
		return 0
	}
	for _, b := range baselines {
		for _, r := range b.Requirements {
			if age := r.MaxAge; age > 0 && r.Level == checks.Required && (shortest == 0 || age < shortest) {
				shortest = age
			}
		}
	}
	return shortest
}

// writeUpcoming prints the next runs, on the clock of each plan and in UTC.
func writeUpcoming(out io.Writer, plans []*jobs.Plan, now time.Time) {
	const layout = "Mon 2006-01-02 15:04"
	for _, p := range plans {
		for i, at := range p.Next(now, 2) {
			name := p.Name()
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(out, "round     %-12s %s %s (%s UTC)\n", name, at.In(p.Zone()).Format(layout), p.Zone(), at.UTC().Format(layout))
		}
	}
	if len(plans) > 0 {
		version, _ := jobs.TZData()
		fmt.Fprintf(out, "zones     %s\n", version)
	}
}
