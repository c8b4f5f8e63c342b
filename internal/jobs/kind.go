package jobs

import "time"

// A Kind is what a job does.
type Kind string

// The kinds of jobs.
const (
	Round    Kind = "round"    // a round on a schedule
	Inspect  Kind = "inspect"  // asks devices that have just enrolled
	Upkeep   Kind = "upkeep"   // prunes what is kept no longer
	Snapshot Kind = "snapshot" // publishes the copy of results.db
	Head     Kind = "head"     // publishes the head of the chain
	Digest   Kind = "digest"   // tells what was gathered to be told
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Round, Inspect, Upkeep, Snapshot, Head, Digest} }

// A Job is what a callback is asked to do.
type Job struct {
	Kind Kind
	// Schedule is what made it due. It is zero for an inspection and for what
	// Enqueue wants done.
	Schedule Schedule
	// Due is when the schedule wanted it: earlier than now if it waited its turn
	// or makes up for a time when nothing ran. Zero without a schedule.
	Due time.Time
	// Attempt counts from 1. An attempt that the process did not survive counts,
	// one that Stop cut does not.
	Attempt int
}

// The queues: a round must not wait for upkeep, and a new device not for a round.
const (
	queueRounds      = "rounds"
	queueInspections = "inspections"
	queueUpkeep      = "upkeep"
)

// queue is the line in which a kind waits. Each has one worker, so that there is
// one round at a time.
func (k Kind) queue() string {
	switch k {
	case Round:
		return queueRounds
	case Inspect:
		return queueInspections
	default:
		return queueUpkeep
	}
}

// limit is how long a job may take before its context ends; 0 is for ever.
// Rounds and inspections end by themselves, after the time that sweep gives
// them.
func (k Kind) limit() time.Duration {
	switch k {
	case Head, Digest:
		return 5 * time.Minute
	case Snapshot:
		return 30 * time.Minute
	default:
		return 0
	}
}
