package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

func actCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"acts come back as they were given, in order", actsInOrder},
		{"an act that the chain could not take is not kept", actRefused},
		{"what was consumed sums up to the same for good", consumedForGood},
		{"pseudonyms stay the same", samePseudonyms},
	}
}

func chainCases() []testCase[store.Results] {
	return []testCase[store.Results]{
		{"each round is an entry that its rows agree with", roundsAgree},
		{"two rounds in one second change different rows", oneSecond},
		{"acts are entries before their round, once", actsOnce},
		{"before the first round there is no chain", noChain},
	}
}

func actsInOrder(t *testing.T, s store.State) {
	want := []store.Act{
		{At: noon(), Kind: store.ActAdmin, Actor: "actor-1", Body: json.RawMessage(`{"action":"login","details":{"from":"dashboard"}}`)},
		{At: noon().Add(-time.Hour), Kind: store.ActErasure, Body: json.RawMessage(`{"reason":"request","rows":3,"subject":"subject-1"}`)},
		{At: noon(), Kind: store.ActPrune, Body: json.RawMessage(`{"rows":3,"stock":"evidence-bodies","through":7}`)},
		{At: noon(), Kind: store.ActWaiver, Body: json.RawMessage(`{"action":"added","id":"W1","reason":"so","requirement":"r"}`)},
	}
	for i := range want {
		id, err := s.Act(t.Context(), want[i])
		if err != nil || id != int64(i+1) {
			t.Fatalf("act %d: got id %d, %v", i+1, id, err)
		}
		want[i].ID = id
	}
	for after := range int64(5) {
		got, err := s.ActsAfter(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if got[i].Salt == (chain.Salt{}) {
				t.Errorf("act %d has no salt", got[i].ID)
			}
			got[i].Salt = chain.Salt{}
		}
		if diff := cmp.Diff(append([]store.Act(nil), want[after:]...), got); diff != "" {
			t.Errorf("acts after %d (-want +got):\n%s", after, diff)
		}
	}
}

func actRefused(t *testing.T, s store.State) {
	for _, a := range []store.Act{
		{At: noon(), Kind: "party", Body: json.RawMessage(`{}`)},
		{At: noon(), Kind: store.ActAdmin, Body: json.RawMessage(`{}`)},
		{At: noon(), Kind: store.ActAdmin, Body: json.RawMessage(`{"action":"login","name":"Zoe"}`)},
		{At: noon(), Kind: store.ActErasure, Body: json.RawMessage(`{"reason":"request","rows":1}`)},
		{At: noon(), Kind: store.ActWaiver, Body: json.RawMessage(`{"action":"added"}`)},
		{At: noon(), Kind: store.ActAdmin, Body: json.RawMessage(`{`)},
	} {
		if id, err := s.Act(t.Context(), a); err == nil || id != 0 {
			t.Errorf("%s %s: got id %d, %v; want an error", a.Kind, a.Body, id, err)
		}
	}
	if got, err := s.ActsAfter(t.Context(), 0); len(got) != 0 || err != nil {
		t.Errorf("got %+v, %v; want none kept", got, err)
	}
}

func consumedForGood(t *testing.T, s store.State) {
	none, err := s.Consume(t.Context(), 0, 0)
	if err != nil || none != chain.NewEvidenceDigest().Tally() {
		t.Errorf("got %+v, %v; want the tally of no rows", none, err)
	}
	for i := range 16 {
		deliver(t, s, Unread("D1", fmt.Sprint(i), noon().Add(time.Duration(i)*time.Second)))
	}
	want, err := s.Consume(t.Context(), 0, 16)
	if err != nil || want.Count != 16 {
		t.Fatalf("consumed %+v, %v; want 16 rows", want, err)
	}
	for i := range 16 { // each drops an older one
		deliver(t, s, Unread("D1", fmt.Sprint("more", i), noon().Add(time.Duration(100+i)*time.Second)))
	}
	if got, err := s.Consumed(t.Context(), 0, 16); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v still", got, err, want)
	}
	bodies := 0
	err = s.EachBody(t.Context(), 32, func(id int64, fault error) error {
		bodies++
		return fault
	})
	if err != nil || bodies != 16 {
		t.Errorf("%d bodies, %v; want those 16 that are kept", bodies, err)
	}
}

func samePseudonyms(t *testing.T, s store.State) {
	var names []string
	for range 2 {
		p, err := s.Pseudonyms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		name, err := p.Actor("zoe")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if names[0] != names[1] {
		t.Errorf("got %q, want the same twice", names)
	}
}

// walk verifies the chain of r and returns its entries.
func walk(t *testing.T, r store.Results) []chain.Entry {
	t.Helper()
	c, err := r.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v := chain.NewVerifier(chain.Verification{})
	var all []chain.Entry
	for e, err := range c.Entries(t.Context()) {
		if err == nil {
			err = v.Next(t.Context(), e)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	report, err := v.End()
	if err != nil {
		t.Fatal(err)
	}
	id, last, err := c.Head(t.Context())
	if err != nil || id != report.Chain || last.Hash != report.LastHash {
		t.Errorf("head %s of %s, %v; want %s of %s", last.Hash, id, err, report.LastHash, report.Chain)
	}
	known := make(map[int64]bool)
	for _, e := range all {
		if e.Kind != chain.KindRound {
			continue
		}
		round, err := chain.Decode[chain.Round](e)
		if err != nil {
			t.Fatal(err)
		}
		known[e.At] = true
		got, err := c.Changes(t.Context(), e.Time())
		if round.Changes.Count > 0 && (err != nil || got != round.Changes) {
			t.Errorf("entry %d: changes %+v, %v; recorded were %+v", e.Seq, got, err, round.Changes)
		}
	}
	never := func(string) bool { return false }
	if err := c.Strays(t.Context(), known, never, func(at time.Time, device int64) error {
		return fmt.Errorf("device %d changed at %s, in no round", device, at)
	}); err != nil {
		t.Error(err)
	}
	if err := c.Words(t.Context(), never, func(what string) error { return fmt.Errorf("%s is another", what) }); err != nil {
		t.Error(err)
	}
	return all
}

// changed are how many verdicts each round changed.
func changed(t *testing.T, entries []chain.Entry) (counts []int64) {
	t.Helper()
	for _, e := range entries {
		if e.Kind == chain.KindRound {
			r, err := chain.Decode[chain.Round](e)
			if err != nil {
				t.Fatal(err)
			}
			counts = append(counts, r.Changes.Count)
		}
	}
	return counts
}

func roundsAgree(t *testing.T, r store.Results) {
	f := variety()
	record(t, r, f)
	all := walk(t, r)
	if len(all) != 2 || all[0].Kind != chain.KindGenesis {
		t.Fatalf("%d entries, want a genesis and a round", len(all))
	}
	f.Heard(noon().Add(time.Hour))
	record(t, r, f)
	f.Heard(noon().Add(2 * time.Hour))
	f.Turn(0, 1)
	record(t, r, f)
	f.Heard(noon().Add(100 * time.Hour)) // all were stale in between
	f.Devices = f.Devices[:2]
	record(t, r, f)
	got := changed(t, walk(t, r))
	if len(got) != 4 || got[0] != 3*8+2 || got[2] < 1 || got[3] < 8+1 {
		t.Errorf("changes %d: want 26 at first, then one that turned, and those of the device that left", got)
	}
}

func oneSecond(t *testing.T, r store.Results) {
	f := NewFleet(2, 3, noon())
	for range 3 {
		record(t, r, f)
		f.Turn(1, 2)
	}
	f.Heard(noon().Add(-time.Hour)) // and the clock is set back
	record(t, r, f)
	if diff := cmp.Diff([]int64{6, 1, 1, 1}, changed(t, walk(t, r))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func actsOnce(t *testing.T, r store.Results) {
	f := NewFleet(1, 1, noon())
	f.Round.Acts = []store.Act{
		{ID: 3, At: noon().Add(-time.Minute), Kind: store.ActAdmin, Body: json.RawMessage(`{"action":"login"}`), Salt: chain.NewSalt()},
		{ID: 5, At: noon().Add(-time.Hour), Kind: store.ActPrune, Body: json.RawMessage(`{"before":1,"rows":0,"stock":"verdict-rows"}`)},
	}
	record(t, r, f)
	cursor, err := r.ActCursor(t.Context())
	if err != nil || cursor != 5 {
		t.Errorf("cursor %d, %v; want 5", cursor, err)
	}
	f.Heard(noon().Add(time.Hour))
	if err := f.Record(t.Context(), r); err == nil {
		t.Error("acts that are in the chain were taken again")
	}
	f.Round.Acts = nil
	record(t, r, f)
	var kinds []chain.Kind
	for _, e := range walk(t, r) {
		kinds = append(kinds, e.Kind)
	}
	want := []chain.Kind{chain.KindGenesis, chain.KindAdmin, chain.KindPrune, chain.KindRound, chain.KindRound}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	c, err := r.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	acts, err := c.Acts(t.Context())
	if diff := cmp.Diff(map[int64]int64{3: 2, 5: 3}, acts); diff != "" || err != nil {
		t.Errorf("entries of acts (-want +got):\n%s%v", diff, err)
	}
}

func noChain(t *testing.T, r store.Results) {
	c, err := r.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := c.Head(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("head: %v, want not found", err)
	}
	if _, err := c.Changes(t.Context(), noon()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("changes: %v, want not found", err)
	}
	if cursor, err := r.ActCursor(t.Context()); cursor != 0 || err != nil {
		t.Errorf("cursor %d, %v; want 0", cursor, err)
	}
}
