package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/wardround/wardround/checks/fact"
)

// defaultMaxAge is how old the evidence of a verdict may be when the
// requirement does not say.
const defaultMaxAge = 48 * time.Hour

// A program is the compiled form of a requirement.
type program struct {
	rules   []platformRule
	applies *expression
	cases   []*expression
	check   *expression
	notes   []*expression // nil where a note has no condition

	contradicted *expression
}

// Evaluate judges the device-scope requirements of b on the facts of one
// device at now, as if nobody had stated anything: see EvaluateWith.
func (b *Baseline) Evaluate(subject Subject, set *fact.Set, now time.Time) []Verdict {
	return b.EvaluateWith(subject, set, Statements{}, now)
}

// usualConsulted is how many facts a requirement looks at, at most, save rare
// ones.
const usualConsulted = 24

// EvaluateWith judges the device-scope requirements of b on the facts of one
// device and what people have stated, at now, and returns one verdict for each,
// in the baseline's order; none for a device that b is not for. A nil set is an
// empty one. It is safe for concurrent use with other sets.
func (b *Baseline) EvaluateWith(subject Subject, set *fact.Set, said Statements, now time.Time) []Verdict {
	if set == nil {
		set = &fact.Set{}
	}
	if !b.IsFor(subject) {
		return nil
	}
	e := &evaluation{baseline: b, language: b.language, subject: subject, set: set, now: now}
	e.spoken = said.about(b.ID, func(r Reach) bool { return r.covers(subject) })
	e.consulted = make([]consultation, 0, usualConsulted)
	e.os, _ = parseVersion(subject.OS)
	covered, _, _ := applicability(b.covers, subject.Platform, e.os)
	e.uncovered = covered == NotApplicable
	verdicts := make([]Verdict, 0, len(b.Requirements))
	for i := range b.Requirements {
		r := &b.Requirements[i]
		if r.Scope != DeviceScope {
			continue
		}
		e.consulted, e.turn = e.consulted[:0], time.Time{}
		p := b.compiled[r.ID]
		verdicts = append(verdicts, e.verdict(r, p, e.attested(r, p, e.judge(r, p))))
	}
	return verdicts
}

// Organisation returns the organisation-scope requirements of b at now, one
// verdict each in the baseline's order, for one group of devices or, with an
// empty one, for the organisation. Nothing a device answers decides them: they
// are notchecked until someone attests.
func (b *Baseline) Organisation(group string, said Statements, now time.Time) []Verdict {
	e := &evaluation{baseline: b, language: b.language, set: &fact.Set{}, now: now}
	e.spoken = said.about(b.ID, func(r Reach) bool { return r.Organisation || group != "" && slices.Contains(r.Groups, group) })
	var verdicts []Verdict
	for i := range b.Requirements {
		r := &b.Requirements[i]
		if r.Scope != OrganisationScope {
			continue
		}
		e.consulted, e.turn = e.consulted[:0], time.Time{}
		o := outcome{result: NotChecked, reason: cmp.Or(r.Reason, ReasonNotAttested)}
		if r.Kind == Info {
			o = e.info(r, b.compiled[r.ID])
		}
		v := e.verdict(r, b.compiled[r.ID], e.attested(r, b.compiled[r.ID], o))
		v.Group = group
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// An outcome is a verdict before its words.
type outcome struct {
	result   Result
	reason   Reason
	severity Severity
	note     string
	err      error

	attestation *StatementRef
}

// judge decides one device-scope requirement.
func (e *evaluation) judge(r *Requirement, p *program) outcome {
	if r.Kind == Manual {
		return outcome{result: NotChecked, reason: cmp.Or(r.Reason, ReasonNotAttested)}
	}
	if e.uncovered && r.Kind == Machine {
		e.consultPlatform()
		return outcome{result: Unknown, reason: ReasonNotCovered}
	}
	result, reason, supervised := applicability(p.rules, e.subject.Platform, e.os)
	if reason != "" && (r.Kind != Info || result == NotApplicable) {
		e.consultPlatform()
		return outcome{result: result, reason: reason}
	}
	if r.Kind == Info {
		return e.info(r, p)
	}
	if r.SharedIPad == NotApplicable && e.sharedIPad() {
		e.note("device.shared_ipad", e.set.Get("device.shared_ipad"))
		return outcome{result: NotApplicable, reason: ReasonNotOnSharedIPad}
	}
	if e.userEnrolled() {
		return userEnrollment(r)
	}
	if o, done := e.applies(r, p); done {
		return o
	}
	o := e.decide(r, p)
	if o.result == Fail && supervised && e.unsupervised() {
		e.note("DeviceInformation.IsSupervised", e.set.Get("DeviceInformation.IsSupervised"))
		o.reason, o.note = ReasonNotSupervised, ""
	}
	return o
}

func userEnrollment(r *Requirement) outcome {
	if r.UserEnrollment == NotApplicable {
		return outcome{result: NotApplicable, reason: ReasonUserEnrollment}
	}
	return outcome{result: Unknown, reason: ReasonUserEnrollment}
}

func (e *evaluation) applies(r *Requirement, p *program) (o outcome, done bool) {
	if p.applies == nil {
		return outcome{}, false
	}
	switch truth, missing, err := p.applies.eval(e); {
	case err != nil:
		return outcome{result: Error, reason: ReasonCheckError, err: err}, true
	case truth == NotKnown:
		return e.unknown(r, missing), true
	case truth == No:
		return outcome{result: NotApplicable, reason: ReasonDoesNotApply}, true
	}
	return outcome{}, false
}

// decide tries the cases, then the check. A failing case that is unknown
// leaves two ends open: it fails, or what comes after decides; if that fails
// too, the requirement fails either way, else it is unknown. In the same way a
// case that would be unknown gives way to one that is notchecked: nothing is
// known of the device either way, and that says why.
func (e *evaluation) decide(r *Requirement, p *program) outcome {
	var open *outcome // of the first case that is unknown
	var would Result  // what that case would give
	settle := func(o outcome) outcome {
		switch {
		case open == nil, would == Fail && o.result == Fail, would == Unknown && o.result == NotChecked:
			return o
		}
		return *open
	}
	for i, c := range r.Cases {
		truth, missing, err := p.cases[i].eval(e)
		switch {
		case err != nil:
			return settle(outcome{result: Error, reason: ReasonCheckError, err: err})
		case truth == Yes:
			return settle(outcome{result: c.Result, reason: c.Reason, severity: c.Severity, note: c.Note})
		case truth == NotKnown:
			if open == nil {
				o := e.unknown(r, missing)
				open, would = &o, c.Result
			}
			if c.Result != Fail && !givesWay(c, r.Cases[i+1:]) {
				return *open
			}
		}
	}
	switch truth, missing, err := p.check.eval(e); {
	case err != nil:
		return settle(outcome{result: Error, reason: ReasonCheckError, err: err})
	case truth == Yes:
		return settle(outcome{result: Pass, reason: r.PassReason})
	case truth == No:
		return settle(outcome{result: Fail, reason: r.FailReason})
	default:
		return settle(e.unknown(r, missing))
	}
}

// givesWay reports whether what comes after a case can settle it though it is
// unknown.
func givesWay(c Case, later []Case) bool {
	return c.Result == Unknown && slices.ContainsFunc(later, func(o Case) bool { return o.Result == NotChecked })
}

// info gives the outcome of a requirement that nobody judges.
func (e *evaluation) info(r *Requirement, p *program) outcome {
	for i, c := range r.Cases {
		if truth, _, err := p.cases[i].eval(e); err == nil && truth == Yes {
			return outcome{result: c.Result, reason: c.Reason, note: c.Note}
		}
	}
	return outcome{result: r.Result, reason: r.Reason}
}

// unknown gives the reason of the first missing fact that has a telling one:
// that nothing was asked is only said if nothing else can be, or as the
// requirement words it.
func (e *evaluation) unknown(r *Requirement, missing []string) outcome {
	o := outcome{result: Unknown, reason: Reason(fact.NotAsked)}
	if r.OnMissing != "" {
		o.reason = r.OnMissing
	}
	for _, name := range missing {
		for _, c := range e.consulted {
			if c.name == name && !c.fact.Known() && c.fact.Absent != fact.NotAsked {
				o.reason = Reason(c.fact.Absent)
				return o
			}
		}
	}
	return o
}

func (e *evaluation) consultPlatform() {
	for _, key := range []fact.Key{"device.platform", "DeviceInformation.OSVersion"} {
		if e.set.Has(key) {
			e.note(string(key), e.set.Get(key))
		}
	}
}
