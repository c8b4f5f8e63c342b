package report

import (
	"io"

	"github.com/wardround/wardround/checks"
)

// The kinds of record in NDJSON, in the order in which they come.
const (
	kindReport  = "report"
	kindDevice  = "device"
	kindProblem = "problem"
	kindTotals  = "totals"
)

// A reportRecord is the first line: the document without its lists.
type reportRecord struct {
	Kind      string     `json:"kind"`
	Schema    string     `json:"schema"`
	AsOf      string     `json:"as_of"`
	Tool      Tool       `json:"tool"`
	Baselines []Baseline `json:"baselines"`
}

type deviceRecord struct {
	Kind string `json:"kind"`
	Device
}

type problemRecord struct {
	Kind string `json:"kind"`
	checks.Problem
}

// A totalsRecord is the last line: a file without it was cut off. All of it is
// counted from the lines before, but for the headlines, which are the store's.
type totalsRecord struct {
	Kind         string                `json:"kind"`
	Records      int                   `json:"records"` // lines before this one
	Devices      int                   `json:"devices"`
	Verdicts     int                   `json:"verdicts"`     // of devices
	Results      map[checks.Result]int `json:"results"`      // those verdicts, by result
	Organisation int                   `json:"organisation"` // rows that are judged once
	Problems     int                   `json:"problems"`
	Headlines    map[string]Headline   `json:"headlines"` // by baseline
}

// writeNDJSON writes one JSON object a line and holds one device at a time.
func writeNDJSON(w io.Writer, in *Feed) error {
	out := newJSONWriter(w)
	records := 0
	line := func(v any) error {
		out.value(v)
		out.raw("\n")
		records++
		return out.err
	}
	head := in.head
	_ = line(reportRecord{kindReport, head.Schema, head.AsOf, head.Tool, head.Baselines}) // kept in out.err
	counted := newCensus()
	err := in.each(nil, func(d Device) error {
		counted.add(&d)
		return line(deviceRecord{kindDevice, d})
	})
	if err != nil && out.err == nil {
		return err
	}
	for _, p := range head.Problems {
		if line(problemRecord{kindProblem, p}) != nil {
			break
		}
	}
	_ = line(totalsRecord{
		Kind: kindTotals, Records: records, Devices: counted.devices, Verdicts: counted.verdicts,
		Results: allResults(counted.results), Organisation: organisationRows(head.Baselines),
		Problems: len(head.Problems), Headlines: headlinesOf(head.Baselines),
	})
	return out.flush()
}

// results lists the results in the order in which reports name them.
func results() []checks.Result {
	return []checks.Result{checks.Pass, checks.Fail, checks.Unknown, checks.Error, checks.NotChecked, checks.NotApplicable}
}

// allResults has every result, those that never came with 0.
func allResults(counted map[checks.Result]int) map[checks.Result]int {
	all := make(map[checks.Result]int, len(counted))
	for _, r := range results() {
		all[r] = counted[r]
	}
	return all
}

func headlinesOf(baselines []Baseline) map[string]Headline {
	all := make(map[string]Headline, len(baselines))
	for _, b := range baselines {
		all[b.ID] = b.Headline
	}
	return all
}
