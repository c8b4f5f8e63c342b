package remedy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wardround/wardround/checks"
)

// A taskKey tells tasks apart; devices that need the same are one task.
type taskKey struct {
	kind        Kind
	requirement string
	reason      checks.Reason
	text        string
}

// task notes what no profile of ours can mend on a device.
func (p *planner) task(device string, v checks.Verdict) {
	key := taskKey{kind: kindOf(v), requirement: v.Requirement, reason: v.Reason, text: textOf(v)}
	if !slices.Contains(p.tasks[key], device) {
		p.tasks[key] = append(p.tasks[key], device)
	}
}

// kindOf says what a verdict needs, by its reason.
func kindOf(v checks.Verdict) Kind {
	switch v.Reason {
	case checks.ReasonNotSupervised:
		return Supervise
	case checks.ReasonUserEnrollment:
		return ReEnrol
	case "icloud-account-signed-in", "store-account-active", "shared-ipad-users-allowed":
		return SignOut
	case "no-enterprise-wifi", "weak-wifi", "personal-wifi", "eap-not-validated":
		return Network
	}
	if v.Result == checks.Unknown {
		return Unknown
	}
	return Hands
}

// textOf says what to do, in the requirement's words where it has some for a
// failure.
func textOf(v checks.Verdict) string {
	words := checks.Explain(v.Reason)
	switch {
	case v.Reason == checks.ReasonNotSupervised:
		return "Supervise the device: erase it and enrol it through Apple Business or Apple Configurator. Without supervision the setting has no effect."
	case v.Reason == checks.ReasonUserEnrollment:
		return "Enrol the device as a device of the organisation. A User Enrollment cannot be asked, and most settings are not allowed there."
	case v.Result == checks.Unknown && words.NextStep != "":
		return words.Sentence + " " + words.NextStep
	}
	return cmp.Or(v.NextStep, words.NextStep, v.Message)
}

// tasksInOrder lists the tasks: what must come before a profile first.
// Requirements that want the same of the same devices are one task.
func (p *planner) tasksInOrder() []Task {
	order := []Kind{Supervise, ReEnrol, SignOut, Network, Hands, Unknown}
	byRequirement := func(a, b taskKey) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.kind), slices.Index(order, b.kind)),
			cmp.Compare(a.reason, b.reason), cmp.Compare(a.requirement, b.requirement), cmp.Compare(a.text, b.text))
	}
	tasks := []Task{}
	for _, key := range slices.SortedFunc(maps.Keys(p.tasks), byRequirement) {
		devices := slices.Sorted(slices.Values(p.tasks[key]))
		at := slices.IndexFunc(tasks, func(t Task) bool {
			return t.Kind == key.kind && t.Reason == key.reason && t.Text == key.text && slices.Equal(t.Devices, devices)
		})
		if at < 0 {
			at = len(tasks)
			tasks = append(tasks, Task{Kind: key.kind, Reason: key.reason, Text: key.text, Devices: devices})
		}
		tasks[at].Requirements = append(tasks[at].Requirements, key.requirement)
	}
	return tasks
}
