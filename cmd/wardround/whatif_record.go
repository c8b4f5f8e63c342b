package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
)

// The form of `baseline whatif --format json`. Lists are never null.
type (
	whatifRecord struct {
		Schema         string                    `json:"schema"`
		Baseline       checks.Parent             `json:"baseline"`
		Against        checks.Parent             `json:"against"` // empty texts: nothing is replaced
		AsOf           string                    `json:"as_of"`
		Rounds         []whatifRoundRecord       `json:"rounds"` // in order of time; the last is that of as_of
		Requirements   []whatifRequirementRecord `json:"requirements"`
		Devices        []whatifDeviceRecord      `json:"devices"` // of which something would change
		NotJudgedAgain whatifLostRecord          `json:"not_judged_again"`
	}
	whatifRoundRecord struct {
		At             string               `json:"at"`
		Devices        int                  `json:"devices"`
		NotJudgedAgain int                  `json:"not_judged_again"`
		Before         whatifStandingRecord `json:"before"`
		After          whatifStandingRecord `json:"after"`
		Verdicts       int                  `json:"verdicts"` // that were compared
		Totals         map[whatifKind]int   `json:"totals"`   // of them those that would be others
	}
	whatifStandingRecord struct {
		Enrolled     int `json:"enrolled"`
		Judged       int `json:"judged"`
		Met          int `json:"met"`
		NotMet       int `json:"not_met"`
		Undetermined int `json:"undetermined"`
	}
	whatifRequirementRecord struct {
		ID       string                `json:"id"`
		Title    string                `json:"title"`
		Change   string                `json:"change"` // added, removed, changed or same
		Level    checks.Level          `json:"level"`
		Severity checks.Severity       `json:"severity"`
		Fields   []string              `json:"fields"` // of a changed one those that differ
		Before   map[checks.Result]int `json:"before"` // devices by result, as_of
		After    map[checks.Result]int `json:"after"`
		Totals   map[whatifKind]int    `json:"totals"` // devices, as_of
		Past     map[whatifKind]int    `json:"past"`   // devices, in any round before
	}
	whatifDeviceRecord struct {
		ID       string               `json:"id"`
		Serial   string               `json:"serial"`
		AssetTag string               `json:"asset_tag"`
		Group    string               `json:"group"`
		Statuses []whatifStatusRecord `json:"statuses"`
		Verdicts []whatifTurnRecord   `json:"verdicts"`
	}
	whatifStatusRecord struct {
		Before checks.Status `json:"before"` // empty: the baseline is not for the device
		After  checks.Status `json:"after"`
		whatifSpellRecord
	}
	whatifTurnRecord struct {
		Requirement string            `json:"requirement"`
		Kind        whatifKind        `json:"kind"`
		Before      whatifFoundRecord `json:"before"`
		After       whatifFoundRecord `json:"after"`
		whatifSpellRecord
	}
	whatifFoundRecord struct {
		Result checks.Result `json:"result"` // empty: there is no such requirement
		Reason checks.Reason `json:"reason"`
		Level  checks.Level  `json:"level"`
	}
	whatifSpellRecord struct {
		Now    bool   `json:"now"`    // as_of
		Rounds int    `json:"rounds"` // of those that were judged again
		First  string `json:"first"`
		Last   string `json:"last"`
	}
	whatifLostRecord struct {
		Devices       int    `json:"devices"`        // as_of
		DeviceRounds  int    `json:"device_rounds"`  // in all rounds
		PrunedAnswers int    `json:"pruned_answers"` // whose contents are not kept any more
		LastReceived  string `json:"last_received"`  // of these answers the newest
		DroppedRounds int    `json:"dropped_rounds"` // of which the chain does not tell any more
	}
)

func (w *whatif) record() whatifRecord {
	r := whatifRecord{
		Schema: "wardround.whatif/v1", Baseline: checks.Parent{ID: w.after.ID, Version: w.after.Version, Digest: w.after.Digest},
		AsOf: stamp(w.last().at), Rounds: []whatifRoundRecord{}, Requirements: w.requirementRecords(), Devices: []whatifDeviceRecord{},
		NotJudgedAgain: whatifLostRecord{
			Devices: w.last().lost, PrunedAnswers: len(w.prunedOf), LastReceived: stamp(w.lastPruned()), DroppedRounds: w.dropped,
		},
	}
	if w.before != nil {
		r.Against = checks.Parent{ID: w.before.ID, Version: w.before.Version, Digest: w.before.Digest}
	}
	for _, m := range w.moments {
		r.NotJudgedAgain.DeviceRounds += m.lost
		r.Rounds = append(r.Rounds, whatifRoundRecord{
			At: stamp(m.at), Devices: m.devices, NotJudgedAgain: m.lost, Before: m.before.record(), After: m.after.record(), Verdicts: m.verdicts, Totals: m.turns,
		})
	}
	for _, d := range w.devices {
		r.Devices = append(r.Devices, d.record())
	}
	return r
}

func (s whatifStanding) record() whatifStandingRecord {
	return whatifStandingRecord{s.enrolled, s.judged, s.met, s.notMet, s.undetermined}
}

// requirementRecords are those of both baselines, in order of the new one.
func (w *whatif) requirementRecords() []whatifRequirementRecord {
	list := []whatifRequirementRecord{}
	put := func(q checks.Requirement, change string, fields []string) {
		if q.Scope != checks.DeviceScope {
			return
		}
		n := w.requirement(q.ID)
		list = append(list, whatifRequirementRecord{
			ID: q.ID, Title: q.Title, Change: change, Level: q.Level, Severity: q.Severity, Fields: fields,
			Before: n.before, After: n.after, Totals: n.kinds, Past: n.past,
		})
	}
	old := make(map[string]bool)
	if w.before != nil {
		for _, q := range w.before.Requirements {
			old[q.ID] = true
		}
	}
	for _, q := range w.after.Requirements {
		change, fields := "same", w.fieldsOf(q.ID)
		switch {
		case !old[q.ID]:
			change = "added"
		case len(fields) > 0:
			change = "changed"
		}
		delete(old, q.ID)
		put(q, change, fields)
	}
	if w.before != nil {
		for _, q := range w.before.Requirements {
			if old[q.ID] {
				put(q, "removed", []string{})
			}
		}
	}
	return list
}

// fieldsOf names the fields in which a requirement differs.
func (w *whatif) fieldsOf(id string) []string {
	fields := []string{}
	for _, r := range w.difference.Changed {
		for _, c := range r.Changes {
			if r.ID == id {
				fields = append(fields, c.Field)
			}
		}
	}
	return fields
}

func (d *whatifDevice) record() whatifDeviceRecord {
	r := whatifDeviceRecord{
		ID: d.subject.ID, Serial: d.subject.Serial, AssetTag: d.subject.AssetTag, Group: d.subject.Group,
		Statuses: []whatifStatusRecord{}, Verdicts: []whatifTurnRecord{},
	}
	for s, spell := range d.statuses {
		r.Statuses = append(r.Statuses, whatifStatusRecord{s.before, s.after, spell.record()})
	}
	slices.SortFunc(r.Statuses, func(a, b whatifStatusRecord) int {
		return cmp.Or(nowFirst(a.Now, b.Now), strings.Compare(string(a.Before), string(b.Before)), strings.Compare(string(a.After), string(b.After)))
	})
	for t, spell := range d.turns {
		r.Verdicts = append(r.Verdicts, whatifTurnRecord{
			t.requirement, t.kind, whatifFoundRecord{t.before, t.beforeWhy, t.beforeLevel}, whatifFoundRecord{t.after, t.afterWhy, t.newLevel}, spell.record(),
		})
	}
	slices.SortFunc(r.Verdicts, func(a, b whatifTurnRecord) int {
		return cmp.Or(nowFirst(a.Now, b.Now), cmp.Compare(slices.Index(whatifKinds(), a.Kind), slices.Index(whatifKinds(), b.Kind)),
			strings.Compare(a.Requirement, b.Requirement), strings.Compare(fmt.Sprint(a.Before, a.After), fmt.Sprint(b.Before, b.After)))
	})
	return r
}

func nowFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func (s *whatifSpell) record() whatifSpellRecord {
	return whatifSpellRecord{s.now, s.times, stamp(s.first), stamp(s.last)}
}

// csv writes a row for each verdict and each status that would be another, and
// the totals of each round at the end.
func (w *whatif) csv(out io.Writer) error {
	rows := newCSVRows(out)
	columns := []string{
		"record", "kind", "device", "serial", "asset_tag", "group", "requirement", "before", "before_reason", "after", "after_reason",
		"now", "rounds", "first", "last", "count", "of",
	}
	rows.row(columns...)
	r := w.record()
	spell := func(s whatifSpellRecord) []string {
		return []string{fmt.Sprint(s.Now), fmt.Sprint(s.Rounds), s.First, s.Last, "", ""}
	}
	for _, d := range r.Devices {
		who := []string{d.ID, d.Serial, d.AssetTag, d.Group}
		for _, s := range d.Statuses {
			rows.row(slices.Concat([]string{"status", ""}, who, []string{"", string(s.Before), "", string(s.After), ""}, spell(s.whatifSpellRecord))...)
		}
		for _, t := range d.Verdicts {
			rows.row(slices.Concat([]string{"verdict", string(t.Kind)}, who,
				[]string{t.Requirement, string(t.Before.Result), string(t.Before.Reason), string(t.After.Result), string(t.After.Reason)}, spell(t.whatifSpellRecord))...)
		}
	}
	for _, m := range r.Rounds {
		total := func(kind string, count, of int) {
			cells := make([]string, len(columns))
			cells[0], cells[1], cells[13], cells[14], cells[15], cells[16] = "total", kind, m.At, m.At, fmt.Sprint(count), fmt.Sprint(of)
			rows.row(cells...)
		}
		for _, kind := range slices.Sorted(maps.Keys(m.Totals)) {
			total(string(kind), m.Totals[kind], m.Verdicts)
		}
		for _, side := range []struct {
			name string
			n    whatifStandingRecord
		}{{"before", m.Before}, {"after", m.After}} {
			for _, s := range []struct {
				name  string
				count int
			}{{"judged", side.n.Judged}, {"met", side.n.Met}, {"not_met", side.n.NotMet}, {"undetermined", side.n.Undetermined}} {
				total(side.name+"-"+s.name, s.count, side.n.Enrolled)
			}
		}
		total("not-judged-again", m.NotJudgedAgain, m.Devices)
	}
	return rows.end()
}
