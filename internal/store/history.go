package store

import (
	"context"
	"time"

	"github.com/wardround/wardround/checks"
)

// A Source is what a report is written from: Results as they are, or as they
// were at a time.
type Source interface {
	// BaselineResults returns each baseline as it reads at now.
	BaselineResults(ctx context.Context, now time.Time) ([]checks.BaselineResult, error)

	// EachDevice calls f with each device in order of id, its verdicts in the
	// order of their baseline's requirements and read at now, until f errs.
	EachDevice(ctx context.Context, now time.Time, f func(checks.DeviceResult) error) error

	// Problems lists what could not be read or used.
	Problems(ctx context.Context) ([]checks.Problem, error)

	// AsOf is when the verdicts were judged and by which version of the tool,
	// or ErrNotFound before the first round.
	AsOf(ctx context.Context) (at time.Time, tool string, err error)
}

// History is what Results know of the past. It is safe for concurrent use.
type History interface {
	// At is the fleet as it was known at t, whatever now its methods are given.
	// Its AsOf is t. Of evidence that came again after t the time is when that
	// same answer was first received, and an answer that another has replaced
	// since is left out. Problems and what expires are not kept over time: of a
	// time before the last round there are none.
	At(t time.Time) Source

	// ReadAt is the time to read the results at: now, but that of the last round
	// if they are a published copy.
	ReadAt(ctx context.Context, now time.Time) (time.Time, error)

	// Device returns one device as it reads at now, or ErrNotFound if no device
	// of the last round has that id.
	Device(ctx context.Context, now time.Time, id string) (checks.DeviceResult, error)

	// EachInterval calls f with the intervals that a filter lets through, in
	// order of device, baseline, requirement and From, until f errs. Devices
	// that left are among them.
	EachInterval(ctx context.Context, h HistoryFilter, f func(Interval) error) error

	// EachChange calls f with what changed from a time on, in order of time,
	// device, baseline and requirement, until f errs.
	EachChange(ctx context.Context, since time.Time, f func(Change) error) error
}

// A HistoryFilter picks intervals. What is empty picks all.
type HistoryFilter struct {
	Baseline    string
	Requirement string
	DeviceID    string
	Group       string    // of which the device is now, or was when it left
	Since       time.Time // intervals that ended before are left out
}

// An Interval is a time in which a verdict stayed the same. From FreshUntil on
// a pass or fail in it read unknown, stale.
type Interval struct {
	DeviceID string
	Serial   string
	checks.Asset
	Baseline    string
	Requirement string
	Result      checks.Result
	Reason      checks.Reason
	Assurance   checks.Assurance
	Level       checks.Level
	Severity    checks.Severity
	Observed    string
	From, To    time.Time // of the judging that began it and of the one that ended it; To zero: it is open
	FreshUntil  time.Time // zero: it does not age

	// When the oldest of the evidence it rests on was last received, or before;
	// zero where that does not follow.
	LastSeen time.Time
}

// A ChangeKind says in a word what a change is.
type ChangeKind string

// The kinds of changes.
const (
	ChangeFixed        ChangeKind = "fixed"         // fail became pass
	ChangeNewlyFailing ChangeKind = "newly-failing" // anything became fail
	ChangeNewlyUnknown ChangeKind = "newly-unknown" // pass or fail became unknown, error or not checked
	ChangeStale        ChangeKind = "stale"         // pass or fail grew old, and nobody had judged it again
	ChangeNewlyKnown   ChangeKind = "newly-known"   // what was not known became pass
	ChangeOther        ChangeKind = "other"         // any other change of result or reason
	ChangeEnrolled     ChangeKind = "enrolled"      // the device came, or came back
	ChangeGone         ChangeKind = "gone"          // the device left
	ChangeDevice       ChangeKind = "device"        // what is known of the device itself changed
	ChangeBaseline     ChangeKind = "baseline"      // another version of the baseline judges
)

// A Change is one thing that changed, with what else did in the same judging.
type Change struct {
	At          time.Time
	Kind        ChangeKind
	DeviceID    string // empty in a change of a baseline
	Serial      string
	AssetTag    string
	Group       string // the first
	Baseline    string // empty in a change of a device
	Requirement string
	Title       string
	Level       checks.Level
	Severity    checks.Severity
	From, To    Finding
	Also        []Alteration
}

// A Finding is one end of a change of a verdict.
type Finding struct {
	Result   checks.Result
	Reason   checks.Reason
	Observed string
}

// An Alteration is a change of something that a verdict may follow from: os,
// build, model, supervised, groups, profiles, enrollment, baseline-version or
// waiver. Of profiles the words sum up which are installed.
type Alteration struct{ What, From, To string }
