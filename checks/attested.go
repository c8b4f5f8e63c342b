package checks

import (
	"slices"
	"time"
)

// attested lets a person's statement count. The result stays: only the reason
// becomes attested, or attestation-void where a machine fact contradicts it.
func (e *evaluation) attested(r *Requirement, p *program, o outcome) outcome {
	if len(e.spoken.attestations) == 0 || r.Kind == Info {
		return o
	}
	a, state := e.attestation(r.ID)
	if a == nil {
		return o
	}
	ref := &StatementRef{ID: a.ID, State: state, Until: a.end().UTC(), Digest: a.Digest, Instead: o.reason}
	contradicted := e.contradicted(r, p, o)
	switch {
	case state == Expired && (contradicted || e.takesWord(r, o)):
		ref.Instead = ""
		o.attestation = ref
	case contradicted:
		ref.State = Void
		o.reason, o.attestation = ReasonAttestationVoid, ref
	case e.takesWord(r, o):
		o.reason, o.attestation = ReasonAttested, ref
	}
	return o
}

// takesWord reports whether a person's word counts for an outcome: of a manual
// row always, of a machine row for the reasons that it names, and in a User
// Enrollment, where the owner's word is all there is. That never makes a
// device's status: nothing of it was judged.
func (e *evaluation) takesWord(r *Requirement, o outcome) bool {
	switch {
	case o.result != Unknown && o.result != NotChecked:
		return false
	case r.Kind == Manual, o.reason == ReasonUserEnrollment:
		return true
	}
	return slices.Contains(r.Attestable, o.reason)
}

// contradicted reports whether a machine fact says other than was attested: the
// row fails, or what a manual row would be contradicted by is so.
func (e *evaluation) contradicted(r *Requirement, p *program, o outcome) bool {
	if o.result == Fail {
		return true
	}
	if p.contradicted == nil {
		return false
	}
	truth, _, err := p.contradicted.eval(e)
	return err == nil && truth == Yes
}

// What the observed text says of attestations, the first with a time after it.
const (
	attestedUntil  = "attested until "
	nobodyAttested = "no attestation"
)

// tell is what the observed text says of an attestation. It names no person.
func (s *StatementRef) tell() string {
	if s == nil {
		return ""
	}
	until := s.Until.Format(time.RFC3339) // a day would be another one elsewhere
	text := attestedUntil + until
	switch s.State {
	case Expired:
		text = "an attestation ran out at " + until
	case Void:
		text = "an attestation until " + until + " is void, for the device says otherwise"
	}
	if s.ID != "" {
		text += " (" + shorten(s.ID) + ")"
	}
	return text
}
