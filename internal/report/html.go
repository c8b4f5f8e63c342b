package report

import (
	"bufio"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

//go:embed page.html
var pageHTML string

// These keep the page of any fleet small enough to open: at most about 10 MB for
// 10,000 devices. What is left out is counted on the page.
const (
	maxPageBaselines    = 20
	maxPageRequirements = 300 // of one baseline, in its table
	maxPageBars         = 12  // of those that fail, in its chart
	maxPageGroups       = 200 // requirements and reasons that devices are listed under
	maxPageNames        = 60  // devices named in a group
	maxPageProblems     = 200
	maxPageDevices      = 10_000 // in the table of all devices
	maxPageDetails      = 200    // devices with all their verdicts
	maxPageFull         = 8_000  // verdicts of all such devices
	maxPageVerdicts     = 200    // of one such device
	maxPageText         = 1_000  // characters of one text
)

// A pageView is what the page shows. All text in it has been made harmless to
// look at; the template escapes it.
type pageView struct {
	AsOf, Tool, Footer string
	Devices            int
	Baselines          []baselineView
	MoreBaselines      int
	Failing            []failingView
	MoreFailing        int
	Open               []openView
	MoreOpen           int
	OpenDevices        int
	Problems           []checks.Problem
	MoreProblems       int
	Rows               []deviceRow
	MoreRows           int
	Details            []deviceView
	MoreDetails        int
}

// A baselineView is one baseline with its charts.
type baselineView struct {
	ID, Title, Version, Digest string
	Headline                   Headline
	Missing                    int // expected and not enrolled
	Bar                        chart
	Bars                       chart
	Requirements               []requirementView
	MoreRequirements           int
	Organisation               []verdictView
	MoreOrganisation           int
}

// A requirementView counts the devices of one requirement by result.
type requirementView struct {
	ID, Title, Level, Severity                     string
	Pass, Fail, Unknown, NotChecked, NotApplicable int
}

// A failingView is the devices that fail a requirement for the same reason.
type failingView struct {
	Baseline, ID, Title, Level, Severity string
	Message, NextStep                    string
	Clause, ClauseText                   string
	Count, Of                            int
	Devices                              []string
	More                                 int
}

// An openView is the devices that lack an answer for the same reason.
type openView struct {
	Reason, Message, NextStep string
	Count, Rows               int
	Devices                   []string
	More                      int
}

// A statusView is a status with the class that colours it. It is told by words
// too.
type statusView struct{ Baseline, Words, Class string }

// A deviceRow is a device in the table of all.
type deviceRow struct {
	key                                             string // the id as it is
	Name, ID, Asset, Place, Runs, Model, Supervised string
	Status                                          []statusView
	Fails, Unknown                                  int
	Anchor                                          string // of its details; empty: left out
}

// A deviceView is a device with its verdicts.
type deviceView struct {
	deviceRow
	Enrollment, Groups, Owner string
	Verdicts                  []verdictView
	MoreVerdicts              int
	NotApplicable             []string
	MoreNotApplicable         int
}

// A verdictView is one verdict in a table.
type verdictView struct {
	Baseline, ID, Title, Level, Severity      string
	Result, Class, Assurance, Reason, Message string
	Expected, Observed, NextStep, FreshUntil  string
	Stated                                    string // the waiver and the attestation beside it
	Evidence                                  []Evidence
}

// writeHTML writes one page that needs no other file, no script and no network.
func writeHTML(w io.Writer, in *Feed, words *titles, zone *time.Location) error {
	page := newPageFold(words, zone)
	if err := in.each(nil, page.add); err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	out := bufio.NewWriter(w)
	if err = t.Execute(out, page.view(in.head)); err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// show makes text fit to be looked at: without what reorders or hides text,
// and not endless.
func show(s string) string {
	return plaintext.Clip(strings.TrimSpace(plaintext.Harmless(s)), maxPageText)
}

// cut returns the first most elements, and how many there are beyond.
func cut[T any](list []T, most int) ([]T, int) {
	if len(list) <= most {
		return list, 0
	}
	return list[:most], len(list) - most
}
