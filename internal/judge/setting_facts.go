package judge

import (
	"slices"
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
		f.Value = nil
		if p.content != nil {
			for _, s := range p.content.Settings() {
				if s.Domain == payload && s.Key == "App.Identifier" && s.Value != nil && !s.Placeholder {
					f.Value, f.Hold, f.ImposedBy = s.Value, fact.Declared, []string{p.Identifier}
				}
			}
		}
		if f.Value == nil {
			f.Absent = fact.UnknownProfile
		}
		break
	}
	return f
}

// faceTimeControl says whether a Mac has a profile installed that could keep
// FaceTime from starting. That it does so cannot be seen.
func (j *judging) faceTimeControl(in profileSet) fact.Fact {
	const key, control = "device.facetime_control_installed", "com.apple.applicationaccess.new"
	f := fact.Fact{Key: key, Sources: in.sources, Absent: in.absent}
	if !in.known() {
		return f
	}
	f.Value = false
	for _, p := range in.all {
		switch {
		case p.hasPayload(control), p.content != nil && slices.ContainsFunc(p.content.Settings(), func(s profiles.Setting) bool { return s.Domain == control }):
			return fact.Fact{Key: key, Value: true, Sources: in.sources, Hold: fact.Declared, ImposedBy: []string{p.Identifier}}
		case p.payloadsHidden():
			f.Value, f.Absent = nil, fact.EncryptedProfile
		case p.content == nil && p.hasPayload(wrapper):
			f.Value, f.Absent = nil, fact.UnknownProfile
		}
	}
	return f
}

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
