package judge

import (
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

// wrapper is the payload type inside which macOS carries other domains.
const wrapper = "com.apple.ManagedClient.preferences"

// putSettings puts the effective value of every setting that wardround knows or
// a baseline declares. What
// Restrictions reports in force wins; where it reports nothing (macOS, other
// payload types) only our copy of an installed profile can tell.
func (j *judging) putSettings(set *fact.Set, in profileSet) {
	restrictions := j.restrictions()
	for key, s := range fact.EachSetting() {
		set.Put(j.effective(key, s, in, restrictions))
	}
	for _, s := range j.declares {
		set.Put(j.effective(fact.SettingKey(s.Domain, s.Key), s, in, restrictions))
	}
}

// effective is the value of one setting.
func (j *judging) effective(key fact.Key, s fact.Setting, in profileSet, restrictions answer) fact.Fact {
	_, exists := s.Since[j.platform.schema()]
	var f fact.Fact
	switch {
	case j.platform.family != "" && !exists:
		f = fact.Fact{Absent: fact.NotApplicable, Sources: j.platform.sources}
	case s.Reported && !j.platform.mac() && !j.answers.userEnrolled():
		f = reported(s, restrictions)
	default:
		f = j.declared(s, in)
	}
	f.Key = key
	return f
}

// restrictions is the answer that may speak for the device: none from macOS,
// whose blank dictionary says nothing, nor from a User Enrollment.
func (j *judging) restrictions() answer {
	got := j.answers.of(mdm.QueryKey(mdm.Restrictions))
	switch {
	case j.platform.mac():
		return answer{absent: fact.BlankOnMac, sources: got.sources}
	case j.answers.userEnrolled():
		return answer{absent: fact.UserEnrolled, sources: got.sources}
	case got.known() && j.platform.family == "":
		// It may be a Mac's blank answer: until the platform is known, what
		// is not listed is not known to be at its default.
		return answer{absent: fact.NotReported, sources: got.sources}
	case got.known() && (got.reply.Restrictions == nil || !got.reply.Restrictions.Present):
		return answer{absent: fact.NoPayload, sources: got.sources}
	}
	return got
}

// reported is the value that the Restrictions answer shows: what it lists, or
// the default, for only restrictions in force are listed.
func reported(s fact.Setting, got answer) fact.Fact {
	if !got.known() {
		return fact.Fact{Absent: got.absent, Sources: got.sources}
	}
	f := fact.Fact{Sources: got.sources, Hold: fact.Observed}
	value, listed, bad := limitOf(s, got.reply.Restrictions.Global)
	switch {
	case bad:
		return fact.Fact{Absent: fact.UnexpectedType, Sources: got.sources}
	case listed:
		f.Value = value
	default:
		if f.Value = defaultOf(s); f.Value == nil {
			return fact.Fact{Absent: fact.NotReported, Sources: got.sources}
		}
		return f
	}
	imposes := imposer(value)
	for _, id := range slices.Sorted(maps.Keys(got.reply.Restrictions.Profiles)) {
		imposed, ok, _ := limitOf(s, got.reply.Restrictions.Profiles[id])
		if ok && imposes(imposed) {
			f.Hold = fact.Enforced
			f.ImposedBy = append(f.ImposedBy, id)
		}
	}
	return f
}

// imposer returns what tells whether a profile that sets mine is behind the
// value in force: the same value, or a part of a list that profiles add up to.
func imposer(inForce any) func(mine any) bool {
	whole, isList := inForce.([]string)
	if !isList {
		return func(mine any) bool { return mine == inForce }
	}
	ids := make(map[string]bool, len(whole))
	for _, id := range whole {
		ids[id] = true
	}
	return func(mine any) bool {
		list, _ := mine.([]string)
		return slices.ContainsFunc(list, func(id string) bool { return ids[id] })
	}
}

// limitOf looks a setting up under its name and its aliases. It is bad if the
// answer says it in a container that is not its type's, or in two spellings
// that do not go together: nothing is known then, not even that it is unset.
func limitOf(s fact.Setting, l mdm.Limits) (value any, listed, bad bool) {
	for _, name := range append([]string{s.Key}, s.Aliases...) {
		v, here, wrong := valueIn(s.Type, l, name)
		switch {
		case wrong:
			return nil, false, true
		case !here:
		case !listed:
			value, listed = v, true
		default:
			if value, listed = together(value, v, l, name); !listed {
				return nil, false, true
			}
		}
	}
	return value, listed, false
}

// valueIn reads one spelling of a setting from the container of its type.
func valueIn(t fact.Type, l mdm.Limits, name string) (value any, here, wrong bool) {
	flag, inBools := l.Bools[name]
	number, inValues := l.Values[name]
	denied, inUnion := l.Union[name]
	allowed, inIntersection := l.Intersection[name]
	switch {
	case l.Bad[name]:
		return nil, false, true
	case t == fact.Bool:
		return flag, inBools, inValues || inUnion || inIntersection
	case t == fact.Int:
		return int64(number), inValues, inBools || inUnion || inIntersection
	case t == fact.Double:
		return number, inValues, inBools || inUnion || inIntersection
	case t == fact.StringList && inUnion:
		return denied, true, inBools || inValues || inIntersection
	case t == fact.StringList:
		return allowed, inIntersection, inBools || inValues
	}
	return nil, false, inBools || inValues || inUnion || inIntersection
}

// together joins what two spellings say: deny lists add up, allow lists leave
// what both allow, and anything else must be the same.
func together(a, b any, l mdm.Limits, name string) (any, bool) {
	one, isList := a.([]string)
	if !isList {
		return a, a == b
	}
	other, _ := b.([]string)
	if _, denied := l.Union[name]; denied {
		return slices.Concat(one, other), true
	}
	both := make(map[string]bool, len(other))
	for _, id := range other {
		both[id] = true
	}
	return slices.DeleteFunc(slices.Clone(one), func(id string) bool { return !both[id] }), true
}

// defaultOf is the value of a setting that nobody sets, nil if it has none.
func defaultOf(s fact.Setting) any {
	switch s.Type {
	case fact.Bool:
		if v, err := strconv.ParseBool(s.Default); err == nil {
			return v
		}
	case fact.Int:
		if v, err := strconv.ParseInt(s.Default, 10, 64); err == nil {
			return v
		}
	case fact.Double:
		if v, err := strconv.ParseFloat(s.Default, 64); err == nil {
			return v
		}
	case fact.StringList:
		if s.Default == "[]" {
			return []string{}
		}
	}
	return nil
}

// declared is the value that our copies of the installed profiles give. Values
// that the user may change again (Set-Once) are not counted, and where nothing
// at hand sets the key it stays open: another channel may.
func (j *judging) declared(s fact.Setting, in profileSet) fact.Fact {
	f := fact.Fact{Sources: in.sources}
	if !in.known() {
		f.Absent = in.absent
		return f
	}
	if j.answers.userEnrolled() && !s.UserEnroll {
		f.Absent = fact.UserEnrolled
		return f
	}
	// A profile that cannot be read may set the same key, and which of two
	// values a Mac takes is not defined.
	if hidden := undisclosed(s, in); hidden != "" {
		f.Absent = hidden
		return f
	}
	for _, p := range in.all {
		if p.content == nil {
			continue
		}
		for _, got := range p.content.Settings() {
			if got.Domain != s.Domain || got.Key != s.Key || !got.Forced || (got.Preference && !j.platform.mac()) {
				continue
			}
			switch {
			case got.Placeholder:
				return fact.Fact{Absent: fact.PlaceholderValue, Sources: in.sources}
			case !ofType(got.Value, s.Type):
				return fact.Fact{Absent: fact.UnexpectedType, Sources: in.sources}
			}
			if f.Value != nil && !reflect.DeepEqual(f.Value, got.Value) {
				return fact.Fact{Absent: fact.ConflictingProfiles, Sources: in.sources}
			}
			f.Value, f.Hold = got.Value, fact.Declared
			f.ImposedBy = append(f.ImposedBy, p.Identifier)
		}
	}
	if f.Value == nil {
		f.Absent = j.undeclared()
	}
	return f
}

// ofType reports whether a value is what a check may be given for its type.
func ofType(value any, t fact.Type) (ok bool) {
	switch t {
	case fact.Bool:
		_, ok = value.(bool)
	case fact.Int:
		_, ok = value.(int64)
	case fact.Double:
		_, ok = value.(float64)
	case fact.String:
		_, ok = value.(string)
	case fact.StringList:
		_, ok = value.([]string)
	}
	return ok
}

// undisclosed says why the installed profiles cannot all be read for a setting.
func undisclosed(s fact.Setting, in profileSet) fact.Absence {
	for _, p := range in.all {
		switch {
		case p.payloadsHidden():
			return fact.EncryptedProfile
		case p.content == nil && p.hasPayload(s.Domain, wrapper):
			return fact.UnknownProfile
		}
	}
	return ""
}

// undeclared says why nothing at hand sets a key.
func (j *judging) undeclared() fact.Absence {
	switch {
	case j.answers.userEnrolled():
		return fact.UserEnrolled
	case j.platform.mac():
		return fact.BlankOnMac
	}
	return fact.NotReported
}
