package checks

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks/fact"
)

// verdict puts an outcome into words and adds what it rests on.
func (e *evaluation) verdict(r *Requirement, p *program, o outcome) Verdict {
	v := Verdict{
		Device: e.subject.ID, Baseline: e.baseline.ID, Requirement: r.ID,
		Result: o.result, Reason: o.reason,
		Level: r.Level, Severity: cmp.Or(o.severity, r.Severity),
		Expected: r.Expected, MaxAge: r.MaxAge,
	}
	if v.Result == Pass {
		v.Assurance = e.assurance(r)
	}
	v.Observed = e.observed(r, p, o)
	v.Evidence = e.evidence()
	if v.Result == Pass || v.Result == Fail {
		v.FreshUntil = e.freshUntil(r.MaxAge)
	}
	v.Attestation = o.attestation
	if v.Result != Pass && v.Result != NotApplicable {
		v.Waiver = e.waiver(r.ID)
	}
	v.RejudgeAt = e.turn
	v.explain(r)
	return v.AsOf(e.now)
}

// explain sets the message and the next step, with who can take it.
func (v *Verdict) explain(r *Requirement) {
	x := Explain(v.Reason)
	v.Message = x.Sentence
	if v.Result == Pass || v.Result == NotApplicable {
		return
	}
	if r.NextStep == "" || v.Reason != r.FailReason && (v.Result != NotChecked || v.Reason == ReasonAttested) {
		v.NextStep = steps()[v.Reason]
		return
	}
	x.NextStep = r.NextStep
	v.NextStep = x.Step()
}

// assurance is the weakest hold of the known facts, at most what the
// requirement allows.
func (e *evaluation) assurance(r *Requirement) Assurance {
	weakest := Assurance("")
	for _, c := range e.consulted {
		if a := Assurance(c.fact.Hold); c.fact.Known() && a != "" && (weakest == "" || weakness(a) > weakness(weakest)) {
			weakest = a
		}
	}
	weakest = cmp.Or(weakest, Observed)
	if r.Assurance != "" && weakness(r.Assurance) > weakness(weakest) {
		return r.Assurance
	}
	return weakest
}

// weakness ranks what a pass rests on: our own copy of a profile proves less
// than the device's word, and that less than a profile seen to impose it.
func weakness(a Assurance) int {
	return slices.Index([]Assurance{Enforced, Observed, Declared}, a)
}

// freshUntil is when the oldest known fact that was consulted grows too old.
func (e *evaluation) freshUntil(maxAge time.Duration) time.Time {
	var oldest time.Time
	for _, c := range e.consulted {
		if !c.fact.Known() {
			continue
		}
		for _, s := range c.fact.Sources {
			if oldest.IsZero() || s.Collected.Before(oldest) {
				oldest = s.Collected
			}
		}
	}
	if oldest.IsZero() {
		return oldest
	}
	return oldest.Add(maxAge).UTC()
}

// evidence lists what the consulted facts rest on, each once, in order.
func (e *evaluation) evidence() []EvidenceRef {
	refs, missing := e.refs[:0], e.missing[:0]
	for i := range e.consulted {
		c := &e.consulted[i]
		for _, s := range c.fact.Sources {
			ref := evidenceRef(s)
			if i := slices.Index(refs, ref); i >= 0 {
				missing[i] = missing[i] && !c.fact.Known()
				continue
			}
			refs, missing = append(refs, ref), append(missing, !c.fact.Known())
		}
	}
	for i := range refs {
		refs[i].Missing = missing[i]
	}
	slices.SortFunc(refs, func(a, b EvidenceRef) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), a.Collected.Compare(b.Collected), strings.Compare(a.SHA256, b.SHA256))
	})
	e.refs, e.missing = refs, missing
	return e.shared(refs)
}

// shared keeps lists of evidence, most of which many verdicts have: the one of
// Restrictions, above all.
func (e *evaluation) shared(refs []EvidenceRef) []EvidenceRef {
	if len(refs) == 0 {
		return nil
	}
	for _, list := range e.evidences {
		if slices.Equal(list, refs) {
			return list
		}
	}
	list := slices.Clip(slices.Clone(refs))
	if len(e.evidences) < maxShared {
		e.evidences = append(e.evidences, list)
	}
	return list
}

// maxShared bounds how many lists of evidence, and how many texts, are looked
// through for the same one.
const maxShared = 16

func evidenceRef(s fact.Source) EvidenceRef {
	query, _, _ := strings.Cut(s.Query, "/")
	return EvidenceRef{Query: query, Key: s.Query, SHA256: s.SHA256, Collected: s.Collected.UTC()}
}
