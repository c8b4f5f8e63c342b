package profiles

import "strings"

// longestPlaceholder is how long a template text may be, and how much of a
// value is quoted.
const longestPlaceholder = 64

// placeholderIn returns the first template text in s, or "": what consoles and
// scripts leave for later. These are {{x}} (Ansible, Intune), ${x} and $(x)
// (shell), $FLEET_VAR_X and $FLEET_SECRET_X (Fleet), and $NAME as the whole
// value (Jamf, Meraki). Apple's own %variables% are not among them: a Mac fills
// those in itself.
func placeholderIn(s string) string {
	if name, ok := strings.CutPrefix(strings.TrimSpace(s), "$"); ok && isVariable(name) {
		return clip("$" + name)
	}
	for i := range max(len(s)-1, 0) {
		if s[i] != '$' && s[i] != '{' || s[i+1] != '{' && s[i+1] != '(' && s[i+1] != 'F' {
			continue
		}
		if found := templateAt(s[i:]); found != "" {
			return found
		}
	}
	return ""
}

// isVariable reports whether s is a name in capitals.
func isVariable(s string) bool {
	return s != "" && s[0] >= 'A' && s[0] <= 'Z' && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// templateAt returns the template text that s begins with, or "".
func templateAt(s string) string {
	for _, form := range [...]struct{ open, ends, end string }{
		{"{{", "{}", "}}"},
		{"${", "{}", "}"},
		{"$(", "()", ")"},
	} {
		inner, ok := strings.CutPrefix(s, form.open)
		if !ok {
			continue
		}
		inner = inner[:min(len(inner), longestPlaceholder)]
		if i := strings.IndexAny(inner, form.ends); i >= 0 && strings.HasPrefix(inner[i:], form.end) {
			return s[:len(form.open)+i+len(form.end)]
		}
	}
	for _, start := range [...]string{"$FLEET_VAR_", "$FLEET_SECRET_"} {
		if name, ok := strings.CutPrefix(s, start); ok {
			rest := strings.TrimLeft(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
			return clip(s[:len(s)-len(rest)])
		}
	}
	return ""
}

// clip cuts a text of the file to a length that can be quoted.
func clip(s string) string {
	if len(s) <= longestPlaceholder {
		return s
	}
	return strings.ToValidUTF8(s[:longestPlaceholder], "") + "…"
}
