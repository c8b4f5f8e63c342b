package report

import (
	"errors"
	"fmt"

	"github.com/wardround/wardround/checks"
)

// SampleSchema names the format of a sample as JSON. This version of it only
// ever gains keys.
const SampleSchema = "wardround.sample/v1"

// MaxSample is the largest sample that is drawn.
const MaxSample = 1_000

// ErrSample is returned for a sample that cannot be drawn as it was asked for.
var ErrSample = errors.New("cannot draw this sample")

// rowsPerDevice is how many verdicts of a device are put before the auditor.
const rowsPerDevice = 6

// A Sample is devices drawn for an auditor to look at by hand. Who knows the
// seed and the fleet draws the same ones: in each stratum those whose SHA-256 of
// seed and id is lowest.
type Sample struct {
	Schema  string          `json:"schema"`
	AsOf    string          `json:"as_of"`
	Tool    Tool            `json:"tool"`
	Seed    string          `json:"seed"`
	Wanted  int             `json:"wanted"` // devices asked for
	Drawn   int             `json:"drawn"`
	Fleet   int             `json:"fleet"` // devices drawn from
	Strata  []Stratum       `json:"strata"`
	Devices []SampledDevice `json:"devices"`
}

// A Stratum is the devices of one status: the worst that a device has against
// any baseline of the report.
type Stratum struct {
	Status checks.Status `json:"status"`
	Drawn  int           `json:"drawn"`
	Of     int           `json:"of"`
}

// A SampledDevice is a device with the verdicts to look at.
type SampledDevice struct {
	Number   int                      `json:"number"` // from 1
	ID       string                   `json:"id"`
	Serial   string                   `json:"serial"`
	AssetTag string                   `json:"asset_tag"`
	Site     string                   `json:"site"`
	Ward     string                   `json:"ward"`
	Platform checks.Platform          `json:"platform"`
	OS       string                   `json:"os"`
	Model    string                   `json:"model"`
	Stratum  checks.Status            `json:"stratum"`
	Status   map[string]checks.Status `json:"status"`
	Rows     []SampledRow             `json:"rows"`
	Required int                      `json:"required"` // required rows that passed, failed or are not known; Rows are drawn from them
}

// A SampledRow is one verdict, where on the device it can be seen, and room for
// what the auditor finds.
type SampledRow struct {
	Baseline    string          `json:"baseline"`
	Requirement string          `json:"requirement"`
	Title       string          `json:"title"`
	Severity    checks.Severity `json:"severity"`
	Result      checks.Result   `json:"result"`
	Reason      checks.Reason   `json:"reason"`
	Expected    string          `json:"expected"`
	Observed    string          `json:"observed"`
	LookAt      string          `json:"look_at"` // empty: the device shows it nowhere that we know of
	CollectedAt string          `json:"collected_at"`
	Finding     string          `json:"finding"` // empty, for the auditor
}

// Sample draws n devices. Each status there is has a part of them in proportion,
// and one at least if n allows; 1 to MaxSample devices can be drawn, and of a
// smaller fleet all are. The seed is the auditor's choice. Options give titles.
func (f *Feed) Sample(n int, seed string, opts Options) (*Sample, error) {
	if n < 1 || n > MaxSample {
		return nil, fmt.Errorf("%w: %d devices, not between 1 and %d", ErrSample, n, MaxSample)
	}
	if seed == "" {
		return nil, fmt.Errorf("%w: it has no seed", ErrSample)
	}
	urns := newUrns(n)
	err := f.each(nil, func(d Device) error {
		urns[standing(d)].add(lot(seed, "device", d.ID), d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := &Sample{
		Schema: SampleSchema, AsOf: f.head.AsOf, Tool: f.head.Tool, Seed: text(seed), Wanted: n,
		Strata: []Stratum{}, Devices: []SampledDevice{},
	}
	words := newTitles(opts.Clause)
	statuses := []checks.Status{checks.NotMet, checks.Undetermined, checks.Met}
	for i, drawn := range draw(urns, n) {
		s.Fleet += urns[i].seen
		if urns[i].seen > 0 {
			s.Strata = append(s.Strata, Stratum{Status: statuses[i], Drawn: len(drawn), Of: urns[i].seen})
		}
		for _, d := range drawn {
			s.Drawn++
			s.Devices = append(s.Devices, sampled(d, s.Drawn, statuses[i], seed, words))
		}
	}
	return s, nil
}

// sampled puts a drawn device before the auditor.
func sampled(d Device, number int, stratum checks.Status, seed string, words *titles) SampledDevice {
	out := SampledDevice{
		Number: number, ID: d.ID, Serial: d.Serial, AssetTag: d.AssetTag, Site: d.Site, Ward: d.Ward,
		Platform: d.Platform, OS: d.OS, Model: d.Model, Stratum: stratum, Status: d.Status, Rows: []SampledRow{},
	}
	urns := newRowUrns()
	seen := map[row]bool{} // a row that two baselines share is looked at once
	for _, v := range d.Verdicts {
		key := row{v.Requirement, v.Level, v.Result, v.Reason}
		if rank := rowStanding(v); rank >= 0 && !seen[key] {
			seen[key] = true
			urns[rank].add(lot(seed, "row", d.ID, v.Baseline, v.Requirement), v)
			out.Required++
		}
	}
	for _, rows := range draw(urns, rowsPerDevice) {
		for _, v := range rows {
			out.Rows = append(out.Rows, sampledRow(d, v, words))
		}
	}
	return out
}

// rowStanding ranks a required verdict, those that fail first; -1 is one that
// nobody can hold against the device.
func rowStanding(v Verdict) int {
	switch {
	case v.Level != checks.Required:
		return -1
	case v.Result == checks.Fail:
		return 0
	case v.Result == checks.Unknown, v.Result == checks.Error:
		return 1
	case v.Result == checks.Pass:
		return 2
	}
	return -1
}

func sampledRow(d Device, v Verdict, words *titles) SampledRow {
	row := SampledRow{
		Baseline: v.Baseline, Requirement: v.Requirement, Title: text(words.of(v.Baseline, v.Requirement).Title), Severity: v.Severity,
		Result: v.Result, Reason: v.Reason, Expected: v.Expected, Observed: v.Observed, LookAt: lookAt(d.Platform, v),
	}
	for _, e := range v.Evidence {
		if row.CollectedAt == "" || e.CollectedAt < row.CollectedAt {
			row.CollectedAt = e.CollectedAt
		}
	}
	return row
}
