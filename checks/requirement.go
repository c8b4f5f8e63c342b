package checks

import (
	"time"

	"github.com/google/cel-go/common/types/ref"

	"github.com/wardround/wardround/checks/fact"
)

// A Source is one of the documents that requirements come from.
type Source struct {
	Key          string
	Title        string
	Publisher    string
	Authority    string
	Jurisdiction string
	Date         string
	SHA256       string            // of the text that was read
	File         string            // name of the file it was read from; may be empty
	Clauses      map[string]string // number -> the clause, in our words
}

// A SourceRef names the clause a requirement rests on.
type SourceRef struct {
	Key          string `json:"key"`
	Clause       string `json:"clause"`
	Authority    string `json:"authority"`
	Jurisdiction string `json:"jurisdiction"`
}

// A PlatformRule says on which versions of a platform a requirement exists.
// Platform iOS covers iPadOS too.
type PlatformRule struct {
	Platform   Platform
	Min        string // first OS version, inclusive; empty: any
	Max        string // last OS version, inclusive of its minor versions ("16" covers 16.7); empty: any
	Supervised bool   // without supervision the device fails, as not-supervised
}

// A Case is a special outcome, tried in order before the check. One whose
// condition is unknown makes the verdict unknown, unless both it and what comes
// after it fail.
type Case struct {
	When     string // CEL, bool
	Result   Result
	Reason   Reason
	Severity Severity // instead of the requirement's, if not empty
	Note     string   // added to the observed text; {FACT.KEY} stands for that fact's value
}

// A Note is a remark added to the observed text of a pass, and of an info
// requirement.
type Note struct {
	When string // CEL; empty: always; unknown counts as false
	Text string // {FACT.KEY} stands for that fact's value
}

// A LevelRule sets another level where a condition over the parameters holds.
type LevelRule struct {
	When  string // CEL over param.* only
	Level Level
}

// A WantedSetting is a value that a profile would have to give a setting for a
// requirement to hold: of a list the elements that must be in it.
type WantedSetting struct {
	Domain string `json:"domain"` // payload type
	Key    string `json:"key"`    // as Apple spells it today
	Value  any    `json:"value"`  // bool, int64, float64, string or []string
}

// A Requirement is one rule with its clause.
type Requirement struct {
	ID             string
	Title          string
	Discussion     string
	Source         SourceRef
	Also           []SourceRef // further clauses, of baselines that are extended and have the same requirement
	From           string      // id of the baseline that it was inherited from; empty: its own
	Level          Level       // the one that Levels settled on
	Levels         []LevelRule
	Scope          Scope
	Kind           Kind
	Basis          Basis
	Severity       Severity
	Platforms      []PlatformRule // none: every platform
	SharedIPad     Result         // notapplicable or empty: judged like any
	UserEnrollment Result         // unknown (default) or notapplicable; "" means unknown
	AppliesWhen    string         // CEL; false is notapplicable
	Expected       string
	Cases          []Case
	Check          string // CEL, bool; empty for manual and info
	Notes          []Note
	Result         Result    // of an info requirement when no case holds; default notchecked
	Reason         Reason    // of an info requirement when no case holds, default informational-only; of a manual one that nobody attested, empty: not-attested
	PassReason     Reason    // of a check that is true; default as-required
	Assurance      Assurance // the most a pass may claim; empty: what the facts give
	FailReason     Reason    // of a check that is false; default setting-not-in-force
	Attestable     []Reason  // of a machine one: the reasons of an unknown or notchecked verdict for which a person's word is taken
	ContradictedBy string    // CEL: where it is true, an attestation is void
	OnMissing      Reason    // of a check that is unknown, when the fact does not say why
	MaxAge         time.Duration
	ConflictsWith  []string
	References     map[string][]string // cis, stig, cce, 800-53r5, 800-171r3, hicp, cfr and others of referenceKeys
	NextStep       string
	Settings       []WantedSetting // what a profile can do about it; none: no profile can
}

// A Param is a parameter of a baseline with its value.
type Param struct {
	Name  string
	Type  string // string, bool, int, duration, list(string), timestamp
	Doc   string
	Value any
	OneOf []string // of a string: the values it may have; none: any
}

// A Baseline is a versioned list of requirements with parameters, compiled
// and ready to judge. It is immutable and safe for concurrent use.
type Baseline struct {
	ID           string
	Version      string
	Title        string
	Jurisdiction string
	Discussion   string
	Covers       []PlatformRule // none: every platform; on any other nothing can be shown
	AppliesTo    Assignment     // the devices it is for; zero: all
	Extends      []Parent       // whose requirements it takes over
	Excluded     []Exclusion    // of these the ones that it leaves out
	Declares     []fact.Setting // settings that its checks name and fact.Settings does not have
	Digest       string         // SHA-256, hex, of its canonical form
	Params       []Param
	Requirements []Requirement

	covers      []platformRule
	language    *language
	compiled    map[string]*program // by requirement id
	paramValues map[string]ref.Val  // by param.NAME
	places      map[string]place    // by requirement id
	material    material            // for baselines that extend it
	told        map[string]bool     // param.NAME that texts name
	texts       []Text              // see Texts
}
