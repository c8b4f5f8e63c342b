package checks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

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

// lookedThrough is what an index has to find.
func lookedThrough(all checks.Statements, s checks.Subject) (found checks.Statements) {
	for i, a := range all.Attestations {
		var own checks.Reach
		if own.Organisation = a.Reach.Organisation; !own.Organisation {
			for _, name := range a.Reach.Devices {
				if name != "" && (strings.EqualFold(name, s.ID) || strings.EqualFold(name, s.Serial)) {
					own.Devices = append(own.Devices, name)
				}
			}
			for _, group := range a.Reach.Groups {
				if group != "" && slices.Contains(s.Groups, group) {
					own.Groups = append(own.Groups, group)
				}
			}
		}
		if own.Organisation || len(own.Devices)+len(own.Groups) > 0 {
			w := all.Waivers[i]
			a.Reach, w.Reach = own, own
			found.Attestations, found.Waivers = append(found.Attestations, a), append(found.Waivers, w)
		}
	}
	return found
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
		if diff := cmp.Diff(lookedThrough(all, s), index.For(s)); diff != "" {
			t.Errorf("%+v (-all +index):\n%s", s, diff)
		}
	}
	if got := (checks.Statements{}).Index().For(checks.Subject{ID: "x"}); len(got.Attestations)+len(got.Waivers) > 0 {
		t.Errorf("got %+v of nothing", got)
	}
}

// BenchmarkStatementIndex looks a device up: what that costs is not to grow with
// the names in a statement.
func BenchmarkStatementIndex(b *testing.B) {
	for _, names := range []int{10, 10_000} {
		b.Run(fmt.Sprint(names), func(b *testing.B) {
			w := checks.Waiver{ID: "W1"}
			for i := range names {
				w.Reach.Devices = append(w.Reach.Devices, fmt.Sprintf("serial%06d", i))
			}
			index := checks.Statements{Waivers: []checks.Waiver{w}}.Index()
			for b.Loop() {
				if found := index.For(checks.Subject{ID: "00008120-0011223344556677", Serial: "SERIAL000009"}); len(found.Waivers) != 1 {
					b.Fatal("it was not found")
				}
			}
		})
	}
}
