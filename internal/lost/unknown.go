package lost

import (
	"cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// An Open is something that is not known, and why.
type Open struct {
	What      string        `json:"what"`
	Reason    checks.Reason `json:"reason"`
	Text      string        `json:"text"`
	LastKnown Moment        `json:"last_known"` // null: never
}

// noQuery is the reason of what device management cannot ask at all.
const noQuery = checks.Reason(fact.NotAsked)

// unknown lists what is not known: what the device did not say, and what no
// device can be asked.
func (w *writer) unknown() {
	add := func(what string, s Source) {
		if s.State == Unknown || s.State == Old {
			w.page.Unknown = append(w.page.Unknown, Open{what, s.Reason, s.ReasonText, s.Answered})
		}
	}
	for _, f := range w.page.Facts {
		add(f.Name, f.Source)
	}
	add("Wi-Fi networks by profile", w.page.Networks.Source)
	for _, n := range w.page.Networks.List {
		if n.Change == LookIntoIt {
			w.page.Unknown = append(w.page.Unknown, Open{"Networks of profile " + n.Profile, n.Reason, sentence(n.Reason), Moment{}})
		}
	}
	add("Certificates on the device", w.page.Certificates.Source)
	if len(w.page.Apps.List) > 0 {
		add("Managed apps", w.page.Apps.Source)
	}
	for _, app := range w.page.Apps.List {
		if app.State == NotListed {
			w.page.Unknown = append(w.page.Unknown, Open{
				"App " + app.Identifier, checks.Reason(fact.NotReported), "It is in no answer: it was not there, or it was not asked for.", Moment{},
			})
		}
	}
	for _, never := range []Open{
		{What: "Networks that a user joined", Reason: "user-networks-not-visible"},
		{What: "Who is signed in to FaceTime", Reason: "facetime-signin-not-observable"},
		{What: "Where the device is, and who has it", Text: "A place is asked for by no query of ours, and is overwritten if it comes."},
		{What: "Whether anybody unlocked it or opened an app", Text: "No answer of a device tells."},
		{What: "What the apps held", Text: "No answer of a device tells."},
	} {
		never.Reason = cmp.Or(never.Reason, noQuery)
		never.Text = cmp.Or(never.Text, sentence(never.Reason))
		w.page.Unknown = append(w.page.Unknown, never)
	}
}
