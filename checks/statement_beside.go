package checks

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// BesideOrganisation does what StatementIndex.Beside does for rows of one baseline
// that are judged for the organisation, and adds those of groups for which
// somebody attested what the organisation did not: of each a copy with its Group.
func (s Statements) BesideOrganisation(rows []Verdict, now time.Time) []Verdict {
	s.beside(rows, now, func(r Reach) bool { return r.Organisation })
	all := slices.Clip(rows)
	for _, row := range rows {
		for _, group := range s.groups(row.Baseline, row.Requirement) {
			if own, ok := s.ofGroup(row, group, now); ok {
				all = append(all, own)
			}
		}
	}
	return all
}

// beside looks at the verdicts of each baseline, which stand together.
func (s Statements) beside(verdicts []Verdict, now time.Time, covers func(Reach) bool) {
	e := evaluation{now: now}
	for i := range verdicts {
		v := &verdicts[i]
		if i == 0 || v.Baseline != verdicts[i-1].Baseline {
			e.spoken = s.about(v.Baseline, covers)
		}
		instead := ReasonNotAttested
		if v.Attestation != nil && v.Attestation.Instead != "" {
			instead = v.Attestation.Instead
		}
		v.Waiver, v.Attestation = nil, e.attestationBeside(v)
		if v.Reason == ReasonAttested && (v.Attestation == nil || v.Attestation.State != InForce) {
			v.lapse(instead)
		}
		passed := v.Result == Pass || v.Reason == ReasonStale && strings.HasPrefix(v.Observed, "was "+string(Pass)+": ")
		if !passed && v.Result != NotApplicable {
			v.Waiver = e.waiver(v.Requirement)
		}
	}
}

// lapse puts a reason in the place of attested.
func (v *Verdict) lapse(instead Reason) {
	words := Explain(instead)
	v.Reason, v.Message, v.NextStep = instead, words.Sentence, words.Step()
	var parts []string
	for part := range strings.SplitSeq(v.Observed, "; ") {
		if strings.HasPrefix(part, attestedUntil) {
			part = v.Attestation.tell()
		}
		if part != "" {
			parts = append(parts, part)
		}
	}
	v.Observed = cmp.Or(strings.Join(parts, "; "), nobodyAttested)
}

// attestationBeside tells which attestation a verdict was judged with: it has
// one of three reasons to have one, the last being that its words say so.
func (e *evaluation) attestationBeside(v *Verdict) *StatementRef {
	a, state := e.attestation(v.Requirement)
	if a == nil {
		return nil
	}
	ref := &StatementRef{ID: a.ID, State: state, Until: a.end().UTC(), Digest: a.Digest}
	switch {
	case v.Reason == ReasonAttested:
		return ref
	case v.Reason == ReasonAttestationVoid && state == InForce:
		ref.State = Void
		return ref
	case state == Expired && strings.Contains(v.Observed, ref.tell()):
		return ref
	}
	return nil
}

// groups are those for which somebody attested a requirement, in order.
func (s Statements) groups(baseline, requirement string) []string {
	var all []string
	for _, a := range s.Attestations {
		if a.Requirement == requirement && (a.Baseline == "" || a.Baseline == baseline) {
			all = append(all, a.Reach.Groups...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ofGroup is an organisation's row as it is for one group, if an attestation
// makes it another than that of the organisation.
func (s Statements) ofGroup(row Verdict, group string, now time.Time) (Verdict, bool) {
	if row.Reason == ReasonAttested || row.Result != NotChecked || row.Level == Informational {
		return row, false
	}
	e := evaluation{now: now, spoken: s.about(row.Baseline, func(r Reach) bool { return slices.Contains(r.Groups, group) })}
	a, state := e.attestation(row.Requirement)
	if a == nil {
		return row, false
	}
	row.Group = group
	row.Attestation = &StatementRef{ID: a.ID, State: state, Until: a.end().UTC(), Digest: a.Digest}
	row.Waiver = e.waiver(row.Requirement)
	row.Observed = row.Attestation.tell()
	if state == InForce {
		words := Explain(ReasonAttested)
		row.Reason, row.Message, row.NextStep = ReasonAttested, words.Sentence, words.Step()
	}
	return row, true
}
