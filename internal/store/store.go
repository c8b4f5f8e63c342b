// Package store says what wardround keeps, as small interfaces: evidence and
// the ledger of what was asked (State), and verdicts over time (Results).
//
// Package sqlite implements them on two files; storetest is the suite that any
// implementation passes. Nothing here holds SQL, and nothing judges.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/mdm"
)

// ErrNotFound is returned when what was named is not kept.
var ErrNotFound = errors.New("not found")

// MaxGap is the longest time between two receipts of one observation: as long
// as a verdict is good for when its requirement does not say. After a longer
// silence an equal answer starts another, for nobody saw what was in between.
const MaxGap = 48 * time.Hour

// An Observation is a run of equal answers: the evidence of the first of them
// and when it was first and last received. A changed answer starts another.
type Observation struct {
	Evidence    mdm.Evidence
	Since, Last time.Time
	LongestGap  time.Duration // between two successive receipts
	Count       int64         // of receipts
}

// An Enrolled is an enrollment as the store knows it from its check-ins.
type Enrolled struct {
	mdm.Enrollment
	Serial     string
	FirstSeen  time.Time
	LastSeen   time.Time
	EnrolledAt time.Time // of the first TokenUpdate after the last Authenticate; zero: none came
	Awaiting   bool      // its last TokenUpdate said AwaitingConfiguration: it is in Setup Assistant
	Enabled    bool      // false after CheckOut, or before the first TokenUpdate
}

// Evidence keeps what devices send. It is safe for concurrent use.
type Evidence interface {
	// Deliver keeps e, or extends the observation whose canonical digest,
	// enrollment, query and status it shares. It returns once that is
	// durable. A CommandUUID seen before with the same bytes changes nothing,
	// save that a NotNow received at another time counts as put off again.
	// Another answer to a command that was answered readably is kept as a
	// duplicate: EvidenceByDigest finds it, Observations never returns it. Of
	// an enrollment 16 duplicates and 16 refused bodies are kept.
	mdm.Sink

	// Enrollments lists all enrollments, device channels before their users,
	// in order of id.
	Enrollments(ctx context.Context) ([]Enrolled, error)

	// Observations returns the newest observation per (enrollment, class,
	// query, status) of a device and its user channels, in order of evidence
	// id, and up to 16 older ones of Restrictions; none is not an error.
	Observations(ctx context.Context, deviceID string) ([]Observation, error)

	// Observed is Observations without the bodies of the evidence, which cost
	// most of it.
	Observed(ctx context.Context, deviceID string) ([]Observation, error)

	// EvidenceByDigest returns the evidence whose kept bytes have that
	// SHA-256, or ErrNotFound.
	EvidenceByDigest(ctx context.Context, sum mdm.Digest) (mdm.Evidence, error)

	// LastEvidence is the highest evidence id, 0 if there is none.
	LastEvidence(ctx context.Context) (int64, error)
}

// An Outstanding is one query that an enrollment has been asked and what came
// of it so far.
type Outstanding struct {
	Enrollment  string
	Query       mdm.QueryKey
	CommandUUID string
	Sweep       int64
	AskedAt     time.Time
	AnsweredAt  time.Time  // zero: nothing but NotNow came
	Status      mdm.Status // of the last report about it; empty: none
	NotNow      int        // how often it was put off
	LastPush    time.Time
	LastError   string // why it could not be queued or pushed the last time; empty: it could
	Lost        bool   // its answer was given up as lost, and the query asked again under another CommandUUID
}

// Ledger keeps what is outstanding. It is safe for concurrent use.
type Ledger interface {
	// Ask records queries that will be asked of one enrollment, in one
	// transaction. It returns those that it recorded: a query that is
	// outstanding is not recorded again.
	Ask(ctx context.Context, asked []Outstanding) ([]Outstanding, error)

	// Forget drops a row that Ask wrote when the command could not be queued.
	Forget(ctx context.Context, enrollment string, q mdm.QueryKey) error

	// GiveUp marks unanswered commands as lost, so that their queries can be
	// asked again. An answer that comes all the same counts as evidence.
	GiveUp(ctx context.Context, commandUUIDs []string) error

	// Outstandings lists the rows of a sweep, or all unanswered ones for
	// sweep 0, in order of enrollment and query. Deliver updates them by
	// CommandUUID. Lost ones are only among those of a sweep.
	Outstandings(ctx context.Context, sweep int64) ([]Outstanding, error)

	// Pushed notes that the enrollments were pushed, or why they could not be.
	Pushed(ctx context.Context, ids []string, failed map[string]error, at time.Time) error

	// BeginSweep keeps that a sweep has begun (Started, Group, Baselines), and
	// gives it its id.
	BeginSweep(ctx context.Context, s Sweep) (int64, error)

	// EndSweep keeps how a sweep ended.
	EndSweep(ctx context.Context, s Sweep) error

	// Sweeps lists the last sweeps, the newest first. One whose Ended is zero
	// is under way or was cut short.
	Sweeps(ctx context.Context) ([]Sweep, error)
}

// An Item is one row of the inventory: a device that ought to be there.
type Item struct {
	Serial string
	checks.Asset
	ExpectedBy time.Time // the day by which it is to be enrolled; zero: now
}

// Inventory keeps what devices ought to be there. It is safe for concurrent use.
type Inventory interface {
	// ReplaceInventory keeps items in place of all that were kept. A serial
	// number comes once, in capital letters.
	ReplaceInventory(ctx context.Context, items []Item) error

	// Inventory lists the items in order of their serial numbers.
	Inventory(ctx context.Context) ([]Item, error)
}

// State is the file of evidence and ledger.
type State interface {
	Evidence
	Ledger
	Inventory
	Register
	Statements
	Close() error
}

// A Sweep is one round, as far as it has come.
type Sweep struct {
	ID             int64
	Started, Ended time.Time
	Group          string   // only its devices were asked; empty: all
	Baselines      []string // as whoever began it named them; nil: nobody did

	Asked, Answered, NotNow, Errors, Silent, Unreadable int // enrollments
	Settling                                            int // enrollments in Setup Assistant, not asked
	Unreached                                           int // enrollments that are to be asked and were not: their turn never came, or the server took nothing for them
	Commands, Lost                                      int // commands asked, and answers lost
}

// A Round is what one judging of the fleet writes beside its devices.
type Round struct {
	Tool      string // version of wardround
	Sweep     Sweep  // zero ID: none
	Baselines []*checks.Baseline
	Results   []checks.BaselineResult // of each its headline is counted from the devices
	Problems  []checks.Problem        // those that are not one device's
	Inventory []Item                  // what ought to be there; empty: what is enrolled
	Cursor    int64                   // evidence id up to which it was judged
	Zone      *time.Location          // whose days the trend is counted in; nil: UTC

	Waivers      []Waiver // all that are kept, whether they count or not
	Attestations []Attestation
	Approval     bool // a waiver counts only once it was approved: see Waiver.Counts

	// What the chain says of the round besides.
	Consumed chain.Tally           // Register.Consume, of the last round's Cursor and this one; zero: of no evidence
	Acts     []Act                 // those after Chained.ActCursor
	Catalog  string                // digest of the profile catalog, hex; empty: none
	Inputs   map[string]mdm.Digest // of what else all devices were judged with, by name
	Key      string                // chain.PublicKey.String, for the first entry
}

// A Recorder writes one round in one transaction, so that a large fleet need
// not be in memory at once: each device once, then Commit. Devices and
// baselines that the round does not name stop being current. It is not safe for
// concurrent use.
type Recorder interface {
	// Device writes one device with the observations its verdicts rest on.
	// Inputs sums up all that it was judged from, but for the times at which
	// equal answers came again; the zero digest says nothing of it.
	Device(ctx context.Context, r checks.DeviceResult, inputs mdm.Digest, seen []Seen) error

	// Keep takes over what the last round found about a device that would be
	// judged from the same inputs, and moves its observations to seen, as
	// Device would if the same verdicts were found again. It returns false, and
	// writes nothing, if they are other inputs or that cannot be told: the
	// device is to be judged and given to Device.
	Keep(ctx context.Context, deviceID string, inputs mdm.Digest, seen []Seen) (bool, error)

	// Commit writes what belongs to the whole round and makes it durable.
	Commit(ctx context.Context, r Round) error

	// Discard gives the round up, and does nothing after Commit.
	Discard() error
}

// Seen is what results keep of an observation: no bytes, only times and digest.
type Seen struct {
	Enrollment mdm.Enrollment
	Query      mdm.QueryKey
	Status     mdm.Status
	SHA256     mdm.Digest
	Since      time.Time
	Last       time.Time
	LongestGap time.Duration
	Count      int64
}

// Results keeps verdicts as intervals. A round in which nothing changed writes
// no verdict row. Besides these methods it is a report.Source.
type Results interface {
	// Begin starts to record the round that was judged at the given time.
	Begin(ctx context.Context, at time.Time) (Recorder, error)

	// Cursor is the evidence id of the last Round, 0 before the first.
	Cursor(ctx context.Context) (int64, error)

	// BaselineResults returns each baseline as of the last round, read at now.
	BaselineResults(ctx context.Context, now time.Time) ([]checks.BaselineResult, error)

	// EachDevice calls f with each device in order of id, its verdicts in the
	// order of their baseline's requirements and read at now, until f errs.
	EachDevice(ctx context.Context, now time.Time, f func(checks.DeviceResult) error) error

	// Problems lists the problems of the last round and of its devices, each
	// once, in order of path, code and message.
	Problems(ctx context.Context) ([]checks.Problem, error)

	// AsOf is the time of the last round and the version of the tool that
	// judged it, or ErrNotFound.
	AsOf(ctx context.Context) (at time.Time, tool string, err error)

	Chained
	History
	BaselineKeep
	StatementsKeep
	Close() error
}
