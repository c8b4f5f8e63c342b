package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// SampleFormats lists the formats of a sample.
func SampleFormats() []Format { return []Format{Text, JSON, CSV} }

// Write writes the sample in one of SampleFormats: a form to fill in by hand, or
// rows with empty columns for what the auditor finds.
func (s *Sample) Write(w io.Writer, format Format, opts TextOptions) error {
	var err error
	switch format {
	case Text:
		_, err = io.WriteString(w, s.form(opts))
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		err = enc.Encode(s)
	case CSV:
		return s.writeCSV(w)
	default:
		err = fmt.Errorf("there is no format %q of a sample", string(format))
	}
	if err != nil {
		return fmt.Errorf("write sample: %w", err)
	}
	return nil
}

// form is the sample on paper.
func (s *Sample) form(opts TextOptions) string {
	p := newPage(opts)
	p.line(p.paint(bold, "wardround"), " ", plaintext.Clip(plaintext.Harmless(s.Tool.Version), 40), ", as of ", plaintext.Harmless(s.AsOf))
	p.paragraph("", 0, fmt.Sprintf("%s of %s, drawn for a check by hand with the seed %q", plural(s.Drawn, "device"), strconv.Itoa(s.Fleet), plaintext.Clip(s.Seed, 60)), 3)
	var strata []string
	for _, stratum := range s.Strata {
		strata = append(strata, fmt.Sprintf("%s %d of %d", words(stratum.Status), stratum.Drawn, stratum.Of))
	}
	p.paragraph("", 0, strings.Join(strata, ", "), 3)
	p.paragraph("", 0, "Look at each device as it is today: it may have changed since the verdict was collected.", 2)
	for _, d := range s.Devices {
		p.sampledDevice(d)
	}
	p.line()
	p.line("Checked by ", strings.Repeat("_", 30), "  on ", strings.Repeat("_", 16))
	p.line()
	p.footer()
	return p.String()
}

func words(s checks.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

func (p *page) sampledDevice(d SampledDevice) {
	p.line()
	name := d.Serial
	if name == "" {
		name = d.ID
	}
	about := joined(", ", joined(" ", string(d.Platform), d.OS), d.Model, prefixed("tag ", d.AssetTag), d.Site, d.Ward)
	p.paragraph(p.paint(bold, fmt.Sprintf("%3d  ", d.Number)), 5, plaintext.Clip(name, 60)+", "+about, 2)
	for _, id := range slices.Sorted(maps.Keys(d.Status)) {
		p.field("status", id+": "+words(d.Status[id]))
	}
	if d.Required > len(d.Rows) {
		p.field("rows", fmt.Sprintf("%d, drawn from %d required ones", len(d.Rows), d.Required))
	}
	for _, row := range d.Rows {
		p.line("  ", p.paint(resultColour(row.Result), strings.ToUpper(plaintext.Harmless(string(row.Result)))), "  ", p.paint(bold, plaintext.Clip(plaintext.Harmless(row.Requirement), 60)))
		p.field("", row.Title)
		p.field("wants", row.Expected)
		p.field("saw", row.Observed)
		p.field("collected", row.CollectedAt)
		p.field("look at", row.LookAt)
		p.field("found", "[ ] as the verdict says   [ ] otherwise: "+strings.Repeat("_", 30))
	}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// sampleColumns are the columns of a sample as CSV. The last three are for the
// auditor.
func sampleColumns() []string {
	return []string{
		"record", "number", "device", "serial", "asset_tag", "site", "ward", "platform", "os", "model", "stratum", "status",
		"baseline", "requirement", "title", "severity", "result", "reason", "expected", "observed", "look_at", "collected_at",
		"as_of", "seed", "name", "count", "finding", "checked_by", "checked_at",
	}
}

// writeCSV writes a row for each verdict to look at, and the totals last.
func (s *Sample) writeCSV(w io.Writer) error {
	out := newTable(w, sampleColumns())
	if err := out.head(); err != nil {
		return err
	}
	common := cells{"as_of": s.AsOf, "seed": s.Seed}
	for _, d := range s.Devices {
		about := cells{
			"record": rowDevice, "number": strconv.Itoa(d.Number), "device": d.ID, "serial": d.Serial, "asset_tag": d.AssetTag, "site": d.Site,
			"ward": d.Ward, "platform": string(d.Platform), "os": d.OS, "model": d.Model, "stratum": string(d.Stratum),
		}
		if err := out.write(about, common); err != nil {
			return err
		}
		for _, row := range d.Rows {
			verdict := cells{
				"record": rowVerdict, "status": string(d.Status[row.Baseline]), "baseline": row.Baseline, "requirement": row.Requirement, "title": row.Title,
				"severity": string(row.Severity), "result": string(row.Result), "reason": string(row.Reason),
				"expected": row.Expected, "observed": row.Observed, "look_at": row.LookAt, "collected_at": row.CollectedAt,
			}
			if err := out.write(about, verdict, common); err != nil {
				return err
			}
		}
	}
	for _, stratum := range s.Strata {
		for _, n := range []namedCount{{"of-" + string(stratum.Status), stratum.Of}, {"drawn-" + string(stratum.Status), stratum.Drawn}} {
			if err := out.write(cells{"record": rowTotal, "name": n.name, "count": strconv.Itoa(n.count)}, common); err != nil {
				return err
			}
		}
	}
	for _, n := range []namedCount{{"fleet", s.Fleet}, {"drawn", s.Drawn}, {"records", out.rows + 2}} {
		if err := out.write(cells{"record": rowTotal, "name": n.name, "count": strconv.Itoa(n.count)}, common); err != nil {
			return err
		}
	}
	return out.flush()
}
