package remedy

import (
	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/profiles"
)

// A Device is one device with its facts and the verdicts they gave.
type Device struct {
	Subject checks.Subject
	Facts   *fact.Set

	// Verdicts are those of every baseline at hand. That
	// wr_wifi_enterprise_installed is among them and passes, in each baseline
	// that has it, is the proof that the restriction to known networks asks for.
	Verdicts []checks.Verdict
}

// A Request says what is to be mended.
type Request struct {
	Name     string             // of the remedy, such as the baseline's id; part of the profile's identifier
	Target   []*checks.Baseline // whose failing verdicts are to be turned
	Assigned []*checks.Baseline // others that hold on the devices too

	// RequiredOnly leaves recommended requirements out.
	RequiredOnly bool

	Devices []Device
}

// A Plan is a profile to be written, and all that has to be said about it.
// Lists are in a stable order and never nil.
type Plan struct {
	Draft   profiles.Draft `json:"-"`       // without payloads if nothing can be mended by a profile
	Devices []string       `json:"devices"` // ids of the devices the profile is for
	Sets    []Set          `json:"sets"`
	Claims  []Claim        `json:"claims"`
	Refused []Refusal      `json:"refused"`
	ByHand  []Task         `json:"by_hand"`
	Losses  []string       `json:"losses"`
	Steps   []string       `json:"steps"`
}

// A Set is one value that the profile sets.
type Set struct {
	Domain       string   `json:"domain"`
	Key          string   `json:"key"`
	Value        any      `json:"value"`
	Requirements []string `json:"requirements"` // ids of those that want it
}

// A Claim is a verdict that will pass once the profile is in force or, on a Mac,
// once it is installed and our copy of it is in the catalog.
type Claim struct {
	Device      string `json:"device"`
	Baseline    string `json:"baseline"`
	Requirement string `json:"requirement"`
}

// A Refusal is a setting that is left out though a requirement wants it.
type Refusal struct {
	Domain      string   `json:"domain"`
	Key         string   `json:"key"`
	Requirement string   `json:"requirement"`
	Devices     []string `json:"devices"` // on whose account; empty: on account of the baselines
	Why         string   `json:"why"`
}

// A Kind says what a task needs.
type Kind string

// The kinds of tasks.
const (
	Supervise Kind = "supervise"
	ReEnrol   Kind = "re-enrol"
	SignOut   Kind = "sign-out"
	Network   Kind = "network" // a Wi-Fi profile, with certificates that only the organisation has
	Hands     Kind = "hands"   // somebody at the device, or at another profile
	Unknown   Kind = "unknown" // not known yet, or not knowable
)

// A Task is what no profile of ours can mend: the same for all of its
// requirements on each of its devices.
type Task struct {
	Kind         Kind          `json:"kind"`
	Reason       checks.Reason `json:"reason"`
	Text         string        `json:"text"`
	Requirements []string      `json:"requirements"`
	Devices      []string      `json:"devices"`
}
