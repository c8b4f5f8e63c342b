package checks_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/wardround/wardround/checks"
)

// TestJudgingADeviceCostsFewAllocations bounds what 40 requirements on one
// device may take, the first time and the thousandth.
func TestJudgingADeviceCostsFewAllocations(t *testing.T) {
	for _, id := range []string{"clinical-strict", "hipaa-no-facetime", "phsa-facetime"} {
		b, err := checks.Builtin(id)
		if err != nil {
			t.Fatal(err)
		}
		for name, d := range map[string]*device{"restricted": iPad().restricted().networks(network("enterprise", "WPA2", "good")), "open": iPad(), "mac": mac()} {
			rows := len(b.Evaluate(d.Subject, &d.set, noon))
			first := testing.AllocsPerRun(10, func() { b.Evaluate(d.Subject, &d.set, noon) })
			for range 1000 {
				b.Evaluate(d.Subject, &d.set, noon)
			}
			last := testing.AllocsPerRun(10, func() { b.Evaluate(d.Subject, &d.set, noon) })
			if limit := 5 * float64(rows); rows < 30 || first > limit || last > limit {
				t.Errorf("%s, %s: %d requirements take %.0f allocations, then %.0f; want at most %.0f", id, name, rows, first, last, limit)
			}
		}
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		d := iPad().networks(network("enterprise", "WPA2", "weak"))
		judged := func() []byte {
			data, err := json.Marshal(b.EvaluateWith(d.Subject, &d.set, said(vouched("wr_account_reachable"), vouched("wr_zoom_account_locked")), noon))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		first := judged()
		for range 50 {
			if again := judged(); !bytes.Equal(first, again) {
				t.Fatalf("got other bytes:\n%s\nthan before:\n%s", again, first)
			}
		}
	})
}
