package jobs

import (
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strconv"
	"time"
)

const (
	// maxJitter bounds the jitter of a schedule.
	maxJitter = 24 * time.Hour
	// maxName bounds the name of a schedule, in bytes.
	maxName = 64
	// lookBack is how much earlier than a run its time on the wall can be, besides
	// jitter: a blackout of a day, and clocks that go forward.
	lookBack = 48 * time.Hour
)

// A Schedule says when something is done, and for a round, to what.
type Schedule struct {
	// Name tells schedules apart in logs, metrics and jobs.db. Up to 64 bytes.
	Name string
	// Cron is minute, hour, day of month, month and day of week as in crontab(5),
	// or @hourly, @daily, @weekly, @monthly.
	Cron string
	// Zone is the time zone of Cron and Blackout: a name of the IANA database, or a
	// fixed offset as UTC-7 or -07:00. Default: UTC.
	Zone string
	// Groups are the inventory groups to ask. Default: all devices.
	Groups []string
	// Baselines are what to judge by. Default: those of the last round.
	Baselines []string
	// Blackout lists times of day, as 22:00-06:00, in which nothing begins: what
	// falls in them begins at their end.
	Blackout []string
	// Jitter delays each run by less than it, the same run always by the same.
	// Never so far as the next run. At most a day.
	Jitter time.Duration
}

// A Plan is a Schedule that was understood. It is safe for concurrent use.
type Plan struct {
	schedule Schedule
	cron     cron
	zone     *time.Location
	blackout blackout
}

// ParseSchedules understands schedules, or errs with all that is wrong with them,
// each by its schedule's name and with what to write instead. Names must differ.
func ParseSchedules(schedules []Schedule) ([]*Plan, error) {
	plans := make([]*Plan, 0, len(schedules))
	seen := make(map[string]bool, len(schedules))
	var errs []error
	for i, s := range schedules {
		if s.Name == "" || len(s.Name) > maxName {
			errs = append(errs, fmt.Errorf("schedule %d: give it a name of 1 to %d bytes", i+1, maxName))
			continue
		}
		if seen[s.Name] {
			errs = append(errs, fmt.Errorf("schedule %q: the name comes twice; give each its own", s.Name))
			continue
		}
		seen[s.Name] = true
		plan, err := parseSchedule(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("schedule %q: %w", s.Name, err))
			continue
		}
		plans = append(plans, plan)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return plans, nil
}

func parseSchedule(s Schedule) (*Plan, error) {
	expression, errCron := parseCron(s.Cron)
	if errCron != nil {
		errCron = fmt.Errorf("cron: %w", errCron)
	}
	zone, errZone := parseZone(s.Zone)
	hours, errBlackout := parseBlackout(s.Blackout)
	var errJitter error
	if s.Jitter < 0 || s.Jitter > maxJitter {
		errJitter = fmt.Errorf("jitter %s: write a time from 0s to %s", s.Jitter, maxJitter)
	}
	if err := errors.Join(errCron, errZone, errBlackout, errJitter); err != nil {
		return nil, err
	}
	s.Groups, s.Baselines, s.Blackout = slices.Clone(s.Groups), slices.Clone(s.Baselines), slices.Clone(s.Blackout)
	return &Plan{schedule: s, cron: expression, zone: zone, blackout: hours}, nil
}

// Name is the schedule's.
func (p *Plan) Name() string { return p.schedule.Name }

// Schedule is what the plan was made of.
func (p *Plan) Schedule() Schedule { return p.schedule }

// Zone is the time zone in which the plan reckons.
func (p *Plan) Zone() *time.Location { return p.zone }

// Next lists the next n runs after a time, in the plan's zone. There are fewer
// only if the calendar has no more.
//
// A time of day that is left out as clocks go forward is the moment at which they
// do; one that comes twice as they go back is the first. A run in blackout hours
// is at their end. Runs that so come together are one.
func (p *Plan) Next(after time.Time, n int) []time.Time {
	var runs []time.Time
	if n <= 0 {
		return nil
	}
	for run := range p.runs(after) {
		if runs = append(runs, run); len(runs) == n {
			break
		}
	}
	return runs
}

// Clear is t if something may begin then, else the end of the blackout hours.
func (p *Plan) Clear(t time.Time) time.Time { return p.blackout.clear(t, p.zone) }

// runs yields the runs after a time, each later than the one before.
func (p *Plan) runs(after time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		last := after
		for base, next := range p.bases(after) {
			run := p.Clear(base.Add(p.delay(base, next)))
			if !run.After(last) {
				continue
			}
			if last = run; !yield(run.In(p.zone)) {
				return
			}
		}
	}
}

// bases yields the times of the expression, out of blackout hours, each with the
// one after it, from early enough to have all whose runs are after a time.
func (p *Plan) bases(after time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(base, next time.Time) bool) {
		var base time.Time
		for wall := range p.cron.walls(onWall(after.Add(-lookBack-p.schedule.Jitter), p.zone)) {
			next := p.Clear(instant(wall, p.zone))
			if base.Equal(next) { // brought together by blackout hours or a change of clocks
				continue
			}
			if !base.IsZero() && !yield(base, next) {
				return
			}
			base = next
		}
	}
}

// delay is the jitter of one run: as if by chance, but the same at each reckoning,
// and less than what is left until the next.
func (p *Plan) delay(base, next time.Time) time.Duration {
	most := min(p.schedule.Jitter, next.Sub(base)) / time.Second
	if most <= 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(p.schedule.Name + "\x00" + strconv.FormatInt(base.Unix(), 10))) // never errs
	return time.Duration(mixed(h.Sum64())%uint64(most)) * time.Second
}

// mixed spreads what FNV leaves alike for texts that differ in their last digit
// (the finalizer of SplitMix64).
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// latest is the last run in (after, until], or zero.
func (p *Plan) latest(after, until time.Time) time.Time {
	var last time.Time
	for run := range p.runs(after) {
		if run.After(until) {
			break
		}
		last = run
	}
	return last
}

// terms tell one timetable from another under the same name.
func (p *Plan) terms() string {
	s := p.schedule
	return fmt.Sprintf("%q %q %q %s", s.Cron, s.Zone, s.Blackout, s.Jitter)
}
