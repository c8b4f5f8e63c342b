package main

import (
	"slices"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

// preferencesType is the payload type that carries the keys of other domains
// on a Mac.
const preferencesType = "com.apple.ManagedClient.preferences"

// setting compares one key. It is not listed if the platform has no such key,
// or nobody sets it and it has its default.
func (d drift) setting(s fact.Setting) (row settingDrift, listed bool) {
	if !d.exists(s) {
		return settingDrift{}, false
	}
	intended, here := d.intended(s)
	installed, known := d.installedValues(s)
	force := d.facts.Get(fact.SettingKey(s.Domain, s.Key))
	row = settingDrift{
		Domain: s.Domain, Key: s.Key, Intended: settingTexts(intended), Installed: settingTexts(installed), InForce: "unknown",
		ImposedBy: []string{}, elsewhere: len(intended) > 0 && !here,
	}
	if len(installed) == 0 && !known {
		row.Installed = "unknown"
	}
	// A value that only our copy of a profile declares is not seen in force.
	if force.Known() && force.Hold != fact.Declared {
		row.InForce, row.ImposedBy = settingText(force.Value), append(row.ImposedBy, force.ImposedBy...)
		if len(intended) == 0 && len(installed) == 0 && row.InForce == s.Default {
			return row, false
		}
		row.State, row.Why = d.seen(s, force, intended, here, installed)
		return row, true
	}
	if len(intended) == 0 && len(installed) == 0 {
		return row, false
	}
	row.State, row.Why = d.unseen(force, intended, here, installed, known)
	return row, true
}

// exists reports whether the platform of the device has the key, or is not
// known.
func (d drift) exists(s fact.Setting) bool {
	platform := d.subject.Platform
	return platform == "" || platform == checks.UnknownPlatform || s.Exists(string(platform), d.subject.OS)
}

// seen judges a key that the device reports.
func (d drift) seen(s fact.Setting, force fact.Fact, intended []any, here bool, installed []any) (state, why string) {
	value := settingText(force.Value)
	switch {
	case len(intended) == 0 && value == s.Default:
		return asIntended, ""
	case len(intended) == 0 && len(force.ImposedBy) > 0:
		return notIntended, "no profile of the catalog wants it"
	case len(intended) == 0:
		return notIntended, "no profile of the catalog wants it, and no installed one is named for it"
	case !here && len(intended) > 1:
		return ambiguous, "profiles of the catalog that are not installed want different values"
	case slices.ContainsFunc(intended, func(want any) bool { return covers(s, force.Value, want) }):
		return asIntended, ""
	case slices.ContainsFunc(installed, func(set any) bool { return holds(intended, set) }):
		return notInForce, d.whyIgnored(s)
	case len(installed) > 0:
		return notInForce, "the installed profile sets another value"
	}
	return notInstall, whyNotInstalled(here)
}

func whyNotInstalled(here bool) string {
	if here {
		return "the version that is installed does not set it, as far as it is known"
	}
	return "the profiles of the catalog that set it are not installed"
}

// whyIgnored says why a device does not heed an installed profile.
func (d drift) whyIgnored(s fact.Setting) string {
	switch {
	case s.NeedsSupervision(string(d.subject.Platform)) && d.subject.Supervised == checks.No:
		return "the key needs supervision, and the device is not supervised"
	case d.subject.EnrollmentType == string(mdm.SharedIPad) && !s.SharedIPad:
		return "a Shared iPad does not have the key"
	}
	return "the profile is installed, and the device reports another value"
}

// unseen judges a key that the device does not report.
func (d drift) unseen(force fact.Fact, intended []any, here bool, installed []any, known bool) (state, why string) {
	notReported := "the device does not report it"
	if !force.Known() {
		notReported = checks.Explain(checks.Reason(force.Absent)).Sentence
	}
	switch {
	case len(installed) == 1 && (len(intended) == 0 || holds(intended, installed[0])):
		return onlyCopy, "only our copy of the installed profile says so"
	case len(installed) > 0:
		return notKnowable, "the installed profiles set it in different ways"
	case known:
		return notInstall, whyNotInstalled(here)
	}
	return notKnowable, notReported
}

// covers reports whether a value in force is at least as strict as the wanted
// one: a deny list may have more in it, an allow list less.
func covers(s fact.Setting, value, want any) bool {
	have, isList := value.([]string)
	wanted, wantsList := want.([]string)
	switch {
	case !isList || !wantsList:
		return settingText(value) == settingText(want)
	case s.Default == "-":
		have, wanted = wanted, have
	}
	return !slices.ContainsFunc(wanted, func(item string) bool { return !slices.Contains(have, item) })
}
