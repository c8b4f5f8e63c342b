package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

// A result is what the tests look at in OSCAL.
type result struct {
	Start, End   string
	Props        []prop
	Observations []struct {
		UUID, Collected, Expires string
		Props                    []prop
		Evidence                 []struct{ Props []prop } `json:"relevant-evidence"`
	}
	Findings []struct {
		Title  string
		Props  []prop
		Target struct {
			ID     string `json:"target-id"`
			Status struct{ State, Reason, Remarks string }
		}
		Observations []struct {
			UUID string `json:"observation-uuid"`
		} `json:"related-observations"`
		Risks []any `json:"related-risks"`
	}
	Attestations []any
	Risks        []struct {
		Title, Statement, Status, Deadline string
		Observations                       []any `json:"related-observations"`
	}
	Local struct {
		Items []struct{ Props []prop } `json:"inventory-items"`
	} `json:"local-definitions"`
}

type prop struct{ Name, Value, Class string }

func value(props []prop, name, class string) string {
	for _, p := range props {
		if p.Name == name && p.Class == class {
			return p.Value
		}
	}
	return ""
}

func oscal(t *testing.T, feed *report.Feed, opts report.Options) result {
	t.Helper()
	data := write(t, feed, report.OSCAL, opts)
	for _, broken := range breaks(data) {
		t.Error(broken)
	}
	var doc struct {
		Results struct{ Results []result } `json:"assessment-results"`
	}
	if err := json.Unmarshal(data, &doc); err != nil || len(doc.Results.Results) != 1 {
		t.Fatalf("got %d results, %v, want one", len(doc.Results.Results), err)
	}
	return doc.Results.Results[0]
}

func TestOSCALKeepsToItsSchema(t *testing.T) {
	for _, name := range saved(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			_, doc := read(t, name)
			oscal(t, doc.Feed(), options())
		})
	}
	t.Run("and the rules find what breaks it", func(t *testing.T) {
		data := string(write(t, open(t, ward()), report.OSCAL, options()))
		for name, change := range map[string][2]string{
			"a version 1 UUID":     {`"uuid":"`, `"uuid":"00000000-0000-1000-8000-000000000000","x":"`},
			"a missing key":        {`"methods":["TEST"],`, ``},
			"a key of our own":     {`"methods":`, `"device":"x","methods":`},
			"a word of our own":    {`"state":"not-satisfied"`, `"state":"unknown"`},
			"a dangling reference": {`"subject-uuid":"`, `"subject-uuid":"00000000-0000-5000-8000-000000000000","x":"`},
			"an empty value":       {`"value":"pass"`, `"value":""`},
			"a local time":         {`"collected":"2026-11-22T15:48:03Z"`, `"collected":"2026-11-22T15:48:03"`},
			"an empty list":        {`"methods":["TEST"]`, `"methods":[]`},
		} {
			changed := strings.Replace(data, change[0], change[1], 1)
			if changed == data || len(breaks([]byte(changed))) == 0 {
				t.Errorf("%s: got no complaint", name)
			}
		}
	})
}

func TestOSCALAddsUp(t *testing.T) {
	r := oscal(t, open(t, ward()), options())
	h, results := headlineOf(t, ward(), hipaa)
	found, statuses := map[checks.Result]int{}, map[string]int{}
	for _, o := range r.Observations {
		found[checks.Result(value(o.Props, "result", ""))]++
	}
	for _, item := range r.Local.Items {
		statuses[value(item.Props, "status", hipaa)]++
	}
	if diff := cmp.Diff(found, results); diff != "" {
		t.Errorf("the observations are not the store's verdicts (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(statuses, map[string]int{"met": h.Met, "not_met": h.NotMet, "undetermined": h.Undetermined}); diff != "" {
		t.Errorf("the devices do not add up to the headline (-got +want):\n%s", diff)
	}
	for name, want := range map[string]int{
		"expected": h.Expected, "enrolled": h.Enrolled, "asked": h.Asked, "answered": h.Answered, "judged": h.Judged,
		"met": h.Met, "not_met": h.NotMet, "undetermined": h.Undetermined,
	} {
		if got := value(r.Props, name, hipaa); got != fmt.Sprint(want) {
			t.Errorf("%s: got %s, want %d", name, got, want)
		}
	}
	for name, want := range map[string]int{"observations": len(r.Observations), "findings": len(r.Findings), "devices": len(r.Local.Items), "observations-fail": results[checks.Fail]} {
		if got := value(r.Props, name, "total"); got != fmt.Sprint(want) {
			t.Errorf("total of %s: got %s, want %d", name, got, want)
		}
	}
}

func TestOSCALFindings(t *testing.T) {
	src := ward()
	for i := range src.devices {
		judge(&src.devices[i], hipaa, "all_pass", checks.Pass)
		judge(&src.devices[i], hipaa, "none_applies", checks.NotApplicable)
		judge(&src.devices[i], hipaa, "some_silent", []checks.Result{checks.Pass, checks.Unknown}[i%2])
	}
	got := map[string]string{}
	for _, f := range oscal(t, open(t, src), options()).Findings {
		if value(f.Props, "baseline", "") == hipaa {
			got[f.Target.ID] = f.Target.Status.State + "/" + f.Target.Status.Reason
		}
	}
	want := map[string]string{
		"all_pass":                        "satisfied/pass",
		"some_silent":                     "not-satisfied/other",
		"os_facetime_disable":             "not-satisfied/fail",
		"icloud_backup_disabled":          "not-satisfied/fail",
		"os_account_modification_disable": "not-satisfied/fail",
		"wr_governance_baa_signed":        "not-satisfied/other",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got other findings (-got +want):\n%s", diff)
	}
}

func TestOSCALObservations(t *testing.T) {
	r := oscal(t, open(t, ward()), options())
	first := r.Observations[0]
	if first.Collected != "2026-11-22T15:48:03Z" || first.Expires != "2026-11-24T15:48:03Z" {
		t.Errorf("got collected %s and expires %s, want those of the verdict", first.Collected, first.Expires)
	}
	if got := value(first.Evidence[0].Props, "sha256", ""); got != strings.Repeat("0", 62)+"4d" {
		t.Errorf("got digest %s", got)
	}
	if r.Start != "2026-11-22T15:48:03Z" || r.End != "2026-11-22T16:48:03Z" {
		t.Errorf("got %s to %s, want from the oldest evidence to the report's time", r.Start, r.End)
	}
	silent := slices.IndexFunc(r.Observations, func(o struct {
		UUID, Collected, Expires string
		Props                    []prop
		Evidence                 []struct{ Props []prop } `json:"relevant-evidence"`
	},
	) bool {
		return value(o.Props, "reason", "") == "silent"
	})
	if o := r.Observations[silent]; o.Collected != r.End || o.Expires != "" || len(o.Evidence) != 0 {
		t.Errorf("got %+v of a silent device, want nothing collected before the report", o)
	}
	if len(r.Attestations) != 2 || len(r.Risks) != 0 {
		t.Errorf("got %d attestations and %d risks, want the 2 rows attested and no risk", len(r.Attestations), len(r.Risks))
	}
}

func TestAWaiverIsARiskAndChangesNoFinding(t *testing.T) {
	opts := options()
	plain := oscal(t, open(t, ward()), opts)
	opts.Waivers = []report.Waiver{
		{Baseline: hipaa, Requirement: "os_facetime_disable", Owner: "CIO", Approver: "privacy officer", Reason: "Visits until the replacement is there", Until: now.Add(90 * 24 * time.Hour)},
		{Baseline: hipaa, Requirement: "icloud_backup_disabled", Device: "00008112-0000000000000003", Reason: "On loan"},
	}
	waived := oscal(t, open(t, ward()), opts)
	if len(waived.Risks) != 2 {
		t.Fatalf("got %d risks, want one for each waiver", len(waived.Risks))
	}
	if r := waived.Risks[0]; r.Status != "deviation-approved" || r.Deadline != "2027-02-20T16:48:03Z" || len(r.Observations) != 24 || r.Title != "Waiver of FaceTime is off" {
		t.Errorf("got %+v", r)
	}
	if r := waived.Risks[1]; r.Deadline != "" || len(r.Observations) != 1 {
		t.Errorf("got %+v, want the observation of one device and no end", r)
	}
	for i, f := range waived.Findings {
		if diff := cmp.Diff(f.Target, plain.Findings[i].Target); diff != "" {
			t.Errorf("a waiver changed a finding:\n%s", diff)
		}
		if id := f.Target.ID; (len(f.Risks) == 1) != (value(f.Props, "baseline", "") == hipaa && (id == "os_facetime_disable" || id == "icloud_backup_disabled")) {
			t.Errorf("%s refers to %d risks", id, len(f.Risks))
		}
	}
}

func TestOSCALIsNamedByItsContent(t *testing.T) {
	id := func(src report.Source) string {
		data := write(t, open(t, src), report.OSCAL, options())
		return string(data[bytes.LastIndex(data, []byte(`"uuid":`)):])
	}
	if first, second := id(ward()), id(ward()); first != second {
		t.Errorf("the same report has two UUIDs, %s and %s", first, second)
	}
	other := ward()
	other.devices[3].Verdicts[0].Observed = "something else"
	if id(other) == id(ward()) {
		t.Error("another report has the same UUID")
	}
}

// FuzzFormats holds that every report that can be read can be written in every
// format, and that each keeps to its rules.
func FuzzFormats(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(verdict(`,"reason":"=1","observed":"<script>\u202e","evidence":[{"query":"\n","sha256":"","collected_at":"0001-01-01T00:00:00Z"}]`)))
	f.Add([]byte(with(`"baselines":[]`, `"baselines":[{"id":" 1","organisation":[{"baseline":" 1","requirement":"\u0000","result":"error","level":"required"}]}]`)))
	f.Add([]byte(with("2026-11-22T16:48:03Z", "0000-01-01T00:00:00+05:17")))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := report.ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		feed := doc.Feed()
		if n := len(rows(t, write(t, feed, report.CSV, options()))); n < 11 {
			t.Errorf("CSV has %d rows, want the totals at least", n)
		}
		if all := lines(t, write(t, feed, report.NDJSON, options())); all[len(all)-1].Records != len(doc.Devices)+len(doc.Problems)+1 {
			t.Errorf("NDJSON counts %d records", all[len(all)-1].Records)
		}
		harmlessPage(t, write(t, feed, report.HTML, options()))
		var out bytes.Buffer
		if err := feed.Write(&out, report.OSCAL, options()); err != nil {
			if !strings.Contains(err.Error(), "OSCAL has no way to write the time") {
				t.Error(err)
			}
			return
		}
		for _, broken := range breaks(out.Bytes()) {
			t.Error(broken)
		}
	})
}
