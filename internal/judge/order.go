package judge

import (
	"cmp"
	"slices"

	"github.com/wardround/wardround/mdm"
)

// newestFirst is the order in which observations are taken.
func newestFirst(all []Observation) []Observation {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(x, y Observation) int {
		return cmp.Or(y.Last.Compare(x.Last), cmp.Compare(turn(x.Evidence), turn(y.Evidence)), cmp.Compare(y.Evidence.ID, x.Evidence.ID))
	})
	return all
}

// turn orders messages of the same time, of which nobody knows which came
// first: leaving counts as the last word, enrolling as the first.
func turn(e mdm.Evidence) int {
	switch {
	case e.Class == mdm.CheckIn && e.Query == mdm.CheckOut:
		return -1
	case e.Class == mdm.CheckIn && e.Query == mdm.Authenticate:
		return 1
	}
	return 0
}
