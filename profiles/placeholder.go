package profiles

import (
	"regexp"
	"strings"
)

// placeholders matches what consoles and scripts leave for later: {{x}}
// (Ansible, Intune), ${x} and $(x) (shell), $FLEET_VAR_X (Fleet), and $NAME as
// the whole value (Jamf, Meraki). Apple's own %variables% are not among them:
// a Mac fills those in itself.
var placeholders = regexp.MustCompile(
	`\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$FLEET_(?:VAR|SECRET)_\w+|^\s*\$[A-Z][A-Z0-9_]*\s*$`)

// longestPlaceholder is how much of a value is quoted.
const longestPlaceholder = 64

// placeholderIn returns the first template text in s, cut to a length that can
// be quoted, or "".
func placeholderIn(s string) string {
	if !strings.ContainsAny(s, "${") {
		return ""
	}
	return clip(strings.TrimSpace(placeholders.FindString(s)))
}

// clip cuts a text of the file to a length that can be quoted.
func clip(s string) string {
	if len(s) <= longestPlaceholder {
		return s
	}
	return strings.ToValidUTF8(s[:longestPlaceholder], "") + "…"
}
