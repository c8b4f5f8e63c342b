package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/wardround/wardround/checks"
)

// A findingCount is what the devices' verdicts on one requirement add up to.
type findingCount struct {
	baseline, requirement string
	level                 checks.Level
	pass, fail, open      int
	observations          []uuid
}

func (out *oscalWriter) finding(v *Verdict) *findingCount {
	key := [2]string{v.Baseline, v.Requirement}
	f := out.findings[key]
	if f == nil {
		f = &findingCount{baseline: v.Baseline, requirement: v.Requirement, level: v.Level}
		out.findings[key] = f
	}
	return f
}

// observe adds one device's verdict.
func (f *findingCount) observe(v *Verdict, o uuid) {
	f.observations = append(f.observations, o)
	switch {
	case v.Result == checks.Pass:
		f.pass++
	case v.Result == checks.Fail:
		f.fail++
	case holdsBack(v):
		f.open++
	}
}

// status is what OSCAL has a word for. It knows no third state: what is not
// known is not satisfied, for another reason than a failure.
func (f *findingCount) status() findingStatus {
	s := findingStatus{
		State: "not-satisfied", Reason: "fail",
		Remarks: fmt.Sprintf("Of %s %d pass, %d fail and %d are not known; to the others it does not apply, or only a person can tell.", plural(len(f.observations), "device"), f.pass, f.fail, f.open),
	}
	switch {
	case f.fail > 0:
	case f.open > 0:
		s.Reason = "other"
	default:
		s.State, s.Reason = "satisfied", "pass"
	}
	return s
}

// sortedFindings lists the findings in order of baseline and requirement. What
// applies to no device has none, and what only informs.
func (out *oscalWriter) sortedFindings() []finding {
	var all []finding
	for _, f := range out.sortedCounts() {
		if f.pass+f.fail+f.open == 0 || f.level == checks.Informational {
			continue
		}
		status := f.status()
		one := out.newFinding(f.baseline, f.requirement, f.level, status)
		for _, o := range f.observations {
			one.Observations = append(one.Observations, relatedObservation{o})
		}
		for _, w := range out.waivers {
			if w.Baseline == f.baseline && w.Requirement == f.requirement {
				one.Risks = append(one.Risks, relatedRisk{riskUUID(w)})
			}
		}
		all = append(all, one)
	}
	for _, b := range out.head.Baselines {
		for _, v := range b.Organisation {
			if v.Group == "" && v.Reason != checks.ReasonAttested {
				all = append(all, out.newFinding(b.ID, v.Requirement, v.Level, findingStatus{State: "not-satisfied", Reason: "other", Remarks: describeOSCAL(&v)}))
			}
		}
	}
	return all
}

func (out *oscalWriter) newFinding(baseline, requirement string, level checks.Level, status findingStatus) finding {
	clause := out.words.of(baseline, requirement)
	return finding{
		UUID: newUUID("finding", out.head.AsOf, baseline, requirement, status), Title: prose(out.title(baseline, requirement)),
		Description: prose(cmp.Or(clause.Text, requirement+" of "+baseline)),
		Props:       props(ours("baseline", baseline), ours("requirement", requirement), ours("level", string(level)), ours("clause", clause.cite())),
		Target:      findingTarget{Type: "objective-id", ID: token(requirement), Status: status},
	}
}

func (out *oscalWriter) sortedCounts() []*findingCount {
	position := make(map[string]int, len(out.head.Baselines))
	for i, b := range out.head.Baselines {
		position[b.ID] = i
	}
	return slices.SortedFunc(maps.Values(out.findings), func(a, b *findingCount) int {
		return cmp.Or(position[a.baseline]-position[b.baseline], cmp.Compare(a.baseline, b.baseline), cmp.Compare(a.requirement, b.requirement))
	})
}

// reviewed lists what was looked at, by baseline.
func (out *oscalWriter) reviewed() reviewedControls {
	ids := map[string][]selectControl{}
	for _, f := range out.sortedCounts() {
		ids[f.baseline] = append(ids[f.baseline], selectControl{token(f.requirement)})
	}
	for _, b := range out.head.Baselines {
		for _, v := range b.Organisation {
			ids[b.ID] = append(ids[b.ID], selectControl{token(v.Requirement)})
		}
	}
	r := reviewedControls{Description: "The requirements of each baseline. Their ids are wardround's and the macOS Security Compliance Project's."}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		r.Selections = append(r.Selections, controlSelection{Description: prose("Baseline " + id), Props: props(ours("baseline", id)), Include: ids[id]})
	}
	if len(r.Selections) == 0 {
		r.Selections = []controlSelection{{All: &struct{}{}}}
	}
	return r
}
