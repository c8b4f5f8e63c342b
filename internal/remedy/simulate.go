package remedy

import (
	"maps"
	"slices"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// evaluate judges a device anew as if the settings were in force on it, by all
// baselines that hold there.
func (p *planner) evaluate(d Device, settings []checks.WantedSetting) []checks.Verdict {
	set := &fact.Set{}
	if d.Facts != nil {
		set = d.Facts.Clone()
	}
	for _, want := range settings {
		key := fact.SettingKey(want.Domain, want.Key)
		declared, _ := fact.SettingOf(want.Domain, want.Key)
		if !declared.Exists(string(d.Subject.Platform), d.Subject.OS) {
			continue
		}
		value := want.Value
		if now, ok := set.Get(key).Value.([]string); ok && declared.Default == "[]" {
			value = union(now, value)
		}
		set.Put(fact.Fact{
			Key: key, Value: value, Hold: fact.Declared, ImposedBy: []string{"wardround.remedy"},
			Sources: []fact.Source{{Query: "Restrictions", Collected: p.now}},
		})
	}
	var verdicts []checks.Verdict
	for _, b := range p.all() {
		verdicts = append(verdicts, b.Evaluate(d.Subject, set, p.now)...)
	}
	return verdicts
}

func verdictOf(verdicts []checks.Verdict, baseline, requirement string) (checks.Verdict, bool) {
	i := slices.IndexFunc(verdicts, func(v checks.Verdict) bool { return v.Baseline == baseline && v.Requirement == requirement })
	if i < 0 {
		return checks.Verdict{}, false
	}
	return verdicts[i], true
}

// claim tries the whole profile out on each device that it is for. A verdict
// that does not pass even then is somebody's task, and what only it wants to
// have set is not set; the rest is then tried out again.
func (p *planner) claim() {
	for dropped := true; dropped; {
		dropped = false
		p.plan.Claims, p.plan.Devices = []Claim{}, []string{}
		settings := slices.Collect(maps.Values(p.values))
		for i, d := range p.Devices {
			if p.targeted(i) && p.claimOn(i, p.evaluate(d, settings)) {
				dropped = true
			}
		}
		p.collectValues()
	}
}

// claimOn claims what passes on one device, and reports whether something did
// not.
func (p *planner) claimOn(device int, after []checks.Verdict) (dropped bool) {
	id := p.Devices[device].Subject.ID
	for i := range p.wishes {
		w := &p.wishes[i]
		if w.device != device || w.refused {
			continue
		}
		v, _ := verdictOf(after, w.verdict.Baseline, w.verdict.Requirement)
		if v.Result != checks.Pass {
			w.refused, dropped = true, true
			p.task(id, w.verdict)
			continue
		}
		p.plan.Claims = append(p.plan.Claims, Claim{Device: id, Baseline: v.Baseline, Requirement: v.Requirement})
		if !slices.Contains(p.plan.Devices, id) {
			p.plan.Devices = append(p.plan.Devices, id)
		}
	}
	return dropped
}
