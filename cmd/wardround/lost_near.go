package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/store"
)

// nearNames is a hint at the devices whose names are most like one that nobody
// has: those it begins, or that differ by a letter or two.
func nearNames(ctx context.Context, state store.State, name string) (string, error) {
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return "", err
	}
	inventory, err := state.Inventory(ctx)
	if err != nil {
		return "", err
	}
	var near []nearName
	add := func(candidate, serial string) {
		if d := unlikeness(name, candidate); candidate != "" && d <= farthest {
			near = append(near, nearName{candidate, serial, d})
		}
	}
	for _, i := range inventory {
		add(i.AssetTag, i.Serial)
		add(i.Serial, "")
	}
	for _, e := range enrolled {
		if !e.UserChannel() {
			add(e.ID, e.Serial)
			add(e.Serial, "")
		}
	}
	if len(near) == 0 {
		return "'wardround devices' lists them", nil
	}
	slices.SortFunc(near, func(a, b nearName) int {
		return cmp.Or(a.unlike-b.unlike, cmp.Compare(a.name, b.name), cmp.Compare(b.serial, a.serial))
	})
	near = slices.CompactFunc(near, func(a, b nearName) bool { return a.name == b.name })
	texts := make([]string, 0, maxNear)
	for _, n := range near[:min(len(near), maxNear)] {
		text := printable(n.name)
		if n.serial != "" {
			text += " (" + printable(n.serial) + ")"
		}
		texts = append(texts, text)
	}
	return "near it: " + strings.Join(texts, ", "), nil
}

const (
	maxNear  = 5
	farthest = 2 // letters
)

// A nearName is a name of a device that is like the one that was meant.
type nearName struct {
	name, serial string
	unlike       int
}

// unlikeness is how many letters two names differ by, without regard to case,
// and more than farthest if by more than that. A name that is cut off is as
// near as one with a letter wrong.
func unlikeness(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if len(a) >= 3 && strings.HasPrefix(b, a) || len(b) >= 3 && strings.HasPrefix(a, b) {
		return 1
	}
	if len(a)-len(b) > farthest || len(b)-len(a) > farthest || len(a) <= farthest {
		return farthest + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
