package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

const (
	restrictionsDomain = "com.apple.applicationaccess"
	faceTime           = "com.apple.facetime"
)

// putFromSettings puts what follows from several settings or payloads.
func (j *judging) putFromSettings(set *fact.Set, in profileSet) {
	set.Put(j.faceTimeHidden(set))
	set.Put(j.appLock(in))
	set.Put(j.faceTimeControl(in))
	set.Put(j.backupForbiddenSince(set))
	set.Put(j.backupDated(set))
}

// faceTimeHidden says whether a block list or an allow list keeps the FaceTime
// app away. An allow list that is not listed is not in force.
func (j *judging) faceTimeHidden(set *fact.Set) fact.Fact {
	const key = "device.facetime_app_hidden"
	got := j.restrictions()
	if !got.known() {
		return fact.Fact{Key: key, Absent: got.absent, Sources: got.sources}
	}
	f := fact.Fact{Key: key, Value: false, Sources: got.sources, Hold: fact.Observed}
	for _, list := range []struct {
		name    string
		hidesIf bool // FaceTime is in it
	}{{"blockedAppBundleIDs", true}, {"allowListedAppBundleIDs", false}} {
		s, _ := fact.SettingOf(restrictionsDomain, list.name)
		_, listed, bad := limitOf(s, got.reply.Restrictions.Global)
		if bad {
			return fact.Fact{Key: key, Absent: fact.UnexpectedType, Sources: got.sources}
		}
		of := set.Get(fact.SettingKey(restrictionsDomain, list.name))
		ids, _ := of.Value.([]string)
		if listed && slices.Contains(ids, faceTime) == list.hidesIf {
			f.Value, f.Hold, f.ImposedBy = true, of.Hold, of.ImposedBy
		}
	}
	return f
}

// appLock names the app that Single App Mode locks the device to.
func (j *judging) appLock(in profileSet) fact.Fact {
	const key, payload = "device.app_lock", "com.apple.app.lock"
	f := fact.Fact{Key: key, Sources: in.sources, Absent: in.absent}
	if !in.known() {
		return f
	}
	if in.hidden() {
		f.Absent = fact.EncryptedProfile
		return f
	}
	f.Value = ""
	for _, p := range in.all {
		if !p.hasPayload(payload) {
			continue
		}
		app, known := p.lockedTo(payload)
		switch {
		case !known:
			return fact.Fact{Key: key, Absent: fact.UnknownProfile, Sources: in.sources}
		case f.Value == "" || f.Value == faceTime: // an app that is not FaceTime stands
			f.Value, f.Hold, f.ImposedBy = app, fact.Declared, []string{p.Identifier}
		}
	}
	return f
}

// lockedTo names the app of a profile's com.apple.app.lock payload.
func (p installed) lockedTo(payload string) (app string, known bool) {
	if p.content == nil {
		return "", false
	}
	for _, s := range p.content.Settings() {
		if s.Domain == payload && s.Key == "App.Identifier" && !s.Placeholder {
			app, known = s.Value.(string)
		}
	}
	return app, known && app != ""
}

// faceTimeControl says whether a Mac has a profile installed that is meant to
// keep FaceTime from starting. That it does so cannot be seen.
func (j *judging) faceTimeControl(in profileSet) fact.Fact {
	const key = "device.facetime_control_installed"
	f := fact.Fact{Key: key, Sources: in.sources, Absent: in.absent}
	if !in.known() {
		return f
	}
	f.Value = false
	for _, p := range in.all {
		switch {
		case p.content != nil && deniesFaceTime(p.content.Settings()):
			return fact.Fact{Key: key, Value: true, Sources: in.sources, Hold: fact.Declared, ImposedBy: []string{p.Identifier}}
		case p.payloadsHidden():
			f.Value, f.Absent = nil, fact.EncryptedProfile
		case p.content == nil && p.hasPayload(appRules, wrapper):
			f.Value, f.Absent = nil, fact.UnknownProfile
		}
	}
	return f
}

// appRules is the payload type whose path rules a Mac may keep apps away by.
const appRules = "com.apple.applicationaccess.new"

// deniesFaceTime reports whether path rules are in use and deny FaceTime. Its
// path differs between versions of macOS, and between what is written and what
// works.
func deniesFaceTime(settings []profiles.Setting) bool {
	inUse, denied := false, false
	for _, s := range settings {
		if s.Domain != appRules || !s.Forced {
			continue
		}
		paths, _ := s.Value.([]string)
		inUse = inUse || s.Key == "familyControlsEnabled" && s.Value == true
		denied = denied || s.Key == "pathDenyList" && slices.ContainsFunc(paths, func(path string) bool {
			return strings.Contains(strings.ToLower(path), "/facetime.app")
		})
	}
	return inUse && denied
}

// longestGap is how long a device may be silent without the run of its answers
// being broken: nobody saw what was in between.
const longestGap = 48 * time.Hour

// backupForbiddenSince is when the restriction that is in force now was first
// seen so, without a break. A later backup date means that it did not hold.
func (j *judging) backupForbiddenSince(set *fact.Set) fact.Fact {
	const key = "device.cloud_backup_forbidden_since"
	now := set.Get(fact.SettingKey(restrictionsDomain, "allowCloudBackup"))
	f := fact.Fact{Key: key, Absent: now.Absent, Sources: now.Sources}
	if !now.Known() {
		return f
	}
	var since time.Time
	for _, older := range j.answers.history[mdm.QueryKey(mdm.Restrictions)] {
		limits := older.reply.Restrictions
		if limits == nil || !limits.Present {
			break
		}
		if allowed, listed := limits.Global.Bools["allowCloudBackup"]; !listed || allowed {
			break
		}
		if last := older.sources[0].Collected; !since.IsZero() && since.Sub(last) > longestGap {
			break
		}
		since = older.since
	}
	if since.IsZero() {
		f.Absent = fact.NotReported
		return f
	}
	f.Value = since.UTC()
	return f
}

// backupDated says whether there is a date of a last iCloud backup at all. An
// answer that tells of the switch and leaves the date out knows of none.
func (j *judging) backupDated(set *fact.Set) fact.Fact {
	enabled := set.Get("DeviceInformation.IsCloudBackupEnabled")
	date := set.Get("DeviceInformation.LastCloudBackupDate")
	f := fact.Fact{Key: "device.cloud_backup_dated", Sources: date.Sources}
	switch {
	case date.Known():
		f.Value = true
	case date.Absent == fact.NotReported && enabled.Known():
		f.Value = false
	default:
		f.Absent = date.Absent
	}
	return f
}
