package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// A summary is what the text report keeps of a fleet while it passes by: no
// device, only groups of them.
type summary struct {
	zone         *time.Location // of the days that are told
	devices      int
	undetermined int // devices, for at least one baseline
	failing      tally
	open         tally
	advised      int // failing recommended rows
	advisedOn    int // devices that have some

	// Of the device that is being added.
	seen   map[row]bool // a row that two baselines share counts once
	openOf map[checks.Reason]int
}

func newSummary(zone *time.Location) *summary {
	return &summary{zone: zone, failing: newTally(), open: newTally(), seen: make(map[row]bool), openOf: make(map[checks.Reason]int)}
}

// add counts one device.
func (s *summary) add(d Device) {
	s.devices++
	for _, status := range d.Status {
		if status == checks.Undetermined {
			s.undetermined++
			break
		}
	}
	var worst *Verdict
	fails, advised := 0, 0
	clear(s.seen)
	clear(s.openOf)
	for i := range d.Verdicts {
		v := &d.Verdicts[i]
		key := row{v.Requirement, v.Level, v.Result, v.Reason}
		if s.seen[key] {
			continue
		}
		s.seen[key] = true
		switch {
		case v.Level == checks.Recommended && v.Result == checks.Fail:
			advised++
		case v.Level != checks.Required:
		case v.Result == checks.Fail:
			fails++
			if worst == nil || severityRank(v.Severity) > severityRank(worst.Severity) {
				worst = v
			}
		case holdsBack(v):
			s.openOf[v.Reason]++
			s.open.group(groupKey{reason: v.Reason}, v)
		}
	}
	s.advised += advised
	s.advisedOn += min(advised, 1)
	s.count(d, worst, fails)
}

// count enters the device in the groups that its verdicts fell into.
func (s *summary) count(d Device, worst *Verdict, fails int) {
	if worst != nil {
		var notes []string
		if fails > 1 {
			notes = append(notes, "+"+plural(fails-1, "row"))
		}
		note := joined(", ", append(notes, worst.Waiver.waived(s.zone))...)
		s.failing.devices++
		s.failing.group(groupKey{worst.Severity, worst.Requirement, worst.Reason}, worst).add(label(d, note), fails)
	}
	for reason, rows := range s.openOf {
		s.open.groups[groupKey{reason: reason}].add(label(d, ""), rows)
	}
	s.open.devices += min(len(s.openOf), 1)
}

type row struct {
	requirement string
	level       checks.Level
	result      checks.Result
	reason      checks.Reason
}

// holdsBack reports whether a required verdict keeps a device undetermined.
func holdsBack(v *Verdict) bool {
	switch v.Result {
	case checks.Unknown, checks.Error, checks.NotChecked:
		return v.Reason != checks.ReasonAttested
	}
	return false
}

// label names a device in a list: serial or id, and what it runs.
func label(d Device, note string) string {
	name := d.Serial
	if name == "" {
		name = d.ID
	}
	var about []string
	if d.Platform != checks.UnknownPlatform {
		about = append(about, strings.TrimSpace(string(d.Platform)+" "+plaintext.Clip(plaintext.Harmless(d.OS), 12)))
	}
	if note != "" {
		about = append(about, note)
	}
	name = plaintext.Clip(plaintext.Harmless(name), 40)
	if len(about) == 0 {
		return name
	}
	return name + " (" + strings.Join(about, ", ") + ")"
}

// A tally counts devices in groups.
type tally struct {
	groups  map[groupKey]*group
	devices int
}

type groupKey struct {
	severity    checks.Severity
	requirement string
	reason      checks.Reason
}

// A group is the devices that one row or reason applies to.
type group struct {
	groupKey
	message, next string
	devices, rows int
	names         []string // the first few
}

// keptNames is how many devices of a group can be named; a line has room for
// fewer.
const keptNames = 20

func newTally() tally { return tally{groups: map[groupKey]*group{}} }

// group returns the group of key, made in the words of v if it is new.
func (t *tally) group(key groupKey, v *Verdict) *group {
	g, ok := t.groups[key]
	if !ok {
		g = &group{groupKey: key, message: v.Message, next: v.NextStep}
		t.groups[key] = g
	}
	return g
}

func (g *group) add(name string, rows int) {
	g.devices++
	g.rows += rows
	if len(g.names) < keptNames {
		g.names = append(g.names, name)
	}
}

// list names as many devices as fit into width, but one at least, and counts
// the others.
func (g *group) list(width int) string {
	out := ""
	for i, name := range g.names {
		rest := more(g.devices - i - 1)
		if i == 0 {
			out = plaintext.Clip(name, max(width-len(rest), 16))
			continue
		}
		next := out + ", " + name
		if utf8.RuneCountInString(next)+len(rest) > width {
			return out + more(g.devices-i)
		}
		out = next
	}
	return out + more(g.devices-len(g.names))
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// bySeverity lists the groups, the worst and largest first.
func (t *tally) bySeverity() []*group {
	return t.sorted(func(a, b *group) int {
		return cmp.Or(severityRank(b.severity)-severityRank(a.severity), b.devices-a.devices)
	})
}

// byCount lists the groups, the largest first.
func (t *tally) byCount() []*group {
	return t.sorted(func(a, b *group) int { return b.devices - a.devices })
}

func (t *tally) sorted(order func(a, b *group) int) []*group {
	out := make([]*group, 0, len(t.groups))
	for _, g := range t.groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *group) int {
		return cmp.Or(order(a, b), cmp.Compare(a.requirement, b.requirement), cmp.Compare(a.reason, b.reason))
	})
	return out
}

func count(groups []*group) int {
	n := 0
	for _, g := range groups {
		n += g.devices
	}
	return n
}
