package report_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
	"github.com/wardround/wardround/internal/report"
)

// rows reads CSV back, each row by the names of its columns.
func rows(t *testing.T, data []byte) []map[string]string {
	t.Helper()
	if bytes.Count(data, []byte("\n")) != bytes.Count(data, []byte("\r\n")) || !bytes.HasSuffix(data, []byte("\r\n")) {
		t.Error("a row does not end in CR LF, as RFC 4180 wants")
	}
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, record := range all[1:] {
		row := make(map[string]string, len(record))
		for i, value := range record {
			row[all[0][i]] = value
		}
		out = append(out, row)
	}
	return out
}

func TestCSVAddsUp(t *testing.T) {
	all := rows(t, write(t, open(t, ward()), report.CSV, options()))
	headline, results := headlineOf(t, ward(), hipaa)
	statuses, judged, found, claimed, totals := map[string]int{}, map[string]bool{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, row := range all {
		n, _ := strconv.Atoi(row["count"])
		switch row["record"] {
		case "device":
			if row["baseline"] == hipaa {
				statuses[row["status"]]++
			}
		case "verdict":
			found[row["result"]]++
			if row["baseline"] == hipaa && row["level"] == "required" && (row["result"] == "pass" || row["result"] == "fail") {
				judged[row["device"]] = true
			}
		case "headline":
			if row["baseline"] == hipaa {
				claimed[row["name"]] = n
			}
		case "total":
			totals[row["name"]] = n
		}
	}
	want := map[string]int{
		"expected": headline.Expected, "enrolled": headline.Enrolled, "asked": headline.Asked, "answered": headline.Answered,
		"judged": headline.Judged, "met": headline.Met, "not_met": headline.NotMet, "undetermined": headline.Undetermined,
	}
	if diff := cmp.Diff(claimed, want); diff != "" {
		t.Errorf("the headline rows are not the store's (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(statuses, map[string]int{"met": headline.Met, "not_met": headline.NotMet, "undetermined": headline.Undetermined}); diff != "" {
		t.Errorf("the device rows do not add up to the headline (-got +want):\n%s", diff)
	}
	if len(judged) != headline.Judged {
		t.Errorf("the verdict rows judge %d devices, want %d", len(judged), headline.Judged)
	}
	for _, r := range []checks.Result{checks.Pass, checks.Fail, checks.Unknown, checks.Error, checks.NotChecked, checks.NotApplicable} {
		if found[string(r)] != results[r] || totals[string(r)] != results[r] {
			t.Errorf("%s: %d rows and a total of %d, want %d", r, found[string(r)], totals[string(r)], results[r])
		}
	}
	last := all[len(all)-1]
	if last["record"] != "total" || last["name"] != "records" || last["count"] != strconv.Itoa(len(all)-1) {
		t.Errorf("got last row %v, want the count of the %d rows before it", last, len(all)-1)
	}
}

func TestCSVNamesTheDevice(t *testing.T) {
	for _, row := range rows(t, write(t, open(t, ward()), report.CSV, options())) {
		if row["record"] != "verdict" || row["serial"] != "WR000002" || row["requirement"] != "os_facetime_disable" {
			continue
		}
		want := map[string]string{
			"record": "verdict", "device": "00008112-0000000000000002", "serial": "WR000002", "asset_tag": "A-101", "site": "Seaside", "ward": "ward 2",
			"owner_role": "nurse", "groups": "wards; floor-2", "platform": "iPadOS", "os": "18.1", "model": "iPad14,1", "supervised": "yes", "enrollment_type": "Device",
			"baseline": hipaa, "baseline_version": "1.0.0", "status": "not_met", "requirement": "os_facetime_disable", "title": "FaceTime is off",
			"level": "required", "severity": "high", "result": "fail", "reason": "setting-not-in-force", "assurance": "", "expected": "The setting is in force.",
			"observed":     "allowVideoConferencing is true (default; nothing forbids it)",
			"message":      "The device does not report this restriction as in force.",
			"next_step":    "Push a restrictions profile with this key to the device and let the next sweep confirm it.",
			"collected_at": "2026-11-22T15:48:03Z", "fresh_until": "2026-11-24T15:48:03Z", "evidence_sha256": strings.Repeat("0", 62) + "4d",
			"as_of": "2026-11-22T16:48:03Z", "name": "", "count": "",
			"waiver": "", "waiver_state": "", "waiver_until": "", "attestation": "", "attestation_state": "", "attestation_until": "",
		}
		if diff := cmp.Diff(row, want); diff != "" {
			t.Error(diff)
		}
		return
	}
	t.Error("the verdict is not in it")
}

func TestEveryColumnIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := bytes.Cut(write(t, open(t, ward()), report.CSV, options()), []byte("\r\n"))
	at := 0
	for column := range strings.SplitSeq(string(header), ",") {
		next := bytes.Index(page[at:], []byte("\n| `"+column+"` |"))
		if next < 0 {
			t.Fatalf("docs/report.md does not explain the column %q, or not in its place", column)
		}
		at += next
	}
}

// formula reports whether a spreadsheet could take a cell for one.
func formula(cell string) bool {
	core := strings.TrimLeft(cell, "\"\u201c\u201d \t\r\n\u00a0")
	return core != "" && strings.ContainsRune("=+-@\t\r\uff1d\uff0b\uff0d\uff20", []rune(core)[0])
}

func TestNoCellIsAFormula(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1":           "'=1+1",
		"+1":             "'+1",
		"-2+3":           "'-2+3",
		"@SUM(A1)":       "'@SUM(A1)",
		"\t=1":           "' =1",
		"\r=1":           "' =1",
		"\"=cmd|' /C'":   "'\"=cmd|' /C'",
		"' =1":           "'' =1",
		"'quoted'":       "''quoted'",
		"\uff1d1":        "'\uff1d1",
		"\u201c=1":       "'\u201c=1",
		"\x00=1":         "'\ufffd=1",
		"a=1":            "a=1",
		"":               "",
		"2026-11-22":     "2026-11-22",
		"line\r\n=other": "line  =other",
		"x\u202egnp":     "x\ufffdgnp",
	} {
		if got := report.Cell(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzCell(f *testing.F) {
	for _, seed := range []string{"=1", "'-1", "\"@x", " \u00a0+1", "plain", "\xff=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Cell(s)
		if formula(got) {
			t.Errorf("%q became %q, which a spreadsheet may reckon", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) && r != '\ufffd' {
				t.Errorf("%q became %q, which holds %U", s, got, r)
			}
		}
		if back := strings.TrimPrefix(got, "'"); back != plaintext.Harmless(s) {
			t.Errorf("%q came back as %q, want %q", s, back, plaintext.Harmless(s))
		}
	})
}
