package lost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

// A Run is a stretch of equal messages of a device: when the first and the last
// of them came, the longest time between two, and how many there were.
type Run struct {
	judge.Observation
	LongestGap time.Duration
	Count      int64
}

// A slot is what a newer message of the same kind takes the place of.
type slot struct {
	enrollment string
	class      mdm.Class
	query      mdm.QueryKey
	status     mdm.Status
}

// These bound what a device can make a page remember: it sends what it likes.
const (
	maxCommands = 64
	maxCheckIns = 64
)

// A Timeline gathers what one device sent, before a loss and after it. Bodies
// are not needed until Fetch. It is not safe for concurrent use.
type Timeline struct {
	lost     time.Time
	before   map[slot]Run // the last of each kind that began at or before the loss
	latest   map[slot]Run // the last of each kind
	commands []Run        // answers to commands of other servers
	checkIns []Run
	contact  contacts
	left     int // commands and check-ins that are not remembered
	bodiless []Run
}

// NewTimeline returns an empty Timeline around a loss.
func NewTimeline(lost time.Time) *Timeline {
	return &Timeline{
		lost: lost, before: make(map[slot]Run), latest: make(map[slot]Run), contact: contacts{lost: lost},
	}
}

// Add takes a run of messages. They come in any order.
func (t *Timeline) Add(r Run) {
	e := r.Evidence
	r.Evidence.Body = nil
	t.contact.add(r)
	s := slot{e.Enrollment.ID, e.Class, e.Query, e.Status}
	if later(r, t.latest[s]) {
		t.latest[s] = r
	}
	if !r.Since.After(t.lost) && later(r, t.before[s]) {
		t.before[s] = r
	}
	switch {
	case e.Enrollment.UserChannel():
	case e.Class == mdm.CheckIn:
		t.checkIns = t.remember(t.checkIns, r, maxCheckIns)
	case e.Class == mdm.Report && ofOthers(e):
		t.commands = t.remember(t.commands, r, maxCommands)
	}
}

// later reports whether r began after other, which may be none.
func later(r, other Run) bool { return other.Count == 0 || byTime(r, other) > 0 }

// byTime orders runs by when they began, and by what was kept first.
func byTime(a, b Run) int {
	return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Evidence.ID, b.Evidence.ID))
}

// remember keeps the last runs of a list.
func (t *Timeline) remember(list []Run, r Run, most int) []Run {
	at, _ := slices.BinarySearchFunc(list, r, byTime)
	list = slices.Insert(list, at, r)
	if len(list) > most {
		t.left++
		list = list[1:]
	}
	return list
}

// ofOthers reports whether a report answers a command that another server sent
// and that is no query of ours: what it does is known, or nothing tells.
func ofOthers(e mdm.Evidence) bool {
	if mdm.DeedOf(e.Query) != "" {
		return true
	}
	return e.Query == "" && e.Status != mdm.Idle && e.CommandUUID != "" && !strings.HasPrefix(e.CommandUUID, mdm.CommandPrefix)
}

// Fetch reads the bodies that Build needs, each once. Read returns nothing for
// one that is no longer kept.
func (t *Timeline) Fetch(read func(mdm.Digest) ([]byte, error)) error {
	bodies := make(map[mdm.Digest][]byte)
	gone := make(map[int64]bool)
	for _, runs := range []map[slot]Run{t.before, t.latest} {
		for s, r := range runs {
			if s.class == mdm.Unread || r.Evidence.Enrollment.UserChannel() {
				continue // nobody reads them
			}
			sum := r.Evidence.SHA256
			body, ok := bodies[sum]
			if !ok {
				var err error
				if body, err = read(sum); err != nil {
					return fmt.Errorf("read evidence %x: %w", sum, err)
				}
				bodies[sum] = body
			}
			if len(body) == 0 {
				delete(runs, s)
				if !gone[r.Evidence.ID] {
					gone[r.Evidence.ID] = true
					t.bodiless = append(t.bodiless, r)
				}
				continue
			}
			r.Evidence.Body = body
			runs[s] = r
		}
	}
	slices.SortFunc(t.bodiless, byTime)
	return nil
}

// atLoss returns the runs as they stood at the loss. Of one that went on after
// it only so much is known: it came no earlier than shown.
func (t *Timeline) atLoss() []Run {
	runs := make([]Run, 0, len(t.before))
	for _, r := range t.before {
		r.Last, _ = lastBefore(r, t.lost)
		runs = append(runs, r)
	}
	return inOrder(runs)
}

// lastBefore is when a run that began before the loss last came before it, and
// whether that is exact. Of a run that went on only the longest gap is kept.
func lastBefore(r Run, lost time.Time) (at time.Time, exact bool) {
	switch {
	case !r.Last.After(lost):
		return r.Last, true
	case r.Count == 2:
		return r.Since, true
	}
	if at = lost.Add(-r.LongestGap); at.Before(r.Since) {
		at = r.Since
	}
	return at, false
}

func (t *Timeline) now() []Run {
	runs := make([]Run, 0, len(t.latest))
	for _, r := range t.latest {
		runs = append(runs, r)
	}
	return inOrder(runs)
}

func inOrder(runs []Run) []Run {
	slices.SortFunc(runs, func(a, b Run) int { return cmp.Compare(a.Evidence.ID, b.Evidence.ID) })
	return runs
}
