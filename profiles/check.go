package profiles

import (
	"fmt"
	"reflect"
)

// checkSettings notes settings that do not do what they seem to do.
func (p *Profile) checkSettings() {
	first := make(map[settingName]Setting)
	for _, s := range p.settings {
		path := s.path()
		switch {
		case !s.Known:
			p.checkUnknownKey(s, path)
			continue
		case s.Mistyped:
			p.problem(UnexpectedType, SeverityWarning, path, s.Key+" has a value of another type than Apple's schema says: what devices make of it is unknown")
		}
		name := settingName{s.Domain, s.Key}
		other, twice := first[name]
		switch {
		case !twice:
			first[name] = s
		case !reflect.DeepEqual(other.Value, s.Value):
			p.problem(ConflictingSettings, SeverityWarning, path, fmt.Sprintf("%s is set to another value than at %s", s.Key, other.path()))
		}
	}
}

type settingName struct{ domain, key string }

// checkUnknownKey tells a key that does nothing from one that wardround has no
// opinion on.
func (p *Profile) checkUnknownKey(s Setting, path string) {
	if instead, dead := deadKey(s.Domain, s.Key); dead {
		if instead == "" {
			p.problem(NoEffect, SeverityWarning, path, fmt.Sprintf("%s is not in Apple's schema and does nothing", clip(s.Key)))
			return
		}
		p.problem(NoEffect, SeverityError, path, fmt.Sprintf("%s does nothing: the key is %s", clip(s.Key), instead))
		return
	}
	if right := respelt(s.Domain, s.Key); right != "" {
		p.problem(MisspeltKey, SeverityError, path, fmt.Sprintf("%s does nothing: keys are case-sensitive, and this one is %s", clip(s.Key), right))
	}
}

// path is where the setting stands in the file.
func (s Setting) path() string {
	if s.Preference {
		return fmt.Sprintf("PayloadContent[%d].PayloadContent[%q].%s", s.Payload, clip(s.Domain), clip(s.Written))
	}
	return fmt.Sprintf("PayloadContent[%d].%s", s.Payload, clip(s.Written))
}
