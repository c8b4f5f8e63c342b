package mdm

import (
	"context"
	"time"
)

// Status is the Status of a report (Apple, "Handling responses").
type Status string

// The statuses of a report. A check-in has none, and neither has a body that
// was refused before its envelope could be read.
const (
	Acknowledged       Status = "Acknowledged"
	Error              Status = "Error"
	CommandFormatError Status = "CommandFormatError"
	NotNow             Status = "NotNow"
	Idle               Status = "Idle"
)

// Class says what kind of message a piece of evidence is.
type Class string

// The classes of evidence.
const (
	Report  Class = "report"  // an answer to a command
	CheckIn Class = "checkin" // Authenticate, TokenUpdate, CheckOut, ...
	Unread  Class = "unread"  // bytes that were refused: hostile, broken or too large
)

// Digest is a SHA-256.
type Digest [32]byte

// Evidence is one message of a device as it is kept. Body holds the kept
// bytes: dropped and hashed values are overwritten, UTF-16 and binary plists
// are rewritten as UTF-8 XML first (Rewritten is then true). SHA256 is of
// Body (see Seal), ReceivedSHA256 of the bytes that came.
type Evidence struct {
	ID             int64 // rising, given by the store; 0 before
	Enrollment     Enrollment
	Class          Class
	Query          QueryKey // of a report: told by the payload key, else by the command; of a check-in: its MessageType
	CommandUUID    string
	Status         Status
	Received       time.Time // UTC
	Body           []byte
	Size           int64 // of what came, in bytes; more than len(Body) when it was cut
	Rewritten      bool
	SHA256         Digest
	ReceivedSHA256 Digest
	Canonical      Digest // of Body with the CommandUUID's value cut out; equal for an unchanged answer
	Refusal        string // of Unread: why, one sentence
}

// A Sink takes evidence as it arrives. An error means that e was not kept, and
// that the transport must not acknowledge it. Delivering the same message
// twice is harmless. It is safe for concurrent use.
type Sink interface {
	Deliver(ctx context.Context, e Evidence) error
}

// A Command is a query under the CommandUUID by which it is asked.
type Command struct {
	Query       Query
	CommandUUID string // made with NewCommandUUID
}

// An Asker queues queries for enrollments and wakes them up. Ask queues all of
// the commands for one enrollment or none; the caller makes their CommandUUIDs, so
// that they can be written down before a device can answer. What is queued
// already under its CommandUUID is not queued again. Wake sends a push; the map
// holds an error for each id that could not be pushed, and it is not an error
// that a device is off. Both are safe for concurrent use.
type Asker interface {
	Ask(ctx context.Context, id string, commands ...Command) error
	Wake(ctx context.Context, ids []string) (map[string]error, error)
}
