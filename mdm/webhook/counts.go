package webhook

import (
	"net/http"
	"sync/atomic"
)

// Counts are of events, since the Receiver was made.
type Counts struct {
	Kept       int64 // with a message of a device, durable; Polls and Unread among them
	Polls      int64 // a device connected and had nothing to say
	Unread     int64 // kept as bytes that are no answer: unreadable, of another device than the event's, out of date
	Duplicates int64 // the same bytes came before
	Ignored    int64 // without a message of a device, as other topics are

	Unsigned int64 // 401: the signature is missing or wrong
	TooLarge int64 // 413: not kept, for nobody knows who sent them before all is read
	Refused  int64 // 400, 405 and 408: no event, no device named, or a slow sender
	Busy     int64 // 503: too much was under way, or it is of another device than Only
	Failed   int64 // 500: could not be kept

	Forward []ForwardCounts // in the order of ReceiverConfig.Forward
}

// counters are Counts that many may raise.
type counters struct {
	kept, polls, unread, duplicates, ignored           atomic.Int64
	unsigned, tooLarge, rejected, busy, couldNotBeKept atomic.Int64
}

// Counts returns what has happened so far.
func (r *Receiver) Counts() Counts {
	c := &r.counts
	return Counts{
		Kept: c.kept.Load(), Polls: c.polls.Load(), Unread: c.unread.Load(),
		Duplicates: c.duplicates.Load(), Ignored: c.ignored.Load(),
		Unsigned: c.unsigned.Load(), TooLarge: c.tooLarge.Load(), Refused: c.rejected.Load(),
		Busy: c.busy.Load(), Failed: c.couldNotBeKept.Load(),
		Forward: r.forward.counts(),
	}
}

// refused counts by status.
func (c *counters) refused(status int) {
	switch status {
	case http.StatusUnauthorized:
		c.unsigned.Add(1)
	case http.StatusRequestEntityTooLarge:
		c.tooLarge.Add(1)
	case http.StatusServiceUnavailable:
		c.busy.Add(1)
	case http.StatusInternalServerError:
		c.couldNotBeKept.Add(1)
	default:
		c.rejected.Add(1)
	}
}
