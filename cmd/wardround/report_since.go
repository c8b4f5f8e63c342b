package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/store"
)

// reportSince writes what changed from a time on, and what else did in the same
// round.
func reportSince(ctx context.Context, results store.Results, opts reportOptions, zone *time.Location, now time.Time, out io.Writer) error {
	since, _, err := moment("since", opts.since, zone)
	if err != nil {
		return err
	}
	if since.After(now) {
		return usage(fmt.Errorf("--since %s: that is still to come", opts.since), "")
	}
	if _, _, err := results.AsOf(ctx); errors.Is(err, store.ErrNotFound) {
		return usage(errors.New("no round has been judged yet"), "make one with 'wardround demo --dir DIR'")
	}
	each := func(f func(store.Change) error) error {
		return results.EachChange(ctx, since, func(c store.Change) error {
			if opts.baseline != "" && c.Baseline != "" && c.Baseline != opts.baseline {
				return nil
			}
			return f(c)
		})
	}
	write := func(w io.Writer) error {
		switch opts.format {
		case "json":
			return changesJSON(w, since, now, each)
		case "csv":
			return changesCSV(w, each)
		}
		return changesText(w, since, now, zone, each)
	}
	if opts.output == "" {
		err = write(out)
	} else {
		err = writeWhole(opts.output, 0o644, write)
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

type changeFeed func(func(store.Change) error) error

// A changeRecord is a change in JSON.
type changeRecord struct {
	At          string             `json:"at"`
	Kind        store.ChangeKind   `json:"kind"`
	Device      string             `json:"device,omitempty"`
	Serial      string             `json:"serial,omitempty"`
	AssetTag    string             `json:"asset_tag,omitempty"`
	Group       string             `json:"group,omitempty"`
	Baseline    string             `json:"baseline,omitempty"`
	Requirement string             `json:"requirement,omitempty"`
	Title       string             `json:"title,omitempty"`
	Level       string             `json:"level,omitempty"`
	Severity    string             `json:"severity,omitempty"`
	From        *findingRecord     `json:"from,omitempty"`
	To          *findingRecord     `json:"to,omitempty"`
	Also        []alterationRecord `json:"also"`
}

type findingRecord struct {
	Result   string `json:"result"`
	Reason   string `json:"reason"`
	Observed string `json:"observed"`
}

type alterationRecord struct {
	What string `json:"what"`
	From string `json:"from"`
	To   string `json:"to"`
}

func changeRecordOf(c store.Change) changeRecord {
	r := changeRecord{
		At: c.At.Format(time.RFC3339), Kind: c.Kind, Device: c.DeviceID, Serial: c.Serial, AssetTag: c.AssetTag, Group: c.Group,
		Baseline: c.Baseline, Requirement: c.Requirement, Title: c.Title, Level: string(c.Level), Severity: string(c.Severity),
		Also: []alterationRecord{},
	}
	if c.Requirement != "" {
		r.From = &findingRecord{string(c.From.Result), string(c.From.Reason), c.From.Observed}
		r.To = &findingRecord{string(c.To.Result), string(c.To.Reason), c.To.Observed}
	}
	for _, a := range c.Also {
		r.Also = append(r.Also, alterationRecord(a))
	}
	return r
}

// changesJSON writes one object, a change a line, and the totals at its end.
func changesJSON(w io.Writer, since, now time.Time, each changeFeed) error {
	if _, err := fmt.Fprintf(w, "{\"schema\":\"wardround.changes/v1\",\"since\":%q,\"as_of\":%q,\"changes\":[",
		since.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)); err != nil {
		return err
	}
	totals, between := make(map[store.ChangeKind]int), "\n"
	err := each(func(c store.Change) error {
		line, err := json.Marshal(changeRecordOf(c))
		if err != nil {
			return err
		}
		totals[c.Kind]++
		_, err = fmt.Fprintf(w, "%s%s", between, line)
		between = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	sums, err := json.Marshal(totals)
	if err == nil {
		_, err = fmt.Fprintf(w, "\n],\"totals\":%s}\n", sums)
	}
	return err
}

// changesCSV writes a row a change, and the totals at its end.
func changesCSV(w io.Writer, each changeFeed) error {
	rows := newCSVRows(w)
	columns := []string{
		"record", "at", "kind", "device", "serial", "asset_tag", "group", "baseline", "requirement", "title", "level", "severity",
		"from_result", "from_reason", "from_observed", "to_result", "to_reason", "to_observed", "also", "count",
	}
	rows.row(columns...)
	totals := make(map[store.ChangeKind]int)
	err := each(func(c store.Change) error {
		totals[c.Kind]++
		rows.row("change", c.At.Format(time.RFC3339), string(c.Kind), c.DeviceID, c.Serial, c.AssetTag, c.Group, c.Baseline, c.Requirement, c.Title,
			string(c.Level), string(c.Severity), string(c.From.Result), string(c.From.Reason), c.From.Observed,
			string(c.To.Result), string(c.To.Reason), c.To.Observed, alsoText(c.Also), "")
		return rows.w.Error()
	})
	if err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(totals)) {
		cells := make([]string, len(columns))
		cells[0], cells[2], cells[len(cells)-1] = "total", string(kind), fmt.Sprint(totals[kind])
		rows.row(cells...)
	}
	return rows.end()
}

func alsoText(all []store.Alteration) string {
	parts := make([]string, 0, len(all))
	for _, a := range all {
		parts = append(parts, alteration(a))
	}
	return strings.Join(parts, "; ")
}

func alteration(a store.Alteration) string {
	switch {
	case a.What == "profiles":
		return "other profiles installed"
	case a.From == "":
		return a.What + " " + a.To
	}
	return fmt.Sprintf("%s %s -> %s", a.What, a.From, a.To)
}
