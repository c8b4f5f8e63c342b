package sweep

import (
	"maps"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// Awaited is what a round waits for. It is not safe for concurrent use: an
// Intake guards it.
type awaited struct {
	channels  map[string]*channel // by enrollment, of those that owe something
	open      int                 // commands of all of them
	putOff    map[string]int      // how often an enrollment has put one of its commands off, if it did
	late      []store.Outstanding // commands of earlier rounds that were answered in this one
	watched   map[string]bool     // enrollments whose check-ins matter
	checkedIn bool                // one of these came
}

// A channel is one enrollment that owes something. Only its own messages
// settle what it owes.
type channel struct {
	commands map[string]*owed // by CommandUUID
	polls    int              // reports of Idle
	heard    time.Time        // when anything came last
	nudged   int              // polls when it was last pushed because it said nothing
}

// An owed command has no answer yet.
type owed struct {
	enrollment string
	query      mdm.QueryKey
	uuid       string
	earlier    bool // it was asked in an earlier round
	again      int  // how often its query was given up as lost in this round
	refused    bool // it was put off, now or in an earlier round, and so is not lost
	notNow     int  // how often it was put off in this round
	queued     bool // it is in the queue for certain
	polls      int  // of its channel when it was queued
}

func newAwaited() awaited {
	return awaited{channels: make(map[string]*channel), putOff: make(map[string]int), watched: make(map[string]bool)}
}

// begin waits for what is owed from earlier rounds, and for nothing else. How
// often a device has polled since it was asked is not forgotten: in a round it
// may poll only once.
func (a *awaited) begin(owing []owed) {
	before := a.channels
	*a = newAwaited()
	for _, o := range owing {
		old := before[o.enrollment]
		if old == nil {
			a.expect(o)
			continue
		}
		if command := old.commands[o.uuid]; command != nil {
			o.queued, o.polls = command.queued, command.polls
		}
		c := a.expect(o)
		c.polls, c.heard, c.nudged = old.polls, old.heard, old.polls
	}
}

// expect waits for a command that is about to be queued: a device may answer
// before the asker has returned.
func (a *awaited) expect(o owed) *channel {
	c := a.channels[o.enrollment]
	if c == nil {
		c = &channel{commands: make(map[string]*owed)}
		a.channels[o.enrollment] = c
	}
	if c.commands[o.uuid] == nil {
		c.commands[o.uuid] = &o
		a.open++
	}
	return c
}

// awaits reports whether a command is waited for.
func (a *awaited) awaits(enrollment, uuid string) bool {
	c := a.channels[enrollment]
	return c != nil && c.commands[uuid] != nil
}

// queued notes that commands are in the queue. That their device polled before
// they were does not count against their answers.
func (a *awaited) queued(commands []owed) {
	for _, o := range commands {
		if !a.awaits(o.enrollment, o.uuid) {
			continue
		}
		if c := a.channels[o.enrollment]; !c.commands[o.uuid].queued {
			c.commands[o.uuid].queued, c.commands[o.uuid].polls = true, c.polls
		}
	}
}

// forget waits no more for commands.
func (a *awaited) forget(commands []owed) {
	for _, o := range commands {
		a.settle(o.enrollment, o.uuid)
	}
}

// heard notes that a message of an enrollment came, and whether it was a poll.
func (a *awaited) heard(enrollment string, poll bool, now time.Time) {
	c := a.channels[enrollment]
	if c == nil {
		return
	}
	c.heard = now
	if poll {
		c.polls++
	}
}

// took reports whether e is what the round waits for.
func (a *awaited) took(e mdm.Evidence) bool {
	id := e.Enrollment.ID
	if e.Class == mdm.CheckIn {
		return a.tookCheckIn(id, e.Query)
	}
	c := a.channels[id]
	if c == nil || c.commands[e.CommandUUID] == nil {
		return false
	}
	o := c.commands[e.CommandUUID]
	if e.Status != mdm.NotNow {
		if o.earlier {
			a.late = append(a.late, store.Outstanding{
				Enrollment: id, Query: o.query, CommandUUID: o.uuid, AnsweredAt: e.Received, Status: e.Status,
			})
		}
		a.settle(id, e.CommandUUID)
		return true
	}
	o.refused = true
	o.notNow++
	a.putOff[id] = max(a.putOff[id], o.notNow)
	return true
}

// tookCheckIn waits no more for a device that enrols anew or leaves: its queue
// is emptied.
func (a *awaited) tookCheckIn(id string, message mdm.QueryKey) bool {
	c := a.channels[id]
	gone := c != nil && (message == mdm.Authenticate || message == mdm.CheckOut)
	if gone {
		for uuid := range c.commands {
			a.settle(id, uuid)
		}
	}
	a.checkedIn = a.checkedIn || a.watched[id]
	return gone || a.watched[id]
}

// settle waits no more for a command.
func (a *awaited) settle(enrollment, uuid string) {
	c := a.channels[enrollment]
	if c == nil || c.commands[uuid] == nil {
		return
	}
	delete(c.commands, uuid)
	a.open--
	delete(a.putOff, enrollment)
	for _, o := range c.commands {
		if o.notNow > 0 {
			a.putOff[enrollment] = max(a.putOff[enrollment], o.notNow)
		}
	}
	if len(c.commands) == 0 {
		delete(a.channels, enrollment)
	}
}

// putOffs tells of the enrollments that have put a command off how often they
// did.
func (a *awaited) putOffs() map[string]int { return maps.Clone(a.putOff) }

const (
	// lostPolls is how often a device that has a command in its queue polls
	// before its answer counts as lost: at the first poll it is handed the
	// command, and at the second it has done with it.
	lostPolls = 2
	// maxAgain is how often a query is asked again in a round because its
	// answer was lost.
	maxAgain = 3
)

// lost lists the commands whose answers were lost on the way: their device has
// polled since, said nothing about them, and is silent for grace. One that is
// in the middle of a session is not.
func (a *awaited) lost(now time.Time, grace time.Duration) []owed {
	var list []owed
	for _, c := range a.channels {
		if c.polls < lostPolls || now.Sub(c.heard) < grace {
			continue
		}
		for _, o := range c.commands {
			if o.missing() && c.polls-o.polls >= lostPolls {
				list = append(list, *o)
			}
		}
	}
	return list
}

// missing reports whether an answer that has not come may be lost.
func (o *owed) missing() bool { return o.queued && !o.refused && o.again < maxAgain }

// mute lists the devices that came for a command, said nothing about it, and
// are silent for grace, each once. A push has them poll again: only then is it
// known whether an answer was lost or the device was interrupted.
func (a *awaited) mute(now time.Time, grace time.Duration) []string {
	var ids []string
	for id, c := range a.channels {
		if c.polls <= c.nudged || now.Sub(c.heard) < grace {
			continue
		}
		for _, o := range c.commands {
			if o.missing() && c.polls > o.polls && c.polls-o.polls < lostPolls {
				c.nudged = c.polls
				ids = append(ids, id)
				break
			}
		}
	}
	return ids
}
