package checks

import (
	_ "embed" // for reasons.yaml
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"
)

//go:embed reasons.yaml
var reasonsYAML []byte

// Reasons that the code itself gives, or an import; the others are named by
// baselines and by package fact.
const (
	ReasonAttested         Reason = "attested"
	ReasonAttestationVoid  Reason = "attestation-void"
	ReasonStale            Reason = "stale"
	ReasonNotAttested      Reason = "not-attested"
	ReasonInformational    Reason = "informational-only"
	ReasonPlatformUnknown  Reason = "platform-unknown"
	ReasonOSVersionUnknown Reason = "os-version-unknown"
	ReasonNotOnPlatform    Reason = "not-on-this-platform"
	ReasonNotOnOSVersion   Reason = "not-on-this-os-version"
	ReasonNotOnSharedIPad  Reason = "not-on-shared-ipad"
	ReasonUserEnrollment   Reason = "user-enrollment"
	ReasonDoesNotApply     Reason = "does-not-apply"
	ReasonNotSupervised    Reason = "not-supervised"
	ReasonNotCovered       Reason = "platform-not-covered"
	ReasonNotInForce       Reason = "setting-not-in-force"
	ReasonAsRequired       Reason = "as-required"
	ReasonCheckError       Reason = "check-error"
	ReasonLocalOnly        Reason = "local-check-only"
	ReasonDeclaration      Reason = "declaration-not-asked"
	ReasonManualReview     Reason = "manual-review"
	ReasonNoSetting        Reason = "no-setting-exists"
	ReasonInherent         Reason = "inherent"
	ReasonNotBySource      Reason = "not-applicable-by-source"
	ReasonNotComparable    Reason = "not-comparable"
	ReasonODVMissing       Reason = "odv-missing"
	ReasonRuleNotFound     Reason = "rule-not-found"
	ReasonSourceError      Reason = "source-error"
)

var reasonPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// An Explanation is what a reason code means to a person.
type Explanation struct {
	Reason   Reason
	Sentence string // what is the case
	FixBy    string // who can mend it
	Where    string // where that is done
	NextStep string // what to do next
}

// Step is the next step with who can take it.
func (x Explanation) Step() string {
	if x.FixBy == "" || x.FixBy == nobody || x.NextStep == "" {
		return x.NextStep
	}
	return "For " + x.FixBy + ": " + x.NextStep
}

// nobody is who can mend what needs no mending.
const nobody = "nobody"

var reasons = sync.OnceValue(func() map[Reason]Explanation {
	m, err := readReasons(reasonsYAML)
	if err != nil {
		panic(err) // the file is compiled in: a wiring mistake, held by a test
	}
	return m
})

// steps are the next steps of all reasons, with who can take them.
var steps = sync.OnceValue(func() map[Reason]string {
	m := make(map[Reason]string)
	for r, x := range reasons() {
		m[r] = x.Step()
	}
	return m
})

// Explain returns the words for a reason code. A code that is not known comes
// back with a sentence that says so.
func Explain(r Reason) Explanation {
	if x, ok := reasons()[r]; ok {
		return x
	}
	return Explanation{Reason: r, Sentence: fmt.Sprintf("No words are kept for the reason %q.", string(r))}
}

// Reasons lists every reason code that has words, in order.
func Reasons() []Explanation {
	m := reasons()
	out := make([]Explanation, 0, len(m))
	for _, r := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[r])
	}
	return out
}

func readReasons(data []byte) (map[Reason]Explanation, error) {
	d := newDocument("reasons.yaml", data)
	root := d.root()
	out := make(map[Reason]Explanation)
	for _, code := range slices.Sorted(maps.Keys(root)) {
		f := d.fields(root[code], "sentence", "fix_by", "where", "next_step")
		x := Explanation{Reason: Reason(code), Sentence: d.text(f["sentence"]), FixBy: d.text(f["fix_by"]), Where: d.text(f["where"]), NextStep: d.text(f["next_step"])}
		if !reasonPattern.MatchString(code) {
			d.errorAt(root[code], "write it in kebab-case", "reason %q is not in kebab-case", code)
		}
		out[x.Reason] = x
	}
	return out, d.err()
}
