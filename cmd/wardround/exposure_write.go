package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/exposure"
)

type exposureDocument struct {
	Schema   string           `json:"schema"`
	Baseline string           `json:"baseline"`
	Since    string           `json:"since"` // empty: from each device's first answer
	SinceWhy string           `json:"since_is"`
	AsOf     string           `json:"as_of"`
	Devices  []exposedDevice  `json:"devices"`
	Totals   []exposureTotals `json:"totals"`
}

type exposedDevice struct {
	Device      string            `json:"device"`
	Serial      string            `json:"serial"`
	AssetTag    string            `json:"asset_tag"`
	Site        string            `json:"site"`
	Ward        string            `json:"ward"`
	Group       string            `json:"group"`
	Requirement string            `json:"requirement"`
	NoEvidence  *exposureGap      `json:"no_evidence"` // null: there is none such
	Segments    []exposureSegment `json:"segments"`
}

type exposureSegment struct {
	LowerFrom  string        `json:"lower_from"` // empty: never seen so
	LowerTo    string        `json:"lower_to"`
	LowerHours float64       `json:"lower_hours"`
	UpperFrom  string        `json:"upper_from"`
	UpperTo    string        `json:"upper_to"`
	UpperHours float64       `json:"upper_hours"`
	Ended      string        `json:"ended"`
	Gaps       []exposureGap `json:"gaps"`
}

type exposureGap struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

type exposureTotals struct {
	Requirement     string   `json:"requirement"`
	Devices         int      `json:"devices"`
	Exposed         int      `json:"devices_not_shown_in_force"`
	Segments        int      `json:"segments"`
	Open            int      `json:"open"`
	LowerHours      float64  `json:"lower_device_hours"`
	UpperHours      float64  `json:"upper_device_hours"`
	NoEvidenceHours float64  `json:"no_evidence_device_hours"`
	ToAttest        []string `json:"groups_to_attest"`
}

// stampOf is empty for the zero time.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func gapRecord(g exposure.Gap) exposureGap {
	return exposureGap{stampOf(g.From), stampOf(g.To), string(g.Reason)}
}

func segmentRecord(s exposure.Segment) exposureSegment {
	r := exposureSegment{
		stampOf(s.LowerFrom), stampOf(s.LowerTo), s.Lower.Hours(), stampOf(s.UpperFrom), stampOf(s.UpperTo), s.Upper().Hours(), string(s.Ended), []exposureGap{},
	}
	for _, g := range s.Gaps {
		r.Gaps = append(r.Gaps, gapRecord(g))
	}
	return r
}

func (l *ledger) totalRecords() []exposureTotals {
	all := []exposureTotals{}
	for _, requirement := range l.requirements() {
		t := l.totals(requirement)
		all = append(all, exposureTotals{
			requirement, t.devices, t.exposed, t.segments, t.open, t.lower.Hours(), t.upper.Hours(), t.without.Hours(), slices.Sorted(maps.Keys(t.groups)),
		})
	}
	return all
}

func (l *ledger) writeJSON(w io.Writer) error {
	doc := exposureDocument{
		Schema: "wardround.exposure/v1", Baseline: l.baseline, Since: stampOf(l.since), SinceWhy: l.sinceWhy, AsOf: stampOf(l.asOf),
		Devices: []exposedDevice{}, Totals: l.totalRecords(),
	}
	for _, e := range l.entries {
		d := exposedDevice{
			Device: e.DeviceID, Serial: e.Serial, AssetTag: e.AssetTag, Site: e.Site, Ward: e.Ward, Group: e.Group, Requirement: e.Requirement,
			Segments: []exposureSegment{},
		}
		if !e.NoEvidence.From.IsZero() {
			gap := gapRecord(e.NoEvidence)
			d.NoEvidence = &gap
		}
		for _, s := range e.Segments {
			d.Segments = append(d.Segments, segmentRecord(s))
		}
		doc.Devices = append(doc.Devices, d)
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(doc)
}

// writeCSV writes a row a segment, one for each stretch without evidence, and
// the totals at the end.
func (l *ledger) writeCSV(w io.Writer) error {
	rows := newCSVRows(w)
	rows.row("record", "device", "serial", "asset_tag", "site", "ward", "group", "baseline", "requirement",
		"lower_from", "lower_to", "lower_hours", "upper_from", "upper_to", "upper_hours", "ended", "gaps")
	for _, e := range l.entries {
		about := func(record string) []string {
			return []string{record, e.DeviceID, e.Serial, e.AssetTag, e.Site, e.Ward, e.Group, l.baseline, e.Requirement}
		}
		if g := e.NoEvidence; !g.From.IsZero() {
			rows.row(append(about("no-evidence"), "", "", "", stampOf(g.From), stampOf(g.To), number(g.To.Sub(g.From).Hours()), "", "")...)
		}
		for _, s := range e.Segments {
			r := segmentRecord(s)
			gaps := make([]string, 0, len(r.Gaps))
			for _, g := range r.Gaps {
				gaps = append(gaps, g.Reason+" "+g.From+"/"+g.To)
			}
			rows.row(append(about("segment"), r.LowerFrom, r.LowerTo, number(r.LowerHours), r.UpperFrom, r.UpperTo, number(r.UpperHours), r.Ended, strings.Join(gaps, "; "))...)
		}
	}
	for _, t := range l.totalRecords() {
		rows.row("total", "", "", "", "", "", "", l.baseline, t.Requirement, "", "", number(t.LowerHours), "", "", number(t.UpperHours), "",
			fmt.Sprintf("%d of %d devices, %d open, no evidence %s h", t.Exposed, t.Devices, t.Open, number(t.NoEvidenceHours)))
	}
	return rows.end()
}

func number(f float64) string { return fmt.Sprintf("%.2f", f) }
