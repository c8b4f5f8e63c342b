package report

import (
	"time"

	"github.com/wardround/wardround/checks"
)

// A Waiver is an accepted exception. It stands beside the verdicts it is for
// and changes none of them.
type Waiver struct {
	ID          string // of those that verdicts name: it covers these alone; empty: told by what follows
	Baseline    string
	Requirement string
	Device      string // id; empty: every device
	For         string // whom, in words, if it has an ID
	Owner       string
	Approver    string
	Reason      string
	Until       time.Time // zero: without an end
}

func (w Waiver) covers(device string, v *Verdict) bool {
	if w.ID != "" {
		return w.Baseline == v.Baseline && w.ID == v.Waiver.ID && v.Waiver.State == checks.InForce
	}
	return w.Baseline == v.Baseline && w.Requirement == v.Requirement && (w.Device == "" || w.Device == device)
}

// risks are the waivers, with the observations they stand beside.
func (out *oscalWriter) risks() []risk {
	var all []risk
	for i, w := range out.waivers {
		r := risk{
			UUID: riskUUID(w), Title: prose("Waiver of " + out.title(w.Baseline, w.Requirement)), Description: prose("An exception that was accepted for " + waivedFor(w) + "."),
			Statement: prose(w.Reason), Status: "deviation-approved",
			Props: props(ours("baseline", w.Baseline), ours("requirement", w.Requirement), ours("device", w.Device), ours("waiver", w.ID), ours("owner", w.Owner), ours("approver", w.Approver)),
		}
		r.Deadline = oscalTime(stamp(w.Until))
		for _, o := range out.waived[i] {
			r.Observations = append(r.Observations, relatedObservation{o})
		}
		all = append(all, r)
	}
	return all
}

func riskUUID(w Waiver) uuid {
	if w.ID != "" {
		return newUUID("risk", w.ID, w.Baseline, w.Requirement, w.For, w.Owner, w.Approver, w.Reason, stamp(w.Until))
	}
	return newUUID("risk", w.Baseline, w.Requirement, w.Device, w.Owner, w.Approver, w.Reason, stamp(w.Until))
}

func waivedFor(w Waiver) string {
	switch {
	case w.For != "":
		return w.For
	case w.Device == "":
		return "every device"
	}
	return "device " + w.Device
}

// attestations are the organisation's rows that a person has answered.
func (out *oscalWriter) attestations() []attestation {
	var all []attestation
	for _, b := range out.head.Baselines {
		for _, v := range b.Organisation {
			if v.Reason == checks.ReasonAttested {
				all = append(all, attestation{Parts: []attestationPart{{
					UUID: newUUID("attestation", v), Name: "objective", Title: prose(out.title(v.Baseline, v.Requirement)), Prose: describeOSCAL(&v),
					Props: props(ours("baseline", v.Baseline), ours("requirement", v.Requirement)),
				}}})
			}
		}
	}
	return all
}
