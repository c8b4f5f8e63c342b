package checks_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
)

// reaches are of every sort, with names that are hard to compare.
func reaches() []checks.Reach {
	return []checks.Reach{
		{},
		{Organisation: true},
		{Organisation: true, Devices: []string{"sn1"}},
		{Devices: []string{""}},
		{Devices: []string{"SN1", "sn1", "id-1"}},
		{Devices: []string{"\u212AELVIN"}, Groups: []string{"ward7"}},
		{Groups: []string{"ward7", "Ward8", "ward7"}},
		{Devices: []string{"stra\u017Fe", "\xff"}},
	}
}

func TestAnIndexFindsWhatLookingThroughAllFinds(t *testing.T) {
	var all checks.Statements
	for i, r := range reaches() {
		id := fmt.Sprint(i)
		all.Attestations = append(all.Attestations, checks.Attestation{ID: id, Reach: r})
		all.Waivers = append(all.Waivers, checks.Waiver{ID: id, Reach: r})
	}
	index := all.Index()
	for _, s := range []checks.Subject{
		{},
		{ID: "ID-1"},
		{ID: "x", Serial: "Sn1"},
		{ID: "x", Groups: []string{"ward8"}},
		{ID: "sn1", Serial: "SN1", Groups: []string{"Ward8", "ward7"}},
		{ID: "kelvin"},
		{ID: "STRASSE"},
		{ID: "STRASE"},
		{ID: "\xff"},
		{ID: "\ufffd"},
	} {
		if diff := cmp.Diff(all.For(s), index.For(s)); diff != "" {
			t.Errorf("%+v (-all +index):\n%s", s, diff)
		}
	}
	if got := (checks.Statements{}).Index().For(checks.Subject{ID: "x"}); len(got.Attestations)+len(got.Waivers) > 0 {
		t.Errorf("got %+v of nothing", got)
	}
}

// What a device costs does not grow with the names in a statement: by a factor
// of a thousand if all were looked through.
func TestAnIndexedNameIsCheap(t *testing.T) {
	cost := func(names int) time.Duration {
		w := checks.Waiver{ID: "W1"}
		for i := range names {
			w.Reach.Devices = append(w.Reach.Devices, fmt.Sprintf("serial%06d", i))
		}
		index := checks.Statements{Waivers: []checks.Waiver{w}}.Index()
		least := time.Hour
		for range 5 {
			began := time.Now()
			for range 200 {
				index.For(checks.Subject{ID: "00008120-0011223344556677", Serial: "SERIAL000009"})
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	if few, many := cost(10), cost(10_000); many > 50*few {
		t.Errorf("looking 200 devices up takes %s where 10 are named, and %s where 10000 are", few, many)
	}
}
