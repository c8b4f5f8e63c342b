package chain_test

import (
	"testing"
	"time"

	"github.com/wardround/wardround/internal/chain"
)

func one(b byte) (h chain.Hash) {
	for i := range h {
		h[i] = b
	}
	return h
}

// The digests were computed by another program from the description in
// docs/design/0012-the-chain.md. They never change.
func TestDigestsAreAsDescribed(t *testing.T) {
	evidence := chain.NewEvidenceDigest()
	evidence.Evidence(chain.EvidenceRow{ID: 7, SHA256: one(1), ReceivedSHA256: one(2), Received: begun.Add(5*time.Millisecond + 9)})
	changes := chain.NewChangeDigest()
	changes.Change(chain.Change{Device: 3, Baseline: "b", Requirement: "r", Result: "pass", Reason: "in-force", Finding: one(1)})
	for _, tt := range []struct {
		name, want string
		got        chain.Tally
	}{
		{"evidence", "b1324bf2a7b6607bc6134d7a7fe14116f7d5394ccfd60ed149f8c61ffcc2b5fb", evidence.Tally()},
		{"changes", "972386feee71e388490372b05379d9d74531cc2f24f3e5e1b23570d051f1fe5c", changes.Tally()},
	} {
		if got := tt.got.SHA256.String(); got != tt.want || tt.got.Count != 1 {
			t.Errorf("%s: got %s of %d rows, want %s of one", tt.name, got, tt.got.Count, tt.want)
		}
	}
}

func TestNoTwoSequencesOfRowsHaveOneDigest(t *testing.T) {
	sequences := map[string]func(*chain.Digest){
		"nothing":             func(*chain.Digest) {},
		"an empty row":        func(d *chain.Digest) { d.Row() },
		"two empty rows":      func(d *chain.Digest) { d.Row(); d.Row() },
		"a, b":                func(d *chain.Digest) { d.Text("a"); d.Text("b"); d.Row() },
		"b, a":                func(d *chain.Digest) { d.Text("b"); d.Text("a"); d.Row() },
		"ab":                  func(d *chain.Digest) { d.Text("ab"); d.Row() },
		"ab and nothing":      func(d *chain.Digest) { d.Text("ab"); d.Text(""); d.Row() },
		"nothing and ab":      func(d *chain.Digest) { d.Text(""); d.Text("ab"); d.Row() },
		"a in one row, b":     func(d *chain.Digest) { d.Text("a"); d.Row(); d.Text("b"); d.Row() },
		"bytes ab":            func(d *chain.Digest) { d.Bytes([]byte("ab")); d.Row() },
		"a number":            func(d *chain.Digest) { d.Int(0x6162); d.Row() },
		"its opposite":        func(d *chain.Digest) { d.Int(-0x6162); d.Row() },
		"a number as bytes":   func(d *chain.Digest) { d.Bytes([]byte{0, 0, 0, 0, 0, 0, 0x61, 0x62}); d.Row() },
		"a row's end as text": func(d *chain.Digest) { d.Text("r"); d.Row() },
		"an open row":         func(d *chain.Digest) { d.Text("ab") },
	}
	seen := map[chain.Hash]string{}
	for name, write := range sequences {
		for _, sort := range []string{"x", "y"} {
			d := chain.NewDigest(sort)
			write(d)
			sum := d.Tally().SHA256
			if other, twice := seen[sum]; twice {
				t.Errorf("%s of sort %s and %s are the same", name, sort, other)
			}
			seen[sum] = name + " of sort " + sort
		}
	}
}

func TestATallyDoesNotEndADigest(t *testing.T) {
	twice, once := chain.NewDigest("x"), chain.NewDigest("x")
	for i := range int64(3) {
		for _, d := range []*chain.Digest{twice, once} {
			d.Int(i)
			d.Row()
		}
		twice.Tally()
	}
	if got, want := twice.Tally(), once.Tally(); got != want || got.Count != 3 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
