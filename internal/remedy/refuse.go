package remedy

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// refuse takes a wish out on account of one of its settings.
func (p *planner) refuse(w *wish, on checks.WantedSetting, devices []string, why string) {
	w.refused = true
	at := slices.IndexFunc(p.plan.Refused, func(r Refusal) bool {
		return r.Domain == on.Domain && r.Key == on.Key && r.Requirement == w.requirement.ID && r.Why == why
	})
	if at < 0 {
		at = len(p.plan.Refused)
		p.plan.Refused = append(p.plan.Refused, Refusal{Domain: on.Domain, Key: on.Key, Requirement: w.requirement.ID, Devices: []string{}, Why: why})
	}
	r := &p.plan.Refused[at]
	for _, id := range devices {
		if !slices.Contains(r.Devices, id) {
			r.Devices = append(r.Devices, id)
		}
	}
	slices.Sort(r.Devices)
}

// refuseConflicts leaves out what cannot hold together with a required row of
// a baseline that holds on the devices.
func (p *planner) refuseConflicts() {
	for i := range p.wishes {
		w := &p.wishes[i]
		for _, b := range p.all() {
			for j := range b.Requirements {
				other := &b.Requirements[j]
				if other.Level == checks.Required && conflict(w.requirement, other) {
					p.refuse(w, w.requirement.Settings[0], nil, fmt.Sprintf("it cannot hold together with %s, which %s requires", other.ID, b.ID))
				}
			}
		}
	}
}

func conflict(a, b *checks.Requirement) bool {
	return slices.Contains(a.ConflictsWith, b.ID) || slices.Contains(b.ConflictsWith, a.ID)
}

// refuseDisagreement leaves out a setting that two requirements want to have
// different values. Lists are no disagreement: they add up.
func (p *planner) refuseDisagreement() {
	type wanted struct {
		value any
		by    string
	}
	first := map[fact.Key]wanted{}
	split := map[fact.Key]string{}
	for _, w := range p.wishes {
		for _, want := range w.requirement.Settings {
			key := fact.SettingKey(want.Domain, want.Key)
			_, isList := want.Value.([]string)
			have, ok := first[key]
			switch {
			case !ok:
				first[key] = wanted{want.Value, w.requirement.ID}
			case !isList && !reflect.DeepEqual(have.value, want.Value):
				split[key] = fmt.Sprintf("%s and %s want different values", min(have.by, w.requirement.ID), max(have.by, w.requirement.ID))
			}
		}
	}
	for i := range p.wishes {
		w := &p.wishes[i]
		for _, want := range w.requirement.Settings {
			if why := split[fact.SettingKey(want.Domain, want.Key)]; why != "" && !w.refused {
				p.refuse(w, want, nil, why)
			}
		}
	}
}

// refuseHarm leaves out a setting that would end the pass of a required verdict
// on any device. Each setting is tried out alone, so that the one
// that does it is found.
func (p *planner) refuseHarm() {
	p.collectValues()
	for _, key := range slices.Sorted(maps.Keys(p.values)) {
		want := p.values[key]
		why, devices := p.harm(want)
		if why == "" {
			continue
		}
		for i := range p.wishes {
			if w := &p.wishes[i]; !w.refused && w.wants(want) {
				p.refuse(w, want, devices, why)
			}
		}
	}
}

// harm names the required verdict that a setting would break, and where.
func (p *planner) harm(want checks.WantedSetting) (why string, devices []string) {
	for i, d := range p.Devices {
		if !p.targeted(i) {
			continue
		}
		for _, after := range p.evaluate(d, []checks.WantedSetting{want}) {
			before, ok := verdictOf(d.Verdicts, after.Baseline, after.Requirement)
			if ok && after.Level == checks.Required && before.Result == checks.Pass && (after.Result == checks.Fail || after.Result == checks.Unknown) {
				sentence := fmt.Sprintf("%s of %s passes now and would not any more", after.Requirement, after.Baseline)
				if why = cmp.Or(why, sentence); why == sentence {
					devices = append(devices, d.Subject.ID)
				}
			}
		}
	}
	return why, devices
}

// targeted reports whether the profile is meant for a device.
func (p *planner) targeted(device int) bool {
	return slices.ContainsFunc(p.wishes, func(w wish) bool { return w.device == device && !w.refused })
}

// The restriction that can cut a device off, and the requirement that proves
// that it will not.
const (
	restrictions   = "com.apple.applicationaccess"
	knownOnly      = "forceWiFiToAllowedNetworksOnly"
	enterpriseRule = "wr_wifi_enterprise_installed"
)

// refuseLockout leaves the restriction to known networks out unless every
// device that the profile is for has proved an Enterprise network of its own:
// one that has not could not be reached again, not even to take it back.
func (p *planner) refuseLockout() {
	var unproved []string
	for i, d := range p.Devices {
		if p.targeted(i) && !proved(d) {
			unproved = append(unproved, d.Subject.ID)
		}
	}
	if len(unproved) == 0 {
		return
	}
	slices.Sort(unproved)
	for i := range p.wishes {
		w := &p.wishes[i]
		for _, want := range w.requirement.Settings {
			if !w.refused && want.Domain == restrictions && want.Key == knownOnly {
				p.refuse(w, want, unproved, "no installed Enterprise network is proved on "+strings.Join(abridge(unproved), ", ")+
					": restricted to known networks, a device without one could not be reached again")
			}
		}
	}
}

// proved reports whether the device has an installed Enterprise network, as
// the requirement for it says in every baseline at hand.
func proved(d Device) bool {
	passes := false
	for _, v := range d.Verdicts {
		if v.Requirement != enterpriseRule {
			continue
		}
		if v.Result != checks.Pass {
			return false
		}
		passes = true
	}
	return passes
}

// abridge cuts a list of ids to what fits into a sentence.
func abridge(ids []string) []string {
	const most = 5
	if len(ids) <= most {
		return ids
	}
	return append(slices.Clone(ids[:most]), fmt.Sprintf("and %d more", len(ids)-most))
}
