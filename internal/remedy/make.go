package remedy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/profiles"
)

// A wish is a failing verdict with a requirement that settings can turn.
type wish struct {
	device      int // in Request.Devices
	verdict     checks.Verdict
	requirement *checks.Requirement
	refused     bool // or given up
}

// A planner is a plan in the making.
type planner struct {
	Request
	now    time.Time
	wishes []wish
	tasks  map[taskKey][]string // devices
	values map[fact.Key]checks.WantedSetting
	plan   Plan
}

// Make plans the remedy as of now.
func Make(r Request, now time.Time) Plan {
	p := &planner{Request: r, now: now, tasks: map[taskKey][]string{}, plan: Plan{
		Devices: []string{}, Sets: []Set{}, Claims: []Claim{}, Refused: []Refusal{}, ByHand: []Task{}, Losses: []string{}, Steps: []string{},
	}}
	p.gather()
	p.refuseConflicts()
	p.refuseDisagreement()
	p.refuseHarm()
	p.refuseLockout()
	p.collectValues()
	p.leaveOutSharedIPads()
	p.claim()
	p.finish()
	return p.plan
}

// all lists the baselines that hold on the devices, targets first.
func (r Request) all() []*checks.Baseline {
	list := slices.Clone(r.Target)
	for _, b := range r.Assigned {
		if !slices.ContainsFunc(list, func(o *checks.Baseline) bool { return o.ID == b.ID }) {
			list = append(list, b)
		}
	}
	return list
}

// gather sorts the failing verdicts into wishes and tasks.
func (p *planner) gather() {
	for i, d := range p.Devices {
		for _, v := range d.Verdicts {
			requirement := p.requirementOf(v)
			if requirement == nil || v.Level == checks.Informational || p.RequiredOnly && v.Level != checks.Required {
				continue
			}
			switch {
			case mendable(v) && len(requirement.Settings) > 0 && reachable(d.Subject, requirement):
				p.wishes = append(p.wishes, wish{device: i, verdict: v, requirement: requirement})
			case v.Result == checks.Fail, v.Result == checks.Unknown && v.Level == checks.Required:
				p.task(d.Subject.ID, v)
			}
		}
	}
}

// requirementOf finds the requirement of a verdict in the target baselines.
func (p *planner) requirementOf(v checks.Verdict) *checks.Requirement {
	for _, b := range p.Target {
		if b.ID != v.Baseline {
			continue
		}
		for i := range b.Requirements {
			if b.Requirements[i].ID == v.Requirement {
				return &b.Requirements[i]
			}
		}
	}
	return nil
}

// mendable reports whether a profile may turn a verdict: one that fails, or
// that is unknown for want of a profile, as on a Mac, which only ever tells by
// our copy of one.
func mendable(v checks.Verdict) bool {
	switch v.Result {
	case checks.Fail:
		return v.Reason != checks.ReasonNotSupervised
	case checks.Unknown:
		return v.Reason == checks.Reason(fact.BlankOnMac) || v.Reason == checks.Reason(fact.NotReported) || v.Reason == "app-hidden-only"
	}
	return false
}

// reachable reports whether a profile can set on the device what the
// requirement wants.
func reachable(s checks.Subject, r *checks.Requirement) bool {
	return !slices.ContainsFunc(r.Settings, func(want checks.WantedSetting) bool {
		declared, _ := fact.SettingOf(want.Domain, want.Key)
		return !declared.Exists(string(s.Platform), s.OS) ||
			declared.NeedsSupervision(string(s.Platform)) && s.Supervised != checks.Yes ||
			sharedIPad(s) && !declared.SharedIPad
	})
}

const sharedIPadEnrollment = "Shared iPad"

func sharedIPad(s checks.Subject) bool { return s.EnrollmentType == sharedIPadEnrollment }

// collectValues joins what the wishes that are left want to have set.
func (p *planner) collectValues() {
	p.values = map[fact.Key]checks.WantedSetting{}
	for _, w := range p.wishes {
		if w.refused {
			continue
		}
		for _, want := range w.requirement.Settings {
			key := fact.SettingKey(want.Domain, want.Key)
			if have, ok := p.values[key]; ok {
				want.Value = union(have.Value, want.Value)
			}
			p.values[key] = want
		}
	}
}

// union joins two lists; of other values, which are equal, it is the first.
func union(a, b any) any {
	first, isList := a.([]string)
	second, _ := b.([]string)
	if !isList {
		return a
	}
	joined := slices.Concat(first, second)
	slices.Sort(joined)
	return slices.Compact(joined)
}

// leaveOutSharedIPads takes the Shared iPads out if the profile holds a key
// that is not allowed there.
func (p *planner) leaveOutSharedIPads() {
	var forbidden []string
	for _, want := range p.values {
		if declared, _ := fact.SettingOf(want.Domain, want.Key); !declared.SharedIPad {
			forbidden = append(forbidden, want.Key)
		}
	}
	if len(forbidden) == 0 {
		return
	}
	slices.Sort(forbidden)
	for i := range p.wishes {
		w := &p.wishes[i]
		if s := p.Devices[w.device].Subject; !w.refused && sharedIPad(s) {
			p.refuse(w, w.requirement.Settings[0], []string{s.ID},
				"the profile also sets "+strings.Join(forbidden, ", ")+", which a Shared iPad does not allow: make one for this device alone")
		}
	}
	p.collectValues()
}

// finish writes the plan down.
func (p *planner) finish() {
	byType := map[string]map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(p.values)) {
		want := p.values[key]
		set := Set{Domain: want.Domain, Key: want.Key, Value: want.Value, Requirements: []string{}}
		for _, w := range p.wishes {
			if !w.refused && w.wants(want) && !slices.Contains(set.Requirements, w.requirement.ID) {
				set.Requirements = append(set.Requirements, w.requirement.ID)
			}
		}
		p.plan.Sets = append(p.plan.Sets, set)
		if byType[want.Domain] == nil {
			byType[want.Domain] = map[string]any{}
		}
		byType[want.Domain][want.Key] = want.Value
	}
	for _, kind := range slices.Sorted(maps.Keys(byType)) {
		p.plan.Draft.Payloads = append(p.plan.Draft.Payloads, profiles.DraftPayload{Type: kind, DisplayName: "wardround remedy: " + kind, Settings: byType[kind]})
	}
	p.plan.Draft.Identifier = "wardround.remedy." + slug(p.Name)
	p.plan.Draft.DisplayName = "wardround remedy: " + p.Name
	p.plan.Draft.Description = p.description()
	slices.SortFunc(p.plan.Refused, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Requirement, b.Requirement), cmp.Compare(a.Why, b.Why))
	})
	slices.Sort(p.plan.Devices)
	p.plan.ByHand = p.tasksInOrder()
	p.plan.Losses, p.plan.Steps = p.words()
}

func (w wish) wants(want checks.WantedSetting) bool {
	return slices.ContainsFunc(w.requirement.Settings, func(s checks.WantedSetting) bool { return s.Domain == want.Domain && s.Key == want.Key })
}

// description says in the profile itself what it is for.
func (p *planner) description() string {
	var ids []string
	for _, b := range p.Target {
		ids = append(ids, b.ID+" "+b.Version)
	}
	return "Written by wardround for " + strings.Join(ids, ", ") + ". Install it on one device first."
}

// slug makes a part of an identifier of a name.
func slug(name string) string {
	mapped := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
	return cmp.Or(strings.Trim(mapped, "-."), "fleet")
}
