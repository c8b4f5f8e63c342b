package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// attachOutcome is how a part of a trial went.
type attachOutcome string

const (
	attachOK     attachOutcome = "ok"
	attachFailed attachOutcome = "failed"
	attachNote   attachOutcome = "note" // to know, and no failure
)

// An attachFinding is what one part of a trial has shown.
type attachFinding struct {
	Outcome attachOutcome `json:"outcome"`
	What    string        `json:"what"`
	Text    string        `json:"text"`
	Hint    string        `json:"hint,omitempty"` // what to do
}

// An attachReport is a trial as JSON has it.
type attachReport struct {
	Findings    []attachFinding `json:"findings"`
	ServerFlags []string        `json:"server_flags"` // what the MDM server has to be started with
	Config      string          `json:"config"`       // the configuration as text
	ConfigFile  string          `json:"config_file"`
	HMACKeyFile string          `json:"hmac_key_file,omitempty"`
	Written     bool            `json:"written"`
}

// say tells of one finding: at once in text, since a device may take minutes.
func (t *attachTrial) say(outcome attachOutcome, what, text, hint string) {
	text, hint = oneLineOf(text), oneLineOf(hint)
	t.failed = t.failed || outcome == attachFailed
	t.report.Findings = append(t.report.Findings, attachFinding{Outcome: outcome, What: what, Text: text, Hint: hint})
	mark := map[attachOutcome]string{attachOK: "ok", attachFailed: "FAIL", attachNote: "note"}[outcome]
	t.printf("%-4s  %-28s %s\n", mark, what, text)
	if hint != "" {
		t.printf("      %-28s %s\n", "", hint)
	}
}

// oneLineOf has what a device or a server has written be no more than a part of
// its line: neither an order to the terminal nor a finding of its own.
func oneLineOf(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// printf writes to the reader of a text; the report in JSON comes at the end.
func (t *attachTrial) printf(format string, args ...any) {
	if t.opts.format == "text" {
		fmt.Fprintf(t.out, format, args...)
	}
}

// finish writes the report, if it is to be JSON.
func (t *attachTrial) finish() error {
	if t.opts.format == "text" {
		return nil
	}
	return writeIndented(t.out, t.report)
}

// asker returns what asks whoever sits at the terminal; nil if nobody does.
func asker(in io.Reader, out io.Writer) func(question string) (bool, error) {
	keyboard, ok := in.(*os.File)
	if !ok {
		return nil
	}
	_, reads := terminal(keyboard)
	if _, writes := terminal(out); !reads || !writes {
		return nil
	}
	return func(question string) (bool, error) { return confirmed(in, out, question) }
}

// confirmed asks a question. Only y and yes are a yes; an end of input is a no.
func confirmed(in io.Reader, out io.Writer, question string) (bool, error) {
	fmt.Fprintf(out, "%s [y/N] ", question)
	line, err := bufio.NewReader(io.LimitReader(in, 256)).ReadString('\n')
	if err != nil && err != io.EOF {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", nil
}
