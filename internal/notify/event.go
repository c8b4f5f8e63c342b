package notify

import (
	"time"

	"github.com/wardround/wardround/checks"
)

// A Kind says in a word what an event is about. Channels choose by it.
type Kind string

// The kinds of events.
const (
	NewlyFailing        Kind = "newly-failing"        // a requirement is not met, and no waiver accepts that
	Fixed               Kind = "fixed"                // one that failed is met
	Flapping            Kind = "flapping"             // it fails and passes by turns; quiet until it is stable
	NewlySilent         Kind = "newly-silent"         // a device has not been heard of for longer than its group may be silent
	WaiverExpiring      Kind = "waiver-expiring"      // an accepted exception is about to end
	CertificateExpiring Kind = "certificate-expiring" // what keeps devices connected is about to end
	CoverageDropped     Kind = "coverage-dropped"     // fewer devices could be judged than before, or than must be
	Loss                Kind = "loss"                 // answers were lost in a round, and none in the one before
	CanaryGreen         Kind = "canary"               // the canary does not fail: what judges is broken
)

// Kinds lists all kinds, in the order in which messages have them.
func Kinds() []Kind {
	return []Kind{CanaryGreen, Loss, CoverageDropped, NewlyFailing, Flapping, NewlySilent, CertificateExpiring, WaiverExpiring, Fixed}
}

// An Event is one thing to tell. What does not apply to its kind is zero.
type Event struct {
	Kind        Kind
	Device      string          // asset tag, else the last four characters of its serial number; empty: of no device
	Groups      []string        // of the device, by which channels choose; empty: of all
	Ward        string          // of the device
	Baseline    string          // id
	Requirement string          // id
	Title       string          // of the requirement
	What        string          // of an expiry: identity, radius-anchor, one of the server's, or the waiver's id
	Severity    checks.Severity // of the requirement; how urgent it is of the other kinds
	Since       time.Time       // when it began; of Fixed, when what it ended did; zero: not known
	Until       time.Time       // of an expiry
	Count       int             // of a waiver its devices, of Loss answers, of CoverageDropped devices judged, of Flapping changes
	Of          int             // of CoverageDropped: devices that were to be judged

	key string // of the device, which tells it from others of the same label; it is told to nobody
}
