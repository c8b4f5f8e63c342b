package checks_test

import (
	"os"
	"testing"

	"github.com/wardround/wardround/checks"
)

// BenchmarkEvaluate judges an iPad against hipaa-no-facetime: 36 device rows,
// with all their words.
func BenchmarkEvaluate(b *testing.B) {
	baseline, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		b.Fatal(err)
	}
	d := iPad().restricted()
	b.ReportAllocs()
	for b.Loop() {
		if len(baseline.Evaluate(d.Subject, &d.set, noon)) < 36 {
			b.Fatal("too few verdicts")
		}
	}
}

// BenchmarkParseBaseline reads and compiles the largest shipped baseline.
func BenchmarkParseBaseline(b *testing.B) {
	data, err := os.ReadFile("baselines/phsa-facetime.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		parse(b, string(data))
	}
}

// BenchmarkConditions is the cost of 40 checks in CEL, without words.
func BenchmarkConditions(b *testing.B) {
	baseline, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		b.Fatal(err)
	}
	d := iPad().restricted()
	b.ReportAllocs()
	for b.Loop() {
		if checks.RunConditions(baseline, 40, d.Subject, &d.set, noon) == 0 {
			b.Fatal("nothing was true")
		}
	}
}

// BenchmarkEvaluateWiFi judges an iPad with a network by profile against
// clinical-strict: 51 device rows.
func BenchmarkEvaluateWiFi(b *testing.B) {
	baseline, err := checks.Builtin("clinical-strict")
	if err != nil {
		b.Fatal(err)
	}
	d := iPad().restricted().networks(network("enterprise", "WPA2", "good"))
	b.ReportAllocs()
	for b.Loop() {
		if len(baseline.Evaluate(d.Subject, &d.set, noon)) < 40 {
			b.Fatal("too few verdicts")
		}
	}
}
