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
	heard    time.Time        // when anything came last
	said     time.Time        // when anything but a poll came last
	came     int              // messages
	nudged   int              // messages when it was last pushed because it said nothing
	inARow   int              // commands that were given up as lost since the last answer, in this round
}

// An owed command has no answer yet.
type owed struct {
	enrollment string
	query      mdm.QueryKey
	uuid       string
	asked      time.Time
	place      int       // among those that were asked at that time
	earlier    bool      // it was asked in an earlier round
	again      int       // how often its query was given up as lost in this round
	refused    bool      // it was put off, now or in an earlier round, and so is not lost
	notNow     int       // how often it was put off in this round
	queued     bool      // it is in the queue for certain
	visits     int       // how often its device came to be handed a command since it was queued
	done       time.Time // when that was lostPolls times
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
			o.queued, o.place, o.visits, o.done = command.queued, command.place, command.visits, command.done
		}
		c := a.expect(o)
		c.heard, c.said, c.came, c.nudged = old.heard, old.said, old.came, old.came
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
		command := a.channels[o.enrollment].commands[o.uuid]
		command.queued, command.place = true, o.place
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
	c.came++
	if !poll {
		c.said = now
		return
	}
	for _, o := range c.commands {
		if !o.queued {
			continue
		}
		if o.visits++; o.visits == lostPolls {
			o.done = now
		}
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
		c.progress()
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
