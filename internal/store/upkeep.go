package store

import (
	"context"
	"errors"
	"time"

	"github.com/wardround/wardround/mdm"
)

// ErrHeld is returned when a legal hold forbids what was asked for.
var ErrHeld = errors.New("a legal hold is on it")

// ErrEnrolled is returned when a device is still enrolled: what is erased of it
// comes back with its next answer.
var ErrEnrolled = errors.New("it is enrolled")

// A Hold keeps what is known of a device, or of all, from being pruned and
// erased until it is released.
type Hold struct {
	ID       int64
	Device   string // enrollment id of the device channel; empty: all devices
	Serial   string // of the device, so that it is held when it enrols anew; may be empty
	Reason   string
	Added    time.Time
	Released time.Time // zero: it is on
}

// A Stock is a sort of rows or contents that is dropped when its time is over.
type Stock string

// The stocks. Of an evidence body its digests, times and id stay.
const (
	EvidenceBodies Stock = "evidence-bodies"
	EvidenceRows   Stock = "evidence-rows"
	VerdictRows    Stock = "verdict-rows"   // closed intervals of verdicts and of statuses
	AttributeRows  Stock = "attribute-rows" // past ones of devices, baselines and statements, and trends
	SweepRows      Stock = "sweep-rows"     // of sweeps, of days, and of baselines as they were
	DeviceRows     Stock = "device-rows"    // of devices that left and have no history, and of what others were
	UnusedTexts    Stock = "unused-texts"
)

// Pruned is what went of a stock, or would go.
type Pruned struct {
	Stock   Stock
	Count   int64
	Bytes   int64     // as they are kept; 0 where it is not known
	Oldest  time.Time // zero: nothing went
	Through int64     // of evidence the highest id that went
}

// Erased is what went of a device or a person, or would go.
type Erased struct {
	Channels []string // enrollment ids, the device's first
	Serials  []string
	Rows     int64 // of which content or identity went
	Held     bool  // a legal hold is on it
	Enrolled bool
}

// A Housekeeper drops from a State what its time is over for, and what is to be
// forgotten. It is safe for concurrent use, also beside another process that
// takes what devices send.
type Housekeeper interface {
	// PrivacyKey is the key that names of users are hashed with. It was made
	// with the file and stays the same.
	PrivacyKey() mdm.Key

	// Holds lists all holds in order of id, released ones too.
	Holds(ctx context.Context) ([]Hold, error)

	// AddHold keeps a hold and returns its id.
	AddHold(ctx context.Context, h Hold) (int64, error)

	// ReleaseHold ends a hold, or returns ErrNotFound if none is on under that
	// id.
	ReleaseHold(ctx context.Context, id int64, at time.Time) error

	// PruneEvidence drops the bodies of evidence last received before bodies,
	// and whole rows last received before rows. What is held stays, and of
	// enrolled devices what judging reads. A dry run only counts.
	PruneEvidence(ctx context.Context, bodies, rows, now time.Time, dry bool) ([]Pruned, error)

	// EraseDevice takes what is kept of a device under an enrollment id or a
	// serial number, of its users too, and puts a tombstone in the place of who
	// sent the evidence, whose digests, times and ids stay. Without force it is
	// ErrEnrolled for a device that is; with it, what the server needs to go on
	// with the device stays. It is ErrHeld under a hold. What is not known is
	// not an error: the result is then empty. A dry run only counts.
	EraseDevice(ctx context.Context, name, tombstone string, now time.Time, force, dry bool) (Erased, error)

	// EraseUser does the same for the channel of one user, "DEVICE:user".
	EraseUser(ctx context.Context, id, tombstone string, now time.Time, force, dry bool) (Erased, error)
}

// A Historian does the same for Results. One round or one of these is under way
// at a time.
type Historian interface {
	// PruneHistory drops closed intervals that ended before a time, sweeps
	// that began before it, and what only they mentioned. Devices of holds
	// that are on keep theirs. A dry run only counts.
	PruneHistory(ctx context.Context, before time.Time, holds []Hold, dry bool) ([]Pruned, error)

	// EraseResults takes id, serial number, asset and groups from devices of
	// these channels and serial numbers, and puts the tombstone in their place;
	// with history their verdicts go too. A text anywhere in the file that
	// still holds one of the names is an error, and then nothing was erased. A
	// dry run only counts.
	EraseResults(ctx context.Context, e Erased, tombstone string, now time.Time, history, dry bool) (int64, error)
}
