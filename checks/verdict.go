package checks

import "time"

// An EvidenceRef points from a verdict to the bytes it rests on.
type EvidenceRef struct {
	Query     string    // RequestType or MessageType
	Key       string    // the query with its parameters
	SHA256    string    // hex, of the kept bytes
	Collected time.Time // when that answer was last received, UTC
	Missing   bool      // it only tells why something is not known: the verdict does not age with it
}

// A Verdict is the outcome of one requirement of one baseline for one device,
// or for the organisation when Device is empty.
type Verdict struct {
	Device      string
	Baseline    string
	Requirement string
	Result      Result
	Reason      Reason
	Assurance   Assurance // of a pass, else empty
	Level       Level
	Severity    Severity
	Expected    string // what the requirement wants, in words
	Observed    string // what was seen, with values, or what is missing
	Message     string // the reason in a plain sentence
	NextStep    string // what to do, and who can; empty for a pass
	MaxAge      time.Duration
	FreshUntil  time.Time     // after this the verdict reads unknown/stale; zero: does not age
	RejudgeAt   time.Time     // the answer may change then though no evidence does; zero: never
	Evidence    []EvidenceRef // shared between verdicts, and not to be changed

	Group       string        // of the organisation's rows: judged for this group; empty: for all
	Attestation *StatementRef // the person's statement that it rests on, or that no longer counts; nil: none
	Waiver      *StatementRef // the exception that was accepted; the rest is as without it; nil: none
}

// StatusOf is the status that verdicts of one device against one baseline add
// up to: not_met if a required one fails; else undetermined if a required one
// is unknown, error or notchecked, or none could be judged; else met. A
// notchecked or unknown verdict whose reason is attested does not hold it back.
func StatusOf(verdicts []Verdict) Status {
	judged, open := false, false
	for _, v := range verdicts {
		if v.Level != Required {
			continue
		}
		switch v.Result {
		case Fail:
			return NotMet
		case Pass:
			judged = true
		case Unknown, Error, NotChecked:
			open = open || v.Reason != ReasonAttested
		}
	}
	if open || !judged {
		return Undetermined
	}
	return Met
}

// Judged reports whether at least one required requirement passed or failed.
func Judged(verdicts []Verdict) bool {
	for _, v := range verdicts {
		if v.Level == Required && (v.Result == Pass || v.Result == Fail) {
			return true
		}
	}
	return false
}

// AsOf returns v as it reads at now: past FreshUntil a pass or fail is
// unknown/stale, with what it was in Observed. That an attestation has run out
// is for Statements.Beside to tell.
func (v Verdict) AsOf(now time.Time) Verdict {
	if v.FreshUntil.IsZero() || !now.After(v.FreshUntil) || (v.Result != Pass && v.Result != Fail) {
		return v
	}
	was := v.Result
	v.Result, v.Assurance, v.Reason = Unknown, "", ReasonStale
	v.Observed = "was " + string(was) + ": " + v.Observed
	e := Explain(ReasonStale)
	v.Message, v.NextStep = e.Sentence, e.Step()
	return v
}
