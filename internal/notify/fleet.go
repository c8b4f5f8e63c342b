package notify

import (
	"maps"
	"slices"

	"github.com/wardround/wardround/checks"
)

// fleet tells what changed of all: the canary, losses, coverage, and what ends
// for many at once.
func (c *comparison) fleet() error {
	was := c.known.fleet
	now := fleetMemory{
		Through: c.after.At.UnixNano(), Told: make(map[string]int), Coverage: make(map[string]float64), Lost: c.after.Lost > 0, Canary: c.after.Canary,
	}
	if c.after.Canary == CanaryPasses && was.Canary != CanaryPasses {
		c.tell(Event{Kind: CanaryGreen, Severity: checks.High, Since: c.after.At})
	}
	if now.Lost && !was.Lost {
		c.tell(Event{Kind: Loss, Severity: checks.Medium, Since: c.after.At, Count: c.after.Lost})
	}
	for _, b := range c.after.baselines {
		now.Coverage[b.id] = b.coverage()
		if before, ok := was.Coverage[b.id]; ok {
			c.coverage(b, before)
		}
	}
	for _, x := range c.after.Server {
		c.ends(Event{Kind: CertificateExpiring, What: x.What, Until: x.NotAfter}, was.Told, now.Told)
	}
	for _, id := range slices.Sorted(maps.Keys(c.after.waivers)) {
		w := c.after.waivers[id]
		r := c.after.rules[w.rule]
		c.ends(Event{
			Kind: WaiverExpiring, What: id, Until: w.until, Count: w.devices, Groups: w.groups,
			Baseline: r.baseline, Requirement: r.requirement, Title: c.after.title(r.ruleKey),
		}, was.Told, now.Told)
	}
	carry(was.Told, now.Told, c.after.At)
	return c.known.putFleet(now)
}

// coverage is the share of the devices that were to be judged and were.
func (b baseline) coverage() float64 {
	if b.wanted == 0 {
		return 1
	}
	return float64(b.judged) / float64(b.wanted)
}

// coverage tells of a share that fell.
func (c *comparison) coverage(b baseline, before float64) {
	now := b.coverage()
	const rounding = 1e-9
	fell := before-now > rounding && before-now >= c.drop-rounding
	if fell || now < c.minCoverage && before >= c.minCoverage {
		c.tell(Event{Kind: CoverageDropped, Baseline: b.id, Severity: checks.Medium, Since: c.after.At, Count: b.judged, Of: b.wanted})
	}
}

// ends tells of something that many need and that is about to end.
func (c *comparison) ends(e Event, told, now map[string]int) {
	level := c.warning(e.Until, c.after.At)
	if level == 0 {
		return
	}
	key := expiryKey(e.What, e.Until)
	before := told[key]
	now[key] = max(level, before)
	if level > before {
		e.Severity = c.urgency(level)
		c.tell(e)
	}
}
