package judge

import (
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

// macLacks are the DeviceInformation queries that macOS does not have.
var macLacks = [...]fact.Key{
	"DeviceInformation.IsCloudBackupEnabled",
	"DeviceInformation.LastCloudBackupDate",
	"DeviceInformation.IsDeviceLocatorServiceEnabled",
	"DeviceInformation.IsMultiUser",
	"DeviceInformation.TemporarySessionOnly",
}

func (j *judging) putDeviceInformation(set *fact.Set) {
	j.putReported(set, deviceInformation)
	if j.platform.mac() {
		for _, key := range macLacks {
			f := set.Get(key)
			set.Put(fact.Fact{Key: key, Absent: fact.NotApplicable, Sources: f.Sources})
		}
	}
}

func (j *judging) putSecurityInfo(set *fact.Set) {
	j.putReported(set, mdm.QueryKey(mdm.SecurityInfo))
}

// putReported puts every declared fact of a query whose answer is a flat
// dictionary: as it was reported, or absent with the reason.
func (j *judging) putReported(set *fact.Set, q mdm.QueryKey) {
	got := j.answers.of(q)
	for _, decl := range fact.Vocabulary() {
		if !strings.HasPrefix(string(decl.Key), string(q)+".") {
			continue
		}
		f, ok := j.answers.reported(q, decl.Key)
		switch {
		case ok && (f.Known() || !j.answers.userEnrolled()):
			f.Sources = got.sources
			set.Put(f)
		case !got.known():
			set.Put(fact.Fact{Key: decl.Key, Absent: got.absent, Sources: got.sources})
		case j.answers.userEnrolled():
			set.Put(fact.Fact{Key: decl.Key, Absent: fact.UserEnrolled, Sources: got.sources})
		default:
			set.Put(fact.Fact{Key: decl.Key, Absent: fact.NotReported, Sources: got.sources})
		}
	}
}

// putDevice puts what is derived about the device itself.
func (j *judging) putDevice(set *fact.Set) {
	p := j.platform
	put := func(key fact.Key, value any, known bool, absent fact.Absence) {
		f := fact.Fact{Key: key, Sources: p.sources}
		if known {
			f.Value = value
		} else {
			f.Absent = absent
		}
		set.Put(f)
	}
	unsaid := fact.NotReported
	if info := j.answers.of(deviceInformation); !info.known() {
		unsaid = info.absent
	}
	major, versioned := p.major()
	put("device.platform", string(p.name), p.name != checks.UnknownPlatform, unsaid)
	put("device.os_major", major, versioned, unsaid)
	put("device.model_family", p.family, p.family != "", unsaid)
	put("device.enrollment_type", string(j.answers.enrollment), j.answers.enrollment != "", unsaid)
	camera, known := p.facetimeCamera()
	if p.family != "" {
		unsaid = fact.UnknownModel
	}
	put("device.facetime_camera", camera, known, unsaid)

	set.Put(copyFact(set.Get("DeviceInformation.IsSupervised"), "device.supervised"))
	j.putSharedIPad(set)
	j.putLastAnswered(set)
	j.putPhoneNumber(set)
}

// facetimeCamera tells whether the model has a camera for FaceTime. Every
// iPhone, iPad and iPod touch that can enrol today has one; of Macs only those
// whose name says so are known to.
func (p platform) facetimeCamera() (has, known bool) {
	switch p.family {
	case "iPhone", "iPad", "iPod":
		return true, true
	case "Mac":
		for _, name := range []string{p.model, p.product} {
			if strings.HasPrefix(name, "MacBook") || strings.HasPrefix(name, "iMac") {
				return true, true
			}
		}
	}
	return false, false
}

func (j *judging) putSharedIPad(set *fact.Set) {
	const key = "device.shared_ipad"
	if j.platform.family != "" && j.platform.family != "iPad" {
		set.Put(fact.Fact{Key: key, Value: false, Sources: j.platform.sources})
		return
	}
	set.Put(copyFact(set.Get("DeviceInformation.IsMultiUser"), key))
}

// putLastAnswered says when DeviceInformation was last answered with its
// payload. Check-ins, Idle, NotNow and errors show a device that is there, not
// one that lets itself be looked at.
func (j *judging) putLastAnswered(set *fact.Set) {
	const key = "device.last_answered"
	info := j.answers.of(deviceInformation)
	if !info.known() {
		set.Put(fact.Fact{Key: key, Absent: info.absent, Sources: info.sources})
		return
	}
	set.Put(fact.Fact{Key: key, Value: info.sources[0].Collected, Sources: info.sources})
}

func (j *judging) putPhoneNumber(set *fact.Set) {
	const key = "device.has_phone_number"
	info := j.answers.of(deviceInformation)
	f := fact.Fact{Key: key, Sources: info.sources}
	switch {
	case !info.known():
		f.Absent = info.absent
	case j.platform.family != "iPhone":
		f.Absent = fact.NotApplicable // an iPad's data SIM says nothing about FaceTime
	case info.reply.HasPhoneNumber == nil:
		f.Absent = fact.NotReported
	default:
		f.Value = *info.reply.HasPhoneNumber
	}
	set.Put(f)
}

// putApps joins the two application lists.
func (j *judging) putApps(set *fact.Set) {
	installed := j.answers.of(mdm.QueryKey(mdm.InstalledApplicationList))
	managed := j.answers.of(mdm.QueryKey(mdm.ManagedApplicationList))
	f := fact.Fact{Key: "apps", Sources: installed.sources}
	if !installed.known() {
		f.Absent = installed.absent
		set.Put(f)
		return
	}
	objects := make([]fact.Object, 0, len(installed.reply.Apps))
	for _, app := range installed.reply.Apps {
		field := fieldsFrom(installed.sources)
		object := fact.Object{Type: "App", Fields: map[string]fact.Fact{
			"identifier": field.text("identifier", app.Identifier),
			"version":    field.text("version", app.ShortVersion),
			"managed":    field.absent("managed", managed.absent),
		}}
		if managed.known() {
			is := slices.ContainsFunc(managed.reply.ManagedApps, func(m mdm.ManagedApp) bool {
				return m.Identifier == app.Identifier && m.Status == "Managed"
			})
			object.Fields["managed"] = fieldsFrom(managed.sources).value("managed", is)
		}
		objects = append(objects, object)
	}
	f.Value = objects
	set.Put(f)
}

func copyFact(f fact.Fact, key fact.Key) fact.Fact {
	f.Key = key
	return f
}

// fieldsFrom makes the facts of an object's fields, all from one answer.
type fieldsFrom []fact.Source

func (s fieldsFrom) value(name string, v any) fact.Fact {
	return fact.Fact{Key: fact.Key(name), Value: v, Sources: s}
}

func (s fieldsFrom) text(name, v string) fact.Fact {
	if v == "" {
		return s.absent(name, fact.NotReported)
	}
	return s.value(name, v)
}

func (s fieldsFrom) absent(name string, why fact.Absence) fact.Fact {
	if why == "" {
		why = fact.NotReported
	}
	return fact.Fact{Key: fact.Key(name), Absent: why, Sources: s}
}
