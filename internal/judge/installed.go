package judge

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// An installed profile is one entry of the full ProfileList with our copy of
// its content, if the catalog holds one that matches.
type installed struct {
	mdm.InstalledProfile
	content *profiles.Profile // nil: not held, or encrypted
}

func (p installed) hasPayload(types ...string) bool {
	return slices.ContainsFunc(p.Payloads, func(l mdm.InstalledPayload) bool { return slices.Contains(types, l.Type) })
}

// payloadsHidden reports whether not even the payload types can be seen.
func (p installed) payloadsHidden() bool { return p.Hidden && p.content == nil }

// A profileSet is the full list of installed profiles; or, when absent is not
// empty, the reason why there is none.
type profileSet struct {
	all     []installed
	absent  fact.Absence
	sources []fact.Source
}

func (s profileSet) known() bool { return s.absent == "" }

// hidden returns a profile whose payload types cannot be seen, if there is one.
func (s profileSet) hidden() bool { return slices.ContainsFunc(s.all, installed.payloadsHidden) }

// sum tells one set of installed profiles from another, in whatever order they
// are listed. It is empty where the list is not known.
func (s profileSet) sum() string {
	if !s.known() {
		return ""
	}
	names := make([]string, 0, len(s.all))
	for _, p := range s.all {
		names = append(names, p.Identifier+"\x00"+p.UUID+"\x00")
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "")))
	return hex.EncodeToString(sum[:16])
}

// installedProfiles joins the full ProfileList with the catalog. The list that
// leaves out what was installed by hand does not do: a weak network in it
// would go unseen.
func (j *judging) installedProfiles() profileSet {
	got := j.answers.of(allProfiles)
	s := profileSet{absent: got.absent, sources: got.sources}
	if !got.known() {
		switch partial := j.answers.of(mdm.QueryKey(mdm.ProfileList)); {
		case got.absent != fact.NotAsked:
		case j.answers.userEnrolled():
			s.absent = fact.UserEnrolled
		case partial.known():
			s.absent, s.sources = fact.NotFullList, partial.sources
		}
		return s
	}
	for _, p := range got.reply.Profiles {
		entry := installed{InstalledProfile: p}
		if j.catalog != nil {
			content, problems := j.catalog.Match(forCatalog(p))
			if content != nil && !content.Encrypted {
				entry.content = content
			}
			for _, problem := range problems {
				j.problems = append(j.problems, checks.Problem{Path: p.Identifier, Code: string(problem.Code), Message: problem.Message})
			}
		}
		s.all = append(s.all, entry)
	}
	return s
}

func forCatalog(p mdm.InstalledProfile) profiles.Installed {
	in := profiles.Installed{Identifier: p.Identifier, UUID: p.UUID, Encrypted: p.Encrypted}
	if len(p.Signers) > 0 {
		in.Signer = hex.EncodeToString(p.Signers[0][:])
	}
	for _, l := range p.Payloads {
		in.Payloads = append(in.Payloads, profiles.InstalledPayload{Type: l.Type, Identifier: l.Identifier, UUID: l.UUID})
	}
	return in
}

// putProfiles puts the profiles, and the Wi-Fi networks they bring.
func (j *judging) putProfiles(set *fact.Set, in profileSet) {
	list := fact.Fact{Key: "profiles", Sources: in.sources, Absent: in.absent}
	networks := fact.Fact{Key: "wifi", Sources: in.sources, Absent: in.absent}
	count := fact.Fact{Key: "device.wifi_payloads", Sources: in.sources, Absent: in.absent}
	if in.known() {
		list.Value = j.profileObjects(in)
		wifi := j.wifiObjects(in)
		networks.Value = wifi
		networks.Hold, networks.ImposedBy = fact.Declared, wifiProfiles(in)
		if in.hidden() {
			count.Absent = fact.EncryptedProfile
		} else {
			count.Value = int64(len(wifi))
		}
	}
	set.Put(list)
	set.Put(networks)
	set.Put(count)
}

func (j *judging) profileObjects(in profileSet) []fact.Object {
	managed := j.answers.of(managedProfiles)
	objects := make([]fact.Object, 0, len(in.all))
	for _, p := range in.all {
		field := fieldsFrom(in.sources)
		fields := map[string]fact.Fact{
			"identifier":    field.text("identifier", p.Identifier),
			"uuid":          field.text("uuid", p.UUID),
			"encrypted":     field.value("encrypted", p.Encrypted),
			"content_known": field.value("content_known", p.content != nil),
			"managed":       field.absent("managed", managed.absent),
		}
		if managed.known() {
			is := slices.ContainsFunc(managed.reply.Profiles, func(m mdm.InstalledProfile) bool { return m.UUID == p.UUID })
			fields["managed"] = fieldsFrom(managed.sources).value("managed", is)
		}
		if p.payloadsHidden() {
			fields["payload_types"] = field.absent("payload_types", fact.EncryptedProfile)
		} else {
			types := make([]string, 0, len(p.Payloads))
			for _, l := range p.Payloads {
				types = append(types, l.Type)
			}
			fields["payload_types"] = field.value("payload_types", types)
		}
		objects = append(objects, fact.Object{Type: "Profile", Fields: fields})
	}
	return objects
}

const wifiPayload = "com.apple.wifi.managed"

// wifiObjects makes one object per Wi-Fi payload. A payload whose content we
// do not hold, and a profile that hides its payloads, become an object without
// values: what it is stays open, so no quantifier over the list can pass by it.
func (j *judging) wifiObjects(in profileSet) []fact.Object {
	env := profiles.Platform{Name: string(j.platform.name), OS: j.platform.os}
	certificates := j.certificates()
	objects := []fact.Object{}
	for _, p := range in.all {
		switch {
		case p.content != nil:
			for _, w := range p.content.WiFi(env) {
				object := wifiObject(in.sources, p.Identifier, w)
				maps.Copy(object.Fields, witnessOf(w, p.content, certificates).fields(w, in.sources, certificates))
				objects = append(objects, object)
			}
		case p.payloadsHidden():
			objects = append(objects, unseenWiFi(in.sources, p.Identifier, fact.EncryptedProfile))
		default:
			for _, l := range p.Payloads {
				if l.Type == wifiPayload {
					objects = append(objects, unseenWiFi(in.sources, p.Identifier, fact.UnknownProfile))
				}
			}
		}
	}
	return objects
}

func wifiObject(from fieldsFrom, profile string, w profiles.WiFi) fact.Object {
	fields := map[string]fact.Fact{
		"ssid":              from.text("ssid", w.SSID),
		"security":          from.value("security", string(w.Security)),
		"encryption":        from.value("encryption", w.Encryption),
		"eap":               from.value("eap", slices.Clone(w.EAP)),
		"server_validation": from.value("server_validation", string(w.ServerValidation)),
		"rating":            from.value("rating", string(w.Rating)),
		"why":               from.value("why", w.Why),
		"profile":           from.value("profile", profile),
	}
	for name, f := range fields {
		f.Hold, f.ImposedBy = fact.Declared, []string{profile}
		fields[name] = f
	}
	return fact.Object{Type: "Wifi", Fields: fields}
}

func unseenWiFi(from fieldsFrom, profile string, why fact.Absence) fact.Object {
	fields := map[string]fact.Fact{"profile": from.value("profile", profile)}
	for _, name := range []string{
		"ssid", "security", "encryption", "eap", "server_validation", "rating", "why",
		"anchors", "anchors_from", "anchors_until", "identity_named", "certificates_why",
	} {
		fields[name] = from.absent(name, why)
	}
	return fact.Object{Type: "Wifi", Fields: fields}
}

func wifiProfiles(in profileSet) []string {
	var ids []string
	for _, p := range in.all {
		if p.hasPayload(wifiPayload) {
			ids = append(ids, p.Identifier)
		}
	}
	return ids
}
