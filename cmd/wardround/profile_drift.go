package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// How a setting that is intended stands to what is installed and in force.
const (
	asIntended  = "as-intended"   // in force as a profile of the catalog wants it
	notInForce  = "not-in-force"  // the profile is installed, and the device says otherwise
	notInstall  = "not-installed" // no installed profile that is known sets it so
	notIntended = "not-intended"  // in force, and no profile of the catalog wants it
	onlyCopy    = "declared"      // only our copy of an installed profile says so
	ambiguous   = "ambiguous"     // profiles of the catalog that are not installed want different values
	notKnowable = "not-knowable"
)

// How an installed profile stands to the catalog.
const (
	profileKnown     = "known"
	profileOther     = "another-version" // the identifier is known, this content is not
	profileEncrypted = "encrypted"
	profileUnknown   = "unknown"    // nobody in the catalog knows it
	profileEnrols    = "enrollment" // the one that enrolled the device, which no catalog needs
)

// A driftRecord compares one device with the catalog, in the order of its JSON.
type driftRecord struct {
	Device         string          `json:"device"`
	Serial         string          `json:"serial"`
	Platform       checks.Platform `json:"platform"`
	OS             string          `json:"os"`
	Supervised     checks.Ternary  `json:"supervised"`
	ProfilesAt     string          `json:"profiles_at"`     // when ProfileList was answered; empty: not known
	RestrictionsAt string          `json:"restrictions_at"` // when Restrictions was answered
	ProfilesWhy    string          `json:"profiles_why"`    // why it is not known what is installed
	Profiles       []profileDrift  `json:"profiles"`
	NotInstalled   []string        `json:"not_installed"` // identifiers of the catalog
	Settings       []settingDrift  `json:"settings"`
}

// A profileDrift is one installed profile.
type profileDrift struct {
	Identifier   string   `json:"identifier"`
	UUID         string   `json:"uuid"`
	Name         string   `json:"name"`
	State        string   `json:"state"`
	File         string   `json:"file"`
	PayloadTypes []string `json:"payload_types"`
	Why          string   `json:"why"`
}

// A settingDrift is one key: as the catalog wants it, as the installed
// profiles set it, as it is in force. "unset" says that nothing is said.
type settingDrift struct {
	Domain    string   `json:"domain"`
	Key       string   `json:"key"`
	Intended  string   `json:"intended"`
	Installed string   `json:"installed"`
	InForce   string   `json:"in_force"`
	ImposedBy []string `json:"imposed_by"`
	State     string   `json:"state"`
	Why       string   `json:"why"`

	elsewhere bool // only profiles that are not installed want it
}

// A drift is a device while it is compared.
type drift struct {
	subject   checks.Subject
	facts     *fact.Set
	inventory judge.Inventory
	catalog   []*profiles.Profile
}

func (d drift) record() driftRecord {
	s := d.subject
	r := driftRecord{
		Device: s.ID, Serial: s.Serial, Platform: s.Platform, OS: s.OS, Supervised: s.Supervised,
		Profiles: []profileDrift{}, NotInstalled: []string{}, Settings: []settingDrift{},
		ProfilesAt:     collectedAt(d.inventory.Sources),
		RestrictionsAt: collectedAt(d.facts.Get(fact.SettingKey(restrictionsDomain, "allowCamera")).Sources),
	}
	if d.inventory.Absent != "" {
		r.ProfilesAt, r.ProfilesWhy = "", checks.Explain(checks.Reason(d.inventory.Absent)).Sentence
	}
	for _, p := range d.inventory.Profiles {
		r.Profiles = append(r.Profiles, d.profile(p))
	}
	if d.inventory.Absent == "" {
		for _, p := range d.catalog {
			if !d.installs(p.Identifier) && !slices.Contains(r.NotInstalled, p.Identifier) {
				r.NotInstalled = append(r.NotInstalled, p.Identifier)
			}
		}
	}
	for _, setting := range fact.Settings() {
		if row, listed := d.setting(setting); listed {
			r.Settings = append(r.Settings, row)
		}
	}
	return r
}

const restrictionsDomain = "com.apple.applicationaccess"

func collectedAt(sources []fact.Source) string {
	if len(sources) == 0 || sources[0].Collected.IsZero() {
		return ""
	}
	return sources[0].Collected.UTC().Format(time.RFC3339)
}

// profile says how one installed profile stands to the catalog.
func (d drift) profile(p judge.InstalledProfile) profileDrift {
	out := profileDrift{Identifier: p.Identifier, UUID: p.UUID, Name: p.DisplayName, PayloadTypes: []string{}}
	for _, l := range p.Payloads {
		if !slices.Contains(out.PayloadTypes, l.Type) {
			out.PayloadTypes = append(out.PayloadTypes, l.Type)
		}
	}
	for _, problem := range d.inventory.Problems {
		if problem.Path == p.Identifier {
			out.Why = problem.Message
		}
	}
	switch {
	case p.Content != nil:
		out.State, out.File = profileKnown, p.Content.Name
	case p.Hidden:
		out.State = profileEncrypted
		out.Why = cmp.Or(out.Why, "the device does not report its payloads")
	case slices.ContainsFunc(d.catalog, func(c *profiles.Profile) bool { return c.Identifier == p.Identifier && p.Identifier != "" }):
		out.State = profileOther
		out.Why = cmp.Or(out.Why, "the catalog has the identifier with another content")
	case slices.Contains(out.PayloadTypes, "com.apple.mdm"):
		out.State = profileEnrols
	default:
		out.State = profileUnknown
		out.Why = cmp.Or(out.Why, "nobody in the catalog knows it")
	}
	return out
}

// installs reports whether a profile of that identifier is installed, in
// whatever version.
func (d drift) installs(identifier string) bool {
	return slices.ContainsFunc(d.inventory.Profiles, func(p judge.InstalledProfile) bool {
		return p.Identifier == identifier || (p.Content != nil && p.Content.Identifier == identifier)
	})
}

// valuesOf lists the values that profiles give a setting on this platform, each
// once; ok is false if one of them cannot be used.
func (d drift) valuesOf(s fact.Setting, sets []*profiles.Profile) (values []any, ok bool) {
	ok = true
	for _, p := range sets {
		for _, v := range p.Settings() {
			if v.Domain != s.Domain || v.Key != s.Key || !v.Forced || (v.Preference && d.subject.Platform != checks.MacOS) {
				continue
			}
			if v.Placeholder || v.Mistyped || v.Value == nil {
				ok = false
				continue
			}
			if !holds(values, v.Value) {
				values = append(values, v.Value)
			}
		}
	}
	slices.SortFunc(values, func(a, b any) int { return cmp.Compare(settingText(a), settingText(b)) })
	return values, ok
}

// holds reports whether a value is among others.
func holds(values []any, value any) bool {
	return slices.ContainsFunc(values, func(v any) bool { return settingText(v) == settingText(value) })
}

// settingText is a value as it is compared and shown.
func settingText(value any) string {
	if list, ok := value.([]string); ok {
		return "[" + strings.Join(slices.Sorted(slices.Values(list)), ", ") + "]"
	}
	return fmt.Sprint(value)
}

// settingTexts shows values, "unset" if there is none.
func settingTexts(values []any) string {
	if len(values) == 0 {
		return "unset"
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = settingText(v)
	}
	return strings.Join(texts, " | ")
}

// intended is what the catalog wants: of the profiles whose identifier is
// installed, else of the others.
func (d drift) intended(s fact.Setting) (values []any, here bool) {
	var installed, others []*profiles.Profile
	for _, p := range d.catalog {
		if d.installs(p.Identifier) {
			installed = append(installed, p)
		} else {
			others = append(others, p)
		}
	}
	if values, _ = d.valuesOf(s, installed); len(values) > 0 {
		return values, true
	}
	values, _ = d.valuesOf(s, others)
	return values, false
}

// installedValues is what our copies of the installed profiles set. It is not
// known where an installed profile that could set the key is no copy of ours.
func (d drift) installedValues(s fact.Setting) (values []any, known bool) {
	var copies []*profiles.Profile
	known = d.inventory.Absent == ""
	for _, p := range d.inventory.Profiles {
		switch {
		case p.Content != nil:
			copies = append(copies, p.Content)
		case p.Hidden, slices.ContainsFunc(p.Payloads, func(l mdm.InstalledPayload) bool { return l.Type == s.Domain || l.Type == preferencesType }):
			known = false
		}
	}
	values, ok := d.valuesOf(s, copies)
	return values, known && ok
}
