package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

// A line is any record of NDJSON.
type line struct {
	Kind      string                     `json:"kind"`
	Schema    string                     `json:"schema"`
	AsOf      string                     `json:"as_of"`
	ID        string                     `json:"id"`
	Status    map[string]checks.Status   `json:"status"`
	Verdicts  json.RawMessage            `json:"verdicts"`
	Records   int                        `json:"records"`
	Devices   int                        `json:"devices"`
	Results   map[checks.Result]int      `json:"results"`
	Problems  int                        `json:"problems"`
	Headlines map[string]report.Headline `json:"headlines"`
}

func lines(t *testing.T, data []byte) []line {
	t.Helper()
	var all []line
	for raw := range bytes.Lines(data) {
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			t.Fatalf("line %d: %v\n%s", len(all)+1, err, raw)
		}
		all = append(all, l)
	}
	return all
}

func TestNDJSONAddsUp(t *testing.T) {
	all := lines(t, write(t, open(t, ward()), report.NDJSON, options()))
	if first := all[0]; first.Kind != "report" || first.Schema != report.Schema || first.AsOf == "" {
		t.Errorf("got first line %+v, want the report's head", first)
	}
	last := all[len(all)-1]
	if last.Kind != "totals" || last.Records != len(all)-1 {
		t.Fatalf("got last line %+v after %d lines, want the totals of all before", last, len(all)-1)
	}
	kinds, results, statuses := map[string]int{}, map[checks.Result]int{}, map[checks.Status]int{}
	for _, l := range all {
		kinds[l.Kind]++
		if l.Kind != "device" {
			continue
		}
		statuses[l.Status[hipaa]]++
		var verdicts []report.Verdict
		if err := json.Unmarshal(l.Verdicts, &verdicts); err != nil {
			t.Fatal(err)
		}
		for _, v := range verdicts {
			results[v.Result]++
		}
	}
	if diff := cmp.Diff(kinds, map[string]int{"report": 1, "device": last.Devices, "problem": last.Problems, "totals": 1}); diff != "" {
		t.Errorf("the lines are others than the totals say (-got +want):\n%s", diff)
	}
	headline, inStore := headlineOf(t, ward(), hipaa)
	for r, n := range last.Results {
		if n != results[r] || n != inStore[r] {
			t.Errorf("%s: the totals say %d, the lines have %d, the store %d", r, n, results[r], inStore[r])
		}
	}
	if diff := cmp.Diff(last.Headlines[hipaa], headline); diff != "" {
		t.Errorf("the headline is not the store's (-got +want):\n%s", diff)
	}
	if got := (report.Headline{Met: statuses[checks.Met], NotMet: statuses[checks.NotMet], Undetermined: statuses[checks.Undetermined]}); got.Met != headline.Met || got.NotMet != headline.NotMet || got.Undetermined != headline.Undetermined {
		t.Errorf("got %+v from the lines, want the headline %+v", got, headline)
	}
}
