package mscp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wardround/wardround/checks/fact"
)

// Payload types that this package knows by name.
const (
	restrictions = "com.apple.applicationaccess"
	passcode     = "com.apple.mobiledevice.passwordpolicy"
	screensaver  = "com.apple.screensaver"
)

// An order says which of two values of a number is the stricter one.
type order int

const (
	exact         order = iota // no order: the value itself
	atLeast                    // more is stricter
	atMost                     // less is stricter
	atMostNotZero              // less is stricter, and 0 stands for never
)

// orderOf is the order of a setting's values, for the settings where meeting
// more than is asked for is as good.
func orderOf(s fact.Setting) order {
	switch s.Domain {
	case passcode:
		switch s.Key {
		case "minLength", "minComplexChars", "pinHistory", "minutesUntilFailedLoginReset":
			return atLeast
		case "maxFailedAttempts", "maxGracePeriod":
			return atMost
		case "maxInactivity", "maxPINAgeInDays":
			return atMostNotZero
		}
	case screensaver:
		switch s.Key {
		case "idleTime", "loginWindowIdleTime":
			return atMostNotZero
		case "askForPasswordDelay":
			return atMost
		}
	case restrictions:
		switch s.Key {
		case "safariAcceptCookies", "ratingApps", "ratingMovies", "ratingTVShows", "enforcedFingerprintTimeout", "enforcedSoftwareUpdateDelay":
			return atMost
		}
	}
	return exact
}

// allowList reports whether the elements of a list are all that is allowed: a
// shorter one is stricter then. Of every other list a longer one is.
func allowList(s fact.Setting) bool {
	return strings.HasPrefix(s.Key, "allowListed") || strings.HasPrefix(s.Key, "allowed") || strings.HasPrefix(s.Key, "Allowed")
}

// condition is the CEL that is true where the setting is as wanted or
// stricter.
func (w wanted) condition() string {
	name := fmt.Sprintf("setting[%s][%s]", strconv.Quote(w.Domain), strconv.Quote(w.Key))
	switch v := w.value.(type) {
	case bool:
		return name + " == " + strconv.FormatBool(v)
	case string:
		return name + " == " + strconv.Quote(v)
	case []string:
		if allowList(w.Setting) {
			return name + ".all(x, x in " + show(v) + ")"
		}
		return show(v) + ".all(x, x in " + name + ")"
	case float64:
		return name + w.operator(v == 0) + double(v)
	case int64:
		text := name + w.operator(v == 0) + strconv.FormatInt(v, 10)
		if orderOf(w.Setting) == atMostNotZero && v != 0 {
			text += " && " + name + " > 0"
		}
		return text
	}
	return "false"
}

func (w wanted) operator(zero bool) string {
	switch orderOf(w.Setting) {
	case atLeast:
		return " >= "
	case atMost:
		return " <= "
	case atMostNotZero:
		if !zero {
			return " <= "
		}
	}
	return " == "
}

// double writes a number so that CEL takes it for a double.
func double(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// words say what is wanted, for people.
func (w wanted) words() string {
	name := w.Domain + " " + w.Key
	switch v := w.value.(type) {
	case []string:
		if allowList(w.Setting) {
			return name + " holds nothing but " + show(v)
		}
		return name + " holds " + show(v)
	case int64, float64:
		switch order := orderOf(w.Setting); {
		case order == atLeast:
			return name + " is " + show(v) + " or more"
		case order == atMost, order == atMostNotZero && v != int64(0):
			return name + " is " + show(v) + " or less"
		}
	}
	return name + " is " + show(w.value)
}
