package sweep

import (
	"cmp"
	"strings"
	"time"
)

const (
	// lostPolls is how often a device that has a command in its queue polls
	// before its answer counts as lost: at the first poll it is handed the
	// command, and at the second it has done with it.
	lostPolls = 2
	// maxAgain is how often a query is asked again in a round because its
	// answer was lost, and how many commands of a device are given up without
	// an answer in between: a device that says nothing at all does not keep
	// the round up for each of them.
	maxAgain = 3
)

// lost lists the commands whose answers were lost on the way: their device came
// for them, came again and said nothing about them, and has said nothing at all
// for grace since. That it goes on polling does not count: some do all day. One
// that is in the middle of a session has lost nothing.
//
// A queue is handed out in its order, so of each channel only the first command
// can be lost: nobody knows whether those behind it were handed out.
func (a *awaited) lost(now time.Time, grace time.Duration) []owed {
	var list []owed
	for _, c := range a.channels {
		o := c.first()
		if o == nil || o.visits < lostPolls || now.Sub(o.done) < grace || now.Sub(c.said) < grace {
			continue
		}
		list = append(list, *o)
	}
	return list
}

// giveUp waits no more for commands that were lost. What is behind them in the
// queue is handed out from now on.
func (a *awaited) giveUp(lost []owed) {
	for _, o := range lost {
		if c := a.channels[o.enrollment]; c != nil {
			c.inARow++
			for _, behind := range c.commands {
				behind.visits = 0
			}
		}
		a.settle(o.enrollment, o.uuid)
	}
}

// mute lists the devices that came for a command, said nothing about it, and
// are silent for grace, each once. A push has them poll again: only then is it
// known whether an answer was lost or the device was interrupted.
func (a *awaited) mute(now time.Time, grace time.Duration) []string {
	var ids []string
	for id, c := range a.channels {
		o := c.first()
		if o == nil || o.visits == 0 || o.visits >= lostPolls || c.came <= c.nudged || now.Sub(c.heard) < grace {
			continue
		}
		c.nudged = c.came
		ids = append(ids, id)
	}
	return ids
}

// first returns the command that was asked first of those whose answers may be
// lost, or nil.
func (c *channel) first() *owed {
	if c.inARow >= maxAgain {
		return nil
	}
	var first *owed
	for _, o := range c.commands {
		if o.missing() && (first == nil || o.before(first)) {
			first = o
		}
	}
	return first
}

// progress notes that an answer came, to which the server replies with the next
// command: the device came once for what is left.
func (c *channel) progress() {
	c.inARow = 0
	for _, o := range c.commands {
		if o.queued {
			o.visits = 1
		}
	}
}

// missing reports whether an answer that has not come may be lost.
func (o *owed) missing() bool { return o.queued && !o.refused && o.again < maxAgain }

// before reports whether o is in front of another in the queue.
func (o *owed) before(other *owed) bool {
	return cmp.Or(o.asked.Compare(other.asked), cmp.Compare(o.place, other.place), strings.Compare(o.uuid, other.uuid)) < 0
}
