package mscp

import (
	"slices"
	"strings"
)

// A rule is one of the source's rules as it concerns one target.
type rule struct {
	id, title, discussion string
	file                  string
	section               string // folder
	tags                  []string
	severity              string // high, medium, low or empty
	references            map[string][]string

	present    bool // it is for the target's platform and version
	supervised *bool
	introduced string // OS version, empty if not told
	shell      bool   // it has a check to be run on the device
	ddm        node   // ddm_info
	odv        node
	payloads   []payload
	customised []string // the fields that custom/rules overrides, sorted
}

// A payload is what a rule wants a payload type to hold.
type payload struct {
	domain  string // payload type, or the domain inside com.apple.ManagedClient.preferences
	key     string
	content node
}

func (r *rule) tagged(tag string) bool { return slices.Contains(r.tags, tag) }

// manual reports whether the source leaves the rule to a person.
func (r *rule) manual() bool {
	return r.tagged("manual") || (r.supplemental() && strings.Contains(r.id, "manual"))
}

// supplemental reports whether the rule is a text beside the others.
func (r *rule) supplemental() bool {
	return r.tagged("supplemental") || strings.HasPrefix(r.id, "supplemental_")
}
