package report_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/report"
)

func clause(_, requirement string) report.Clause {
	if requirement != "os_facetime_disable" {
		return report.Clause{}
	}
	return report.Clause{
		Title: "FaceTime is off", Source: "FaceTime is not HIPAA compliant", Number: "FaceTime is not to carry PHI",
		Text: "FaceTime must not carry protected health information.", Authority: "vendor, US (HIPAA)",
	}
}

func TestWriteExplain(t *testing.T) {
	doc := build(t, ward())
	for name, e := range map[string]report.Explanation{
		"all":   {Device: doc.Devices[6]},
		"one":   {Device: doc.Devices[1], Requirement: "os_facetime_disable"},
		"quiet": {Device: doc.Devices[11], Baseline: hipaa},
		"meets": {Device: doc.Devices[0], Baseline: hipaa, Requirement: "os_facetime_disable"},
	} {
		t.Run(name, func(t *testing.T) {
			e.AsOf, e.Clause = doc.AsOf, clause
			var out bytes.Buffer
			if err := report.WriteExplain(&out, e, report.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			golden(t, "explain-"+name+".golden", out.Bytes())
		})
	}
	t.Run("a requirement that was not judged is an error", func(t *testing.T) {
		e := report.Explanation{Device: doc.Devices[0], Requirement: "os_facetime_disabled", Baseline: hipaa}
		err := report.WriteExplain(io.Discard, e, report.TextOptions{})
		if err == nil || !strings.Contains(err.Error(), `no verdict for requirement "os_facetime_disabled" of baseline "hipaa-no-facetime"`) {
			t.Errorf("got %v, want an error that names both", err)
		}
	})
}

func TestFind(t *testing.T) {
	doc := build(t, ward())
	for name, want := range map[string]int{
		"wr000003":                  1, // a serial number in another case
		"00008112-0000000000000003": 1,
		"wr":                        0, // a part of it
		"":                          0, // what a User Enrollment has for a serial number
	} {
		if got := len(doc.Find(name)); got != want {
			t.Errorf("%q: got %d devices, want %d", name, got, want)
		}
	}
}
