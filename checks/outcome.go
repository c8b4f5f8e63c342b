package checks

import "time"

// A Headline counts the devices of one baseline with its denominators: no
// number of it is meant to be shown without the others. Enrolled is Met +
// NotMet + Undetermined; Judged of them had at least one required requirement
// at pass or fail. Expected is what the inventory lists, or Enrolled without
// an inventory.
type Headline struct {
	Expected, Enrolled, Asked, Answered, Judged int
	Met, NotMet, Undetermined                   int
}

// Add counts one enrolled device with its verdicts against the baseline.
func (h *Headline) Add(verdicts []Verdict) {
	h.Enrolled++
	if Judged(verdicts) {
		h.Judged++
	}
	switch StatusOf(verdicts) {
	case Met:
		h.Met++
	case NotMet:
		h.NotMet++
	case Undetermined:
		h.Undetermined++
	}
}

// A BaselineResult is how a fleet stands against one baseline.
type BaselineResult struct {
	ID, Version, Digest, Title string
	Headline                   Headline
	Organisation               []Verdict // the rows judged once, not per device
}

// A DeviceResult is how one device stands against all its baselines.
type DeviceResult struct {
	Subject  Subject
	Asked    bool
	Answered bool              // at least one Acknowledged answer
	Status   map[string]Status // by baseline id
	Verdicts []Verdict
	Problems []Problem // what could not be read or used in judging it
	Expiring []Expiry  // what the device needs to stay connected, as far as it is known, the first to end in front

	// What is known of the device may change then though no evidence does, as
	// a verdict may at its own RejudgeAt; zero: never.
	RejudgeAt time.Time
}

// An Expiry is when something that a device needs to stay connected ceases to
// be valid.
type Expiry struct {
	What     string // identity, radius-anchor, or one of the server's
	Detail   string // of an anchor its subject, of an identity who issued it
	NotAfter time.Time
}

// What the MDM server, and not the device, must keep valid: without it no device
// is reached, or none can enrol anew.
const (
	PushCertificate   = "apns-push-certificate"
	IdentityAuthority = "scep-ca"
	ABMToken          = "abm-token"
)

// A Problem is something that could not be read or used, by name and place;
// the rest went on.
type Problem struct {
	Path    string `json:"path"`
	Code    string `json:"code"`
	Message string `json:"message"`
}
