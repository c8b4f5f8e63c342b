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
// that does not pass even then is somebody's task.
func (p *planner) claim() {
	settings := slices.Collect(maps.Values(p.values))
	for i, d := range p.Devices {
		if !p.targeted(i) {
			continue
		}
		after := p.evaluate(d, settings)
		for _, w := range p.wishes {
			if w.device != i || w.refused {
				continue
			}
			if v, ok := verdictOf(after, w.verdict.Baseline, w.verdict.Requirement); ok && v.Result == checks.Pass {
				p.plan.Claims = append(p.plan.Claims, Claim{Device: d.Subject.ID, Baseline: v.Baseline, Requirement: v.Requirement})
				if !slices.Contains(p.plan.Devices, d.Subject.ID) {
					p.plan.Devices = append(p.plan.Devices, d.Subject.ID)
				}
				continue
			}
			p.task(d.Subject.ID, w.verdict)
		}
	}
}
