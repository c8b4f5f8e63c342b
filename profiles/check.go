package profiles

import (
	"fmt"
	"reflect"
)

// checkSettings notes settings that do not do what they seem to do.
func (p *Profile) checkSettings() {
	first := make(map[settingName]Setting)
	for _, s := range p.settings {
		switch {
		case !s.Known:
			p.checkUnknownKey(s)
			continue
		case s.Mistyped:
			p.problem(UnexpectedType, SeverityWarning, s.path(), s.Key+" has a value of another type than Apple's schema says: what devices make of it is unknown")
		}
		name := settingName{s.Domain, s.Key, s.Forced}
		other, twice := first[name]
		switch {
		case !twice:
			first[name] = s
		case other.Value == nil || s.Value == nil: // said already
		case !reflect.DeepEqual(other.Value, s.Value):
			p.problem(ConflictingSettings, SeverityWarning, s.path(), fmt.Sprintf("%s is set to another value than at %s", s.Key, other.path()))
		}
	}
}

// A settingName is what two payloads can disagree about. A value that is set
// once is no rival of one that is forced.
type settingName struct {
	domain, key string
	forced      bool
}

// checkUnknownKey tells a key that does nothing from one that wardround has no
// opinion on.
func (p *Profile) checkUnknownKey(s Setting) {
	if instead, dead := deadKey(s.Domain, s.Key); dead {
		if instead == "" {
			p.problem(NoEffect, SeverityWarning, s.path(), fmt.Sprintf("%s is not in Apple's schema and does nothing", clip(s.Key)))
			return
		}
		p.problem(NoEffect, SeverityError, s.path(), fmt.Sprintf("%s does nothing: the key is %s", clip(s.Key), instead))
		return
	}
	if right := respelt(s.Domain, s.Key); right != "" {
		p.problem(MisspeltKey, SeverityError, s.path(), fmt.Sprintf("%s does nothing: keys are case-sensitive, and this one is %s", clip(s.Key), right))
	}
}

// path is where the setting stands in the file.
func (s Setting) path() string {
	if s.Preference {
		return fmt.Sprintf("PayloadContent[%d].PayloadContent[%q].%s", s.Payload, clip(s.Domain), clip(s.Written))
	}
	return fmt.Sprintf("PayloadContent[%d].%s", s.Payload, clip(s.Written))
}
