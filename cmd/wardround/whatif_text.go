package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
)

// These keep what would change of any fleet on a few screens.
const (
	maxWhatifDevices = 40
	maxWhatifRounds  = 100
	maxWhatifTurns   = 6
)

// text says what would change, for people.
func (w *whatif) text() string {
	r := w.record()
	var b strings.Builder
	of := fmt.Sprintf("%s %s", r.Against.ID, r.Against.Version)
	if w.before == nil {
		of = "nothing"
	}
	fmt.Fprintf(&b, "What would change if %s %s took the place of %s\n", printable(r.Baseline.ID), printable(r.Baseline.Version), printable(of))
	fmt.Fprintf(&b, "as of %s, the last round; nothing was written\n", w.local(w.last().at))
	w.today(&b, r)
	w.requirementLines(&b, r)
	w.deviceLines(&b, r)
	w.pastLines(&b, r)
	w.lostLines(&b, r)
	return b.String()
}

func (w *whatif) local(t time.Time) string { return t.In(w.zone).Format("2006-01-02 15:04 MST") }

// today writes how the fleet stands by both.
func (w *whatif) today(b *strings.Builder, r whatifRecord) {
	now := r.Rounds[len(r.Rounds)-1]
	fmt.Fprintf(b, "\n  %-14s %8s %8s\n", "devices", "before", "after")
	for _, line := range []struct {
		name          string
		before, after int
	}{
		{"enrolled", now.Before.Enrolled, now.After.Enrolled},
		{"judged", now.Before.Judged, now.After.Judged},
		{"met", now.Before.Met, now.After.Met},
		{"not met", now.Before.NotMet, now.After.NotMet},
		{"undetermined", now.Before.Undetermined, now.After.Undetermined},
	} {
		fmt.Fprintf(b, "  %-14s %8d %8d\n", line.name, line.before, line.after)
	}
	b.WriteString("\n")
	if len(now.Totals) == 0 {
		if !slices.ContainsFunc(r.Devices, func(d whatifDeviceRecord) bool { return d.status() >= 0 }) {
			b.WriteString("No verdict would change.\n")
		}
		return
	}
	fmt.Fprintf(b, "Verdicts, of %d compared:\n", now.Verdicts)
	for _, kind := range whatifKinds() {
		if n := now.Totals[kind]; n > 0 {
			fmt.Fprintf(b, "  %-14s %8d\n", kind, n)
		}
	}
}

// requirementLines writes what would change by requirement.
func (w *whatif) requirementLines(b *strings.Builder, r whatifRecord) {
	head := false
	for _, q := range r.Requirements {
		if q.Change == "same" && len(q.Totals) == 0 {
			continue
		}
		if !head {
			b.WriteString("\nRequirements\n")
			head = true
		}
		fmt.Fprintf(b, "%s %s%s\n", changeMark(q.Change), printable(q.ID), requirementNote(q))
		switch q.Change {
		case "added":
			fmt.Fprintf(b, "    %s\n", resultsText(q.After))
		case "removed":
			fmt.Fprintf(b, "    was %s\n", resultsText(q.Before))
		}
		for _, kind := range whatifKinds() {
			if n := q.Totals[kind]; n > 0 && kind != whatifAdded && kind != whatifRemoved {
				fmt.Fprintf(b, "    %-14s %d\n", kind, n)
			}
		}
	}
}

// changeMark is the sign of a change, as 'baseline diff' has it.
func changeMark(change string) string {
	switch change {
	case "added":
		return "+"
	case "removed":
		return "-"
	}
	return "~"
}

func requirementNote(q whatifRequirementRecord) string {
	note := " (" + string(q.Level)
	if q.Severity != "" {
		note += ", " + string(q.Severity)
	}
	note += ")"
	if len(q.Fields) > 0 {
		note += " " + printable(strings.Join(q.Fields, ", "))
	}
	return note
}

// resultsText counts devices by result.
func resultsText(n map[checks.Result]int) string {
	if len(n) == 0 {
		return "judged on no device"
	}
	var parts []string
	all := 0
	for _, result := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%s %d", result, n[result]))
		all += n[result]
	}
	return fmt.Sprintf("%s, of %d", strings.Join(parts, ", "), all)
}

// deviceLines writes the devices whose status would be another.
func (w *whatif) deviceLines(b *strings.Builder, r whatifRecord) {
	type line struct {
		name, status string
		why          []string
	}
	var lines []line
	for _, d := range r.Devices {
		i := d.status()
		if i < 0 {
			continue
		}
		l := line{name: printable(cmp.Or(d.AssetTag, d.Serial, d.ID)), status: statusText(d.Statuses[i].Before) + " -> " + statusText(d.Statuses[i].After)}
		for _, t := range d.Verdicts {
			if t.Now && telling(t, d.Statuses[i].After) {
				l.why = append(l.why, printable(t.Requirement)+" "+turnText(t))
			}
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\nDevices whose status would change: %d of %d\n", len(lines), r.Rounds[len(r.Rounds)-1].Devices)
	for _, l := range lines[:min(len(lines), maxWhatifDevices)] {
		fmt.Fprintf(b, "  %-16s %s\n", l.name, l.status)
		for _, why := range l.why[:min(len(l.why), maxWhatifTurns)] {
			fmt.Fprintf(b, "    %s\n", why)
		}
		if rest := len(l.why) - maxWhatifTurns; rest > 0 {
			fmt.Fprintf(b, "    and %d more\n", rest)
		}
	}
	if rest := len(lines) - maxWhatifDevices; rest > 0 {
		fmt.Fprintf(b, "  and %d more; --format csv has all\n", rest)
	}
}

// status is the place of the status that would be another as_of; -1: it would
// not.
func (d whatifDeviceRecord) status() int {
	return slices.IndexFunc(d.Statuses, func(s whatifStatusRecord) bool { return s.Now })
}

// telling reports whether a verdict tells why a status is what it would be: of
// required rows what fails makes it not_met, and so on; what goes may be why it
// is better.
func telling(t whatifTurnRecord, status checks.Status) bool {
	required := t.Before.Level == checks.Required || t.After.Level == checks.Required
	switch {
	case !required:
		return false
	case status == checks.NotMet:
		return t.After.Result == checks.Fail
	case status == checks.Undetermined:
		return t.After.holdsBack()
	}
	return t.Before.holdsBack() && t.Before.Result != ""
}

// holdsBack reports whether a required row of that kind keeps a status from
// being met.
func (f whatifFoundRecord) holdsBack() bool {
	return f.Result != checks.Pass && f.Result != checks.NotApplicable && f.Reason != checks.ReasonAttested
}

func turnText(t whatifTurnRecord) string {
	switch t.Kind {
	case whatifAdded:
		return fmt.Sprintf("is new: %s (%s)", t.After.Result, t.After.Reason)
	case whatifRemoved:
		return fmt.Sprintf("goes: was %s (%s)", t.Before.Result, t.Before.Reason)
	case whatifLevel:
		return fmt.Sprintf("%s, %s -> %s", t.After.Result, t.Before.Level, t.After.Level)
	}
	if t.Before.Result == t.After.Result {
		return fmt.Sprintf("%s, %s -> %s", t.After.Result, t.Before.Reason, t.After.Reason)
	}
	return fmt.Sprintf("%s -> %s (%s)", t.Before.Result, t.After.Result, t.After.Reason)
}

func statusText(s checks.Status) string { return cmp.Or(string(s), "not assigned") }

// pastLines writes how the fleet would have stood.
func (w *whatif) pastLines(b *strings.Builder, r whatifRecord) {
	past := r.Rounds[:len(r.Rounds)-1]
	if len(past) == 0 {
		return
	}
	fmt.Fprintf(b, "\nThe last round of each day before, %d of them: what would have been found\n", len(past))
	fmt.Fprintf(b, "  %-22s %8s %14s %14s %14s %14s %14s\n", "round", "enrolled", "met", "not met", "undetermined", "newly failing", "not judged")
	shown := past[max(0, len(past)-maxWhatifRounds):]
	if rest := len(past) - len(shown); rest > 0 {
		fmt.Fprintf(b, "  %d earlier ones; --format csv has all\n", rest)
	}
	for i, m := range shown {
		at := w.moments[len(past)-len(shown)+i].at
		pair := func(before, after int) string { return fmt.Sprintf("%d -> %d", before, after) }
		fmt.Fprintf(b, "  %-22s %8d %14s %14s %14s %14d %14d\n", w.local(at), m.Devices, pair(m.Before.Met, m.After.Met), pair(m.Before.NotMet, m.After.NotMet),
			pair(m.Before.Undetermined, m.After.Undetermined), m.Totals[whatifNewlyFailing], m.NotJudgedAgain)
	}
	type line struct {
		id string
		n  map[whatifKind]int
	}
	var lines []line
	for _, q := range r.Requirements {
		if q.Past[whatifNewlyFailing]+q.Past[whatifFixed]+q.Past[whatifNewlyUnknown] > 0 {
			lines = append(lines, line{q.ID, q.Past})
		}
	}
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n  %-36s %14s %14s %14s\n", "devices in any of these rounds", "newly failing", "fixed", "newly unknown")
	for _, l := range lines {
		fmt.Fprintf(b, "  %-36s %14d %14d %14d\n", printable(l.id), l.n[whatifNewlyFailing], l.n[whatifFixed], l.n[whatifNewlyUnknown])
	}
}

// lostLines says what could not be judged again.
func (w *whatif) lostLines(b *strings.Builder, r whatifRecord) {
	n := r.NotJudgedAgain
	if n.DeviceRounds > 0 {
		fmt.Fprintf(b, "\nNot judged again, and not counted on either side: devices %d times, %d of them in the last round. The contents of %s that counted then are not kept any more; the newest was received last %s.\n",
			n.DeviceRounds, n.Devices, counted(n.PrunedAnswers, "answer"), w.local(w.lastPruned()))
	}
	if n.DroppedRounds > 0 {
		fmt.Fprintf(b, "\nOf %s the chain does not tell any more what they were judged from.\n", counted(n.DroppedRounds, "round"))
	}
}
