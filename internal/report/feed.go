package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// ErrChanged is returned when the devices do not add up to the headlines: most
// likely a round ended between reading the one and the other.
var ErrChanged = errors.New("the results changed while they were read")

// A Feed is a report on its way to a writer: all but the devices, which come
// one at a time so that a large fleet need not be held. It can be written more
// than once, and not by two goroutines at a time.
type Feed struct {
	head Document                                   // its Devices are not used
	each func(in *room, f func(Device) error) error // a device in a room lasts until f returns
}

// Open reads all but the devices of a report as it reads at now. What the
// writers then write of the devices is counted and held against the headlines.
func Open(ctx context.Context, src Source, now time.Time) (*Feed, error) {
	judged, version, err := src.AsOf(ctx)
	if err != nil {
		return nil, fmt.Errorf("read when results were judged: %w", err)
	}
	// A clock that was set back does not date a report before its judging.
	if judged.After(now) {
		now = judged
	}
	baselines, err := src.BaselineResults(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("read results of baselines: %w", err)
	}
	problems, err := src.Problems(ctx)
	if err != nil {
		return nil, fmt.Errorf("read problems: %w", err)
	}
	head := Document{
		Schema:    Schema,
		AsOf:      stamp(now),
		Tool:      Tool{Name: "wardround", Version: text(version)},
		Baselines: collect(baselines, newBaseline),
		Devices:   []Device{},
		Problems:  collect(problems, newProblem),
	}
	each := func(in *room, f func(Device) error) error {
		counted := newCensus()
		err := src.EachDevice(ctx, now, func(r checks.DeviceResult) error {
			d := newDevice(r, in)
			counted.add(&d)
			return f(d)
		})
		if err != nil {
			return fmt.Errorf("read results of devices: %w", err)
		}
		if err := counted.check(head.Baselines); err != nil {
			return fmt.Errorf("%w: %w", ErrChanged, err)
		}
		return nil
	}
	return &Feed{head: head, each: each}, nil
}

// Feed gives the document's parts to a writer.
func (d *Document) Feed() *Feed {
	return &Feed{head: *d, each: func(_ *room, f func(Device) error) error {
		for _, device := range d.Devices {
			if err := f(device); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Baselines returns how the fleet stands against each baseline.
func (f *Feed) Baselines() []Baseline { return f.head.Baselines }

// Only narrows a report to one baseline; an empty id narrows nothing. A
// baseline that the report does not have is an ErrNoBaseline.
func (f *Feed) Only(id string) (*Feed, error) {
	if id == "" {
		return f, nil
	}
	at := slices.IndexFunc(f.head.Baselines, func(b Baseline) bool { return b.ID == id })
	if at < 0 {
		return nil, unknownBaseline(f.head.Baselines, id)
	}
	narrow := &Feed{head: f.head}
	narrow.head.Baselines = f.head.Baselines[at : at+1]
	narrow.each = func(in *room, yield func(Device) error) error {
		return f.each(in, func(d Device) error {
			d.Status = maps.Clone(d.Status)
			maps.DeleteFunc(d.Status, func(other string, _ checks.Status) bool { return other != id })
			d.Verdicts = slices.DeleteFunc(slices.Clone(d.Verdicts), func(v Verdict) bool { return v.Baseline != id })
			d.fill()
			return yield(d)
		})
	}
	return narrow, nil
}

func unknownBaseline(baselines []Baseline, id string) error {
	ids := make([]string, 0, len(baselines))
	for _, b := range baselines {
		ids = append(ids, plaintext.Harmless(b.ID))
	}
	if len(ids) == 0 {
		return fmt.Errorf("baseline %q %w, which has none", id, ErrNoBaseline)
	}
	return fmt.Errorf("baseline %q %w, which has %s", id, ErrNoBaseline, strings.Join(ids, ", "))
}

// A Format is a way to write a report.
type Format string

// The formats. docs/report.md describes each.
const (
	Text   Format = "text"
	JSON   Format = "json"
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
	HTML   Format = "html"
	OSCAL  Format = "oscal"
)

// Formats lists the formats.
func Formats() []Format { return []Format{Text, JSON, NDJSON, CSV, HTML, OSCAL} }

// Options are what a report is written with. The zero value will do.
type Options struct {
	Text TextOptions // for Text; its Zone for HTML too

	// Clause returns the words for a requirement, the zero Clause where there
	// are none. CSV, HTML, OSCAL and a sample name titles from it; nil: none.
	Clause func(baseline, requirement string) Clause

	Waivers []Waiver // for OSCAL
}

// Write writes the report in a format. It returns once all is written; after an
// error what was written is no report, and lacks its end.
func (f *Feed) Write(w io.Writer, format Format, opts Options) error {
	switch format {
	case Text:
		return writeText(w, f, opts.Text)
	case JSON:
		return writeJSON(w, f)
	case NDJSON:
		return writeNDJSON(w, f)
	case CSV:
		return writeCSV(w, f, newTitles(opts.Clause))
	case HTML:
		return writeHTML(w, f, newTitles(opts.Clause), opts.Text.Zone)
	case OSCAL:
		return writeOSCAL(w, f, newTitles(opts.Clause), opts.Waivers)
	}
	return fmt.Errorf("write report: there is no format %q", string(format))
}

// titles remembers the words for requirements, which many devices share.
type titles struct {
	clause func(baseline, requirement string) Clause
	known  map[[2]string]Clause
}

func newTitles(clause func(baseline, requirement string) Clause) *titles {
	return &titles{clause: clause, known: map[[2]string]Clause{}}
}

func (t *titles) of(baseline, requirement string) Clause {
	if t.clause == nil {
		return Clause{}
	}
	key := [2]string{baseline, requirement}
	c, ok := t.known[key]
	if !ok {
		c = t.clause(baseline, requirement)
		t.known[key] = c
	}
	return c
}
