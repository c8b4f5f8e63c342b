package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// The kinds of record in CSV, in its first column.
const (
	rowDevice       = "device"       // a device's status against a baseline
	rowVerdict      = "verdict"      // one requirement for one device
	rowOrganisation = "organisation" // one requirement that is judged once
	rowProblem      = "problem"      // what could not be read or used
	rowHeadline     = "headline"     // one count of a baseline's headline
	rowTotal        = "total"        // one count of this file; the last row is of them
)

// columns are CSV's, in order: v1 only gains columns, at the end.
func columns() []string {
	return []string{
		"record", "device", "serial", "asset_tag", "site", "ward", "owner_role", "groups",
		"platform", "os", "model", "supervised", "enrollment_type",
		"baseline", "baseline_version", "status", "requirement", "title", "level", "severity",
		"result", "reason", "assurance", "expected", "observed", "message", "next_step",
		"collected_at", "fresh_until", "evidence_sha256", "as_of", "name", "count",
		"waiver", "waiver_state", "waiver_until", "attestation", "attestation_state", "attestation_until",
	}
}

// cells are values by the names of their columns.
type cells map[string]string

// A table writes rows of named columns as RFC 4180 has them.
type table struct {
	w       *csv.Writer
	columns []string
	row     []string
	rows    int
}

func newTable(w io.Writer, columns []string) *table {
	t := &table{w: csv.NewWriter(w), columns: columns, row: make([]string, len(columns))}
	t.w.UseCRLF = true
	return t
}

// head writes the names of the columns, which is not counted as a row.
func (t *table) head() error { return t.told(t.w.Write(t.columns)) }

// write writes a row; later cells win over earlier ones of the same name.
func (t *table) write(all ...cells) error {
	for i, column := range t.columns {
		t.row[i] = ""
		for _, some := range all {
			if value, ok := some[column]; ok {
				t.row[i] = cell(value)
			}
		}
	}
	t.rows++
	return t.told(t.w.Write(t.row))
}

func (t *table) flush() error {
	t.w.Flush()
	return t.told(t.w.Error())
}

func (t *table) told(err error) error {
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// cell makes text harmless for a terminal and for a spreadsheet. A spreadsheet
// takes a cell for a formula if it begins with one of = + - @ (wide forms too),
// some of them even behind white space or quotes; such a cell gets ' in front.
// So does one that begins with ', so that taking one ' away gives the text back.
func cell(s string) string {
	s = plaintext.Harmless(s)
	switch core := strings.TrimLeft(s, " \"'\u2018\u2019\u201c\u201d\u00a0\u3000\ufffd"); {
	case strings.HasPrefix(s, "'"),
		core != "" && strings.ContainsRune("=+-@|%\uff1d\uff0b\uff0d\uff20", []rune(core)[0]):
		return "'" + s
	}
	return s
}

// writeCSV writes rows for one device at a time, then what is not a device's,
// and last the totals.
func writeCSV(w io.Writer, in *Feed, words *titles) error {
	out := newTable(w, columns())
	if err := out.head(); err != nil {
		return err
	}
	versions := map[string]string{}
	for _, b := range in.head.Baselines {
		versions[b.ID] = b.Version
	}
	asOf := cells{"as_of": in.head.AsOf}
	counted := newCensus()
	err := in.each(nil, func(d Device) error {
		counted.add(&d)
		about := deviceCells(d)
		for _, id := range statusIDs(d) {
			err := out.write(cells{"record": rowDevice, "baseline": id, "baseline_version": versions[id], "status": string(d.Status[id])}, about, asOf)
			if err != nil {
				return err
			}
		}
		for _, v := range d.Verdicts {
			of := cells{"record": rowVerdict, "baseline_version": versions[v.Baseline], "status": string(d.Status[v.Baseline])}
			if err := out.write(verdictCells(v, words), of, about, asOf); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := csvRest(out, in.head, counted, words); err != nil {
		return err
	}
	return out.flush()
}

// csvRest writes the rows that are no device's. The last of all counts the rows
// before it: a file that does not end with it was cut off.
func csvRest(out *table, head Document, counted *census, words *titles) error {
	var rows []cells
	for _, b := range head.Baselines {
		for _, v := range b.Organisation {
			row := verdictCells(v, words)
			row["record"], row["baseline_version"], row["groups"] = rowOrganisation, b.Version, v.Group
			rows = append(rows, row)
		}
	}
	for _, p := range head.Problems {
		rows = append(rows, cells{"record": rowProblem, "name": p.Path, "reason": p.Code, "message": p.Message})
	}
	for _, b := range head.Baselines {
		for _, n := range b.Headline.named() {
			rows = append(rows, cells{"record": rowHeadline, "baseline": b.ID, "baseline_version": b.Version, "name": n.name, "count": strconv.Itoa(n.count)})
		}
	}
	total := func(name string, n int) {
		rows = append(rows, cells{"record": rowTotal, "name": name, "count": strconv.Itoa(n)})
	}
	for _, r := range results() {
		total(string(r), counted.results[r])
	}
	total("verdicts", counted.verdicts)
	total("organisation", organisationRows(head.Baselines))
	total("devices", counted.devices)
	total("problems", len(head.Problems))
	total("records", out.rows+len(rows))
	for _, row := range rows {
		if err := out.write(row, cells{"as_of": head.AsOf}); err != nil {
			return err
		}
	}
	return nil
}

func organisationRows(baselines []Baseline) int {
	n := 0
	for _, b := range baselines {
		n += len(b.Organisation)
	}
	return n
}

// statusIDs are the baselines that a device has a status for; one empty id if
// there are none, so that no device is without a row.
func statusIDs(d Device) []string {
	if len(d.Status) == 0 {
		return []string{""}
	}
	return slices.Sorted(maps.Keys(d.Status))
}

func deviceCells(d Device) cells {
	return cells{
		"device": d.ID, "serial": d.Serial, "asset_tag": d.AssetTag, "site": d.Site, "ward": d.Ward, "owner_role": d.OwnerRole,
		"groups": strings.Join(d.Groups, "; "), "platform": string(d.Platform), "os": d.OS, "model": d.Model,
		"supervised": string(d.Supervised), "enrollment_type": d.EnrollmentType,
	}
}

func verdictCells(v Verdict, words *titles) cells {
	digests := make([]string, 0, len(v.Evidence))
	collected := ""
	for _, e := range v.Evidence {
		digests = append(digests, e.SHA256)
		if collected == "" || e.CollectedAt < collected {
			collected = e.CollectedAt
		}
	}
	return cells{
		"baseline": v.Baseline, "requirement": v.Requirement, "title": words.of(v.Baseline, v.Requirement).Title,
		"level": string(v.Level), "severity": string(v.Severity), "result": string(v.Result), "reason": string(v.Reason),
		"assurance": string(v.Assurance), "expected": v.Expected, "observed": v.Observed, "message": v.Message, "next_step": v.NextStep,
		"collected_at": collected, "fresh_until": v.FreshUntil, "evidence_sha256": strings.Join(digests, " "),
		"waiver": v.Waiver.ID, "waiver_state": string(v.Waiver.State), "waiver_until": v.Waiver.Until,
		"attestation": v.Attestation.ID, "attestation_state": string(v.Attestation.State), "attestation_until": v.Attestation.Until,
	}
}

type namedCount struct {
	name  string
	count int
}

// named lists the counts of a headline, its denominators first.
func (h Headline) named() []namedCount {
	return []namedCount{
		{"expected", h.Expected},
		{"enrolled", h.Enrolled},
		{"asked", h.Asked},
		{"answered", h.Answered},
		{"judged", h.Judged},
		{string(checks.Met), h.Met},
		{string(checks.NotMet), h.NotMet},
		{string(checks.Undetermined), h.Undetermined},
	}
}
