package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
)

// The form of `changes --format json`.
type (
	deedsRecord struct {
		Schema        string         `json:"schema"`
		Since         string         `json:"since"` // empty: from the beginning
		Until         string         `json:"until"`
		Changes       []deedRecord   `json:"changes"` // in order of time
		Totals        map[string]int `json:"totals"`  // by kind
		DroppedRounds int            `json:"dropped_rounds"`
	}
	deedRecord struct {
		At         string             `json:"at"`
		Kind       string             `json:"kind"`
		Action     string             `json:"action"`
		Actor      string             `json:"actor"` // pseudonym; empty: not recorded
		You        bool               `json:"you"`
		What       string             `json:"what"`
		Entry      int64              `json:"entry"` // in the chain; 0: it waits for the next round
		Details    map[string]string  `json:"details"`
		Difference *checks.Difference `json:"difference,omitempty"`
	}
)

func (all *deeds) json() deedsRecord {
	r := deedsRecord{
		Schema: "wardround.acts/v1", Since: stamp(all.since), Until: stamp(all.until), Changes: []deedRecord{}, Totals: all.totals(), DroppedRounds: all.dropped,
	}
	for _, d := range all.list {
		record := deedRecord{stamp(d.at), d.kind, d.action, d.actor, d.you, d.what, d.entry, d.details, d.difference}
		if record.Details == nil {
			record.Details = map[string]string{}
		}
		r.Changes = append(r.Changes, record)
	}
	return r
}

func (all *deeds) totals() map[string]int {
	n := make(map[string]int)
	for _, d := range all.list {
		n[d.kind]++
	}
	return n
}

// lines are what differs of a baseline, a line each.
func (d *deed) lines() []string {
	if d.difference == nil {
		return nil
	}
	_, text, _ := strings.Cut(diffText(*d.difference), "\n")
	return slices.Collect(strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n"))
}

// maxDeedLines keeps one baseline from filling the screens.
const maxDeedLines = 60

// text lists the deeds for people.
func (all *deeds) text() string {
	local := func(t time.Time) string { return t.In(all.zone).Format("2006-01-02 15:04 MST") }
	var b strings.Builder
	from := "the beginning"
	if !all.since.IsZero() {
		from = local(all.since)
	}
	fmt.Fprintf(&b, "What was done from %s to %s\n", from, local(all.until))
	if len(all.list) == 0 {
		b.WriteString("Nothing was.\n")
	}
	for _, d := range all.list {
		entry := fmt.Sprintf("entry %d", d.entry)
		if d.entry == 0 {
			entry = "waits for the next round"
		}
		who := cmp.Or(d.actor, "nobody who was recorded")
		if d.you {
			who += " (you)"
		}
		fmt.Fprintf(&b, "\n%s  %s %s, by %s, %s\n", local(d.at), d.kind, printable(d.action), printable(who), entry)
		if d.what != "" {
			fmt.Fprintf(&b, "  %s\n", printable(d.what))
		}
		lines := d.lines()
		for _, line := range lines[:min(len(lines), maxDeedLines)] {
			fmt.Fprintf(&b, "    %s\n", printable(line))
		}
		if rest := len(lines) - maxDeedLines; rest > 0 {
			fmt.Fprintf(&b, "    and %d more; --format json has all\n", rest)
		}
	}
	if all.dropped > 0 {
		fmt.Fprintf(&b, "\nOf %s the chain does not tell any more by what they were judged.\n", counted(all.dropped, "round"))
	}
	return b.String()
}

// csv writes a row for each deed, and of a changed baseline one for each line
// that differs.
func (all *deeds) csv(out io.Writer) error {
	rows := newCSVRows(out)
	rows.row("record", "at", "kind", "action", "actor", "you", "entry", "what")
	for _, d := range all.list {
		head := []string{stamp(d.at), d.kind, d.action, d.actor, fmt.Sprint(d.you), fmt.Sprint(d.entry)}
		rows.row(slices.Concat([]string{"change"}, head, []string{d.what})...)
		for _, line := range d.lines() {
			rows.row(slices.Concat([]string{"difference"}, head, []string{line})...)
		}
	}
	return rows.end()
}
