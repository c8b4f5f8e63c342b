package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/wardround/wardround/mdm/sim"
)

// simulateSchema names the form of the JSON; it only gains keys.
const simulateSchema = "wardround.simulate/v1"

// simulateRecord is what is written as JSON.
type simulateRecord struct {
	Schema    string  `json:"schema"`
	URL       string  `json:"url"`
	Seed      uint64  `json:"seed"`
	Answers   string  `json:"answers"`
	Signature string  `json:"signature"`
	Rate      float64 `json:"rate"` // as wanted; 0: as fast as possible

	sim.Tally
}

func writeSimulateJSON(w io.Writer, opts simulateOptions, tally sim.Tally) error {
	if tally.Commands == nil {
		tally.Commands = []sim.CommandCount{}
	}
	if tally.Errors == nil {
		tally.Errors = []sim.ErrorCount{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(simulateRecord{
		Schema: simulateSchema, URL: opts.url, Seed: opts.seed,
		Answers: opts.answers, Signature: opts.signature, Rate: opts.rate, Tally: tally,
	})
}

// writeSimulateText writes the tally for people.
func writeSimulateText(w io.Writer, opts simulateOptions, t sim.Tally) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "server\t%s\n", opts.url)
	fmt.Fprintf(tw, "devices\t%d, seed %d, answers %s, signature %s\n", t.Devices, opts.seed, opts.answers, opts.signature)
	fmt.Fprintf(tw, "enrolled\t%d in %s%s\n", t.Enrolled, seconds(t.EnrolSeconds), aside(
		tallied{t.Resumed, "by an earlier run"}, tallied{t.Devices - t.Enrolled - t.NotTried, "failed"}, tallied{t.NotTried, "did not try"}))
	if t.Users+t.Unmanaged > 0 {
		fmt.Fprintf(tw, "users\t%d%s\n", t.Users, aside(tallied{t.Unmanaged, "not managed by the server"}))
	}
	fmt.Fprintf(tw, "sessions\t%d in %s%s\n", t.Sessions, seconds(t.SessionSeconds), aside(
		tallied{t.SessionsEnded, "ended in order"}, tallied{t.Sessions - t.SessionsEnded - t.SessionsCut, "failed"}, tallied{t.SessionsCut, "cut off"}))
	fmt.Fprintf(tw, "never finished\t%s%s\n", counted(t.NeverFinished, "device"), aside(tallied{t.Silent, "more never connect, being silent"}))
	fmt.Fprintf(tw, "connects\t%.1f/s%s\n", t.ConnectsPerSecond, wanted(opts.rate))
	fmt.Fprintf(tw, "requests\t%d, %.1f/s in sessions\n", t.Requests, t.RequestsPerSecond)
	fmt.Fprintf(tw, "bodies\t%s sent, %s received\n", amount(t.BytesOut), amount(t.BytesIn))
	if err := tw.Flush(); err != nil {
		return err
	}
	if err := writeLatency(w, t.Latency); err != nil {
		return err
	}
	if err := writeCommands(w, t.Commands); err != nil {
		return err
	}
	return writeErrors(w, t.Errors)
}

// aside puts what is not zero in brackets.
func aside(counts ...tallied) string {
	var parts []string
	for _, c := range counts {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// Tallied is a number of something.
type tallied struct {
	n    int
	what string
}

// seconds writes a time to three digits or so.
func seconds(s float64) string {
	if s < 10 {
		return fmt.Sprintf("%.2f s", s)
	}
	return fmt.Sprintf("%.0f s", s)
}

func wanted(rate float64) string {
	if rate == 0 {
		return ""
	}
	return fmt.Sprintf(" of %g/s wanted", rate)
}

// amount writes a number of bytes for people.
func amount(n int64) string {
	switch {
	case n >= 1_000_000_000:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

func writeLatency(w io.Writer, latency []sim.Latency) error {
	rows := [][]any{{"latency, ms", "answered", "p50", "p90", "p99", "max"}}
	for _, l := range latency {
		if l.Count == 0 {
			continue
		}
		row := []any{l.Kind, l.Count}
		for _, ms := range []float64{l.P50, l.P90, l.P99, l.Max} {
			row = append(row, fmt.Sprintf("%.1f", ms))
		}
		rows = append(rows, row)
	}
	if len(rows) == 1 {
		return nil
	}
	return writeTable(w, rows)
}

func writeCommands(w io.Writer, commands []sim.CommandCount) error {
	if len(commands) == 0 {
		_, err := fmt.Fprintf(w, "\nThe server asked nothing.\n")
		return err
	}
	rows := [][]any{{"commands answered", "acknowledged", "error", "NotNow", "hostile"}}
	for _, c := range commands {
		rows = append(rows, []any{printable(c.RequestType), c.Acknowledged, c.Error, c.NotNow, c.Hostile})
	}
	return writeTable(w, rows)
}

func writeErrors(w io.Writer, errors []sim.ErrorCount) error {
	if len(errors) == 0 {
		_, err := fmt.Fprintf(w, "\nNo errors.\n")
		return err
	}
	rows := [][]any{{"errors", "count"}}
	for _, e := range errors {
		rows = append(rows, []any{fmt.Sprintf("%s: %s", e.Kind, e.What), e.Count})
	}
	return writeTable(w, rows)
}

// writeTable writes rows under their head: names to the left, figures to the
// right.
func writeTable(w io.Writer, rows [][]any) error {
	var text strings.Builder
	text.WriteString("\n")
	for _, row := range rows {
		fmt.Fprintf(&text, "%-28v", row[0])
		for _, cell := range row[1:] {
			fmt.Fprintf(&text, "%13v", cell)
		}
		text.WriteString("\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}
