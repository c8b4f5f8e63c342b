package store

import (
	"slices"

	"github.com/wardround/wardround/mdm"
)

// maxOlderRestrictions is how many older answers to Restrictions a device is
// judged by.
const maxOlderRestrictions = 16

// A Judged is an observation that a device is judged by. One that is Older is
// not the newest in its place.
type Judged struct {
	Observation
	Older bool
}

// JudgedBy picks those that a device is judged by from its observations, without
// duplicates and in order of evidence id: what Observations returned when these
// were all, had none been pruned.
func JudgedBy(all []Observation) []Judged {
	type place struct {
		channel string
		class   mdm.Class
		query   mdm.QueryKey
		status  mdm.Status
	}
	taken := make(map[place]bool)
	older := 0
	var judged []Judged
	for _, o := range slices.Backward(all) {
		e := o.Evidence
		at := place{e.Enrollment.ID, e.Class, e.Query, e.Status}
		restrictions := e.Class == mdm.Report && e.Status == mdm.Acknowledged && e.Query == mdm.QueryKey(mdm.Restrictions)
		switch {
		case !taken[at]:
			taken[at] = true
			judged = append(judged, Judged{Observation: o})
		case restrictions && older < maxOlderRestrictions:
			older++
			judged = append(judged, Judged{o, true})
		}
	}
	slices.Reverse(judged)
	return judged
}
