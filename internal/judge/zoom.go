package judge

import (
	"reflect"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// zoomToken is the key that hands Zoom over to its own cloud.
const zoomToken = "SetEnrollToken4CloudMDM"

// zoomMobile is Zoom's app for iPhone and iPad.
const zoomMobile = "us.zoom.videomeetings"

// putZoom puts what installed profiles force on Zoom for the Mac, and whether
// Zoom's own cloud has the say.
func (j *judging) putZoom(set *fact.Set, in profileSet) {
	forced := zoomForced{}
	if j.platform.mac() && in.known() {
		forced = readZoom(in)
	}
	for _, d := range fact.ZoomKeys() {
		f := j.zoomKey(d, in, forced)
		f.Key = fact.ZoomKey(string(d.Key))
		set.Put(f)
	}
	set.Put(j.zoomManagement(in, forced))
}

// A zoomForced is what profiles say of Zoom, by the key in lower case.
type zoomForced struct {
	values  map[string][]zoomValue
	token   []string     // profiles that hand Zoom over, forced or not
	unknown fact.Absence // why a profile may say more
}

type zoomValue struct {
	profiles.Setting
	profile string
}

// readZoom collects what is forced. What stands under PackageRecommend, or is
// set once, is the user's to change: none of it counts.
func readZoom(in profileSet) zoomForced {
	z := zoomForced{values: make(map[string][]zoomValue)}
	for _, p := range in.all {
		switch {
		case p.payloadsHidden():
			z.unknown = fact.EncryptedProfile
			continue
		case p.content == nil && p.hasPayload(fact.ZoomDomain, wrapper) && z.unknown == "":
			z.unknown = fact.UnknownProfile
		}
		if p.content == nil {
			continue
		}
		for _, s := range p.content.Settings() {
			if s.Domain != fact.ZoomDomain {
				continue
			}
			if _, key, nested := strings.Cut(s.Key, "."); strings.EqualFold(s.Key, zoomToken) || nested && strings.EqualFold(key, zoomToken) {
				z.token = append(z.token, p.Identifier)
			}
			if s.Forced {
				key := strings.ToLower(s.Key)
				z.values[key] = append(z.values[key], zoomValue{s, p.Identifier})
			}
		}
	}
	return z
}

// zoomKey is the fact of one key.
func (j *judging) zoomKey(d fact.Decl, in profileSet, z zoomForced) fact.Fact {
	f := fact.Fact{Sources: in.sources}
	switch {
	case j.platform.family != "" && !j.platform.mac():
		return fact.Fact{Absent: fact.NotApplicable, Sources: j.platform.sources}
	case !in.known():
		f.Absent = in.absent
		return f
	case j.platform.family == "":
		f.Absent = fact.NotReported
		return f
	case z.unknown != "":
		f.Absent = z.unknown
		return f
	}
	for _, v := range z.values[strings.ToLower(string(d.Key))] {
		value, ok := zoomTyped(d.Type, v.Value)
		switch {
		case v.Placeholder:
			return fact.Fact{Absent: fact.PlaceholderValue, Sources: in.sources}
		case !ok:
			return fact.Fact{Absent: fact.UnexpectedType, Sources: in.sources}
		case f.Value != nil && !reflect.DeepEqual(f.Value, value):
			return fact.Fact{Absent: fact.ConflictingProfiles, Sources: in.sources}
		}
		f.Value, f.Hold = value, fact.Declared
		if !slices.Contains(f.ImposedBy, v.profile) {
			f.ImposedBy = append(f.ImposedBy, v.profile)
		}
	}
	if f.Value == nil {
		f.Value = zoomDefault(d)
	}
	return f
}

// zoomDefault is what Zoom does when no profile forces a key.
func zoomDefault(d fact.Decl) any {
	switch d.Type {
	case fact.String:
		return ""
	case fact.StringList:
		return []string{}
	}
	return d.Key == "EnableAppleLogin"
}

// zoomTyped reads a value as Zoom does: switches come as numbers and words too,
// and a list of one as a text.
func zoomTyped(t fact.Type, value any) (any, bool) {
	switch t {
	case fact.Bool:
		return truth(value)
	case fact.String:
		text, ok := value.(string)
		return text, ok
	}
	switch v := value.(type) {
	case string:
		return slices.DeleteFunc(strings.Split(v, "&"), func(s string) bool { return s == "" }), true
	case []string:
		return v, true
	}
	return nil, false
}

// truth reads a switch of an app: true, 1, "1", YES, and their opposites.
func truth(value any) (on, ok bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case int64:
		return v == 1, v == 0 || v == 1
	case float64:
		return v == 1, v == 0 || v == 1
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "1", "true", "yes":
			return true, true
		case "0", "false", "no":
			return false, true
		}
	}
	return false, false
}

// zoomManagement says whether Zoom's own cloud decides. On a Mac a profile hands
// it over, on an iPhone or iPad the app's configuration.
func (j *judging) zoomManagement(in profileSet, z zoomForced) fact.Fact {
	f := fact.Fact{Key: fact.ZoomManagement, Sources: in.sources}
	switch {
	case !j.platform.mac():
		return j.zoomManagedApp()
	case !in.known():
		f.Absent = in.absent
	case len(z.token) > 0:
		f.Value, f.Hold, f.ImposedBy = true, fact.Declared, z.token
	case z.unknown != "":
		f.Absent = z.unknown
	default:
		f.Value = false
	}
	return f
}

func (j *judging) zoomManagedApp() fact.Fact {
	got := j.appConfigurations()
	f := fact.Fact{Key: fact.ZoomManagement, Sources: got.sources, Absent: got.absent}
	if !got.known() {
		return f
	}
	f.Value = slices.ContainsFunc(got.reply.AppConfigurations, func(c mdm.AppConfiguration) bool {
		is := func(key string) bool { return strings.EqualFold(key, zoomToken) }
		if c.Identifier != zoomMobile {
			return false
		}
		for key := range c.Configuration {
			if is(key) {
				return true
			}
		}
		return slices.ContainsFunc(c.Withheld, is)
	})
	return f
}

// appConfigurations is what the device answered to ManagedApplicationConfiguration.
func (j *judging) appConfigurations() answer {
	return j.answers.of(mdm.QueryKey(mdm.ManagedApplicationConfiguration))
}

// putAppSettings puts what managed apps are configured with.
func (j *judging) putAppSettings(set *fact.Set) {
	got := j.appConfigurations()
	f := fact.Fact{Key: "app_settings", Sources: got.sources, Absent: got.absent}
	if got.known() {
		objects := []fact.Object{}
		for _, c := range got.reply.AppConfigurations {
			objects = append(objects, appSettings(fieldsFrom(got.sources), c)...)
		}
		f.Value = objects
	}
	set.Put(f)
}

// appSettings makes an object of each key, in order. Of a value that is not kept
// only that it is there is known.
func appSettings(from fieldsFrom, c mdm.AppConfiguration) []fact.Object {
	var objects []fact.Object
	keys := slices.Clone(c.Withheld)
	for key := range c.Configuration {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		value, kept := c.Configuration[key]
		fields := map[string]fact.Fact{
			"app": from.value("app", c.Identifier), "key": from.value("key", key),
			"on":  from.absent("on", fact.UnexpectedType),
			"set": from.value("set", true),
		}
		if on, ok := truth(value); ok {
			fields["on"] = from.value("on", on)
		}
		if kept {
			fields["set"] = from.value("set", !blank(value))
		}
		objects = append(objects, fact.Object{Type: "AppSetting", Fields: fields})
	}
	return objects
}

func blank(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v) == ""
	case []string:
		return len(v) == 0
	}
	return false
}
