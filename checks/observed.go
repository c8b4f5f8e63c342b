package checks

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wardround/wardround/checks/fact"
)

// Bounds of the observed text: what a device sends must not fill the report.
const (
	maxShown     = 5  // elements of a list
	maxShownText = 80 // runes of a text
)

var placeholder = regexp.MustCompile(`\{([^{}]+)\}`)

// observed says what was seen, with values, or what is missing.
func (e *evaluation) observed(r *Requirement, p *program, o outcome) string {
	var parts []string
	add := func(text string) {
		if text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	if o.err != nil {
		add("the check could not be computed: " + shorten(o.err.Error()))
	}
	for _, c := range e.consulted {
		add(e.describe(c))
	}
	add(e.fill(o.note))
	if o.result == Pass || r.Kind == Info {
		for _, text := range e.notes(r, p) {
			add(text)
		}
	}
	if len(parts) == 0 {
		return e.nothingConsulted(o)
	}
	return strings.Join(parts, "; ")
}

func (e *evaluation) nothingConsulted(o outcome) string {
	switch o.reason {
	case ReasonNotOnPlatform, ReasonNotOnOSVersion, ReasonPlatformUnknown, ReasonOSVersionUnknown:
		return strings.TrimSpace(fmt.Sprintf("platform %s %s", e.subject.Platform, e.subject.OS))
	case ReasonUserEnrollment, ReasonNotOnSharedIPad:
		return "enrollment type " + e.subject.EnrollmentType
	case ReasonNotAttested:
		return "no attestation"
	}
	return "nothing that a device reports"
}

// notes gives the remarks that hold. What they look at is no evidence.
func (e *evaluation) notes(r *Requirement, p *program) []string {
	consulted := len(e.consulted)
	defer func() { e.consulted = e.consulted[:consulted] }()
	var out []string
	for i, n := range r.Notes {
		if x := p.notes[i]; x != nil {
			if truth, _, err := x.eval(e); err != nil || truth != Yes {
				continue
			}
		}
		out = append(out, e.fill(n.Text))
	}
	return out
}

// fill puts values for the {FACT.KEY}s of a text.
func (e *evaluation) fill(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		name := m[1 : len(m)-1]
		if name == lastAnsweredName {
			e.turnsAt(e.now) // with each answer
		}
		f := e.set.Get(fact.Key(name))
		if !f.Known() {
			return "not known"
		}
		return show(f.Value)
	})
}

// describe says what a consultation found. The fields of a list's elements are
// in the list's own text, unless they are absent.
func (e *evaluation) describe(c consultation) string {
	setting, isSetting := e.language.names[c.name]
	label := cmp.Or(setting.label, c.name)
	if !c.fact.Known() {
		if saidElsewhere(c) {
			return ""
		}
		why := string(c.fact.Absent)
		said := slices.IndexFunc(c.fact.Sources, func(s fact.Source) bool { return s.Said != "" })
		if said >= 0 {
			why += ": " + shorten(c.fact.Sources[said].Said)
		}
		return label + " is not known (" + why + ")"
	}
	if list, ok := c.fact.Value.([]fact.Object); ok {
		return describeList(label, list)
	}
	switch {
	case c.name == lastAnsweredName: // the evidence tells when; the same answer again is to say the same
		return "DeviceInformation was answered"
	case isSetting:
		return "setting " + label + " is " + show(c.fact.Value) + " (" + heldBy(c.fact, setting.Setting) + ")"
	case e.language.types[c.name] == "": // a field
		return ""
	}
	return label + " is " + show(c.fact.Value)
}

// saidElsewhere reports whether that a field is not known follows from what its
// list says, or from another field of it.
func saidElsewhere(c consultation) bool {
	switch c.name {
	case "wifi.anchors_from", "wifi.anchors_until", "credentials.not_after":
		return true
	case "wifi.anchors", "wifi.identity_named":
		return c.fact.Absent == fact.EncryptedProfile || c.fact.Absent == fact.UnknownProfile
	}
	return false
}

// heldBy says what holds a setting at its value.
func heldBy(f fact.Fact, s fact.Setting) string {
	by := "a profile"
	if len(f.ImposedBy) > 0 {
		by = "profile " + showStrings(f.ImposedBy)
	}
	switch {
	case f.Hold == fact.Enforced:
		return "imposed by " + by
	case f.Hold == fact.Declared:
		return "declared by " + by + ", not confirmed by the device"
	case plain(f.Value) != s.Default:
		return "in force, no profile is named"
	case s.Default == "true":
		return "default; nothing forbids it"
	}
	return "default; nothing sets it"
}

func describeList(label string, list []fact.Object) string {
	switch {
	case label == "wifi" && len(list) == 0:
		return "no Wi-Fi payload in any installed profile"
	case label == "wifi":
		return "Wi-Fi by profile: " + describeEach(list, describeWiFi)
	case label == "credentials":
		return "valid until: " + describeEach(list, describeCredential)
	}
	return fmt.Sprintf("%s: %d", label, len(list))
}

func describeEach(list []fact.Object, describe func(fact.Object) string) string {
	var shown []string
	for _, o := range list[:min(len(list), maxShown)] {
		shown = append(shown, describe(o))
	}
	if more := len(list) - maxShown; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, ", ")
}

func describeCredential(o fact.Object) string {
	what, _ := o.Fields["what"].Value.(string)
	end := o.Fields["not_after"]
	if !end.Known() {
		return fmt.Sprintf("%s not known (%s)", what, end.Absent)
	}
	// The day is enough, and one text does for all who were enrolled on it.
	name, _ := o.Fields["name"].Value.(string)
	until, _ := end.Value.(time.Time)
	return fmt.Sprintf("%s %s %s", what, show(name), until.UTC().Format(time.DateOnly))
}

func describeWiFi(o fact.Object) string {
	text := func(field string) string {
		s, _ := o.Fields[field].Value.(string)
		return shorten(s)
	}
	if f := o.Fields["security"]; !f.Known() {
		return fmt.Sprintf("one whose content is not known (%s)", f.Absent)
	}
	out := fmt.Sprintf("%q %s", text("ssid"), text("security"))
	if enc := text("encryption"); enc != "" {
		out += " " + enc
	}
	if rating := text("rating"); rating != "" && text("security") == "enterprise" {
		out += ", rated " + rating
		if why := text("why"); why != "" {
			out += " (" + why + ")"
		}
		if certificates := text("certificates_why"); certificates != "" {
			out += ", " + certificates
		}
	}
	return out
}

// show renders a value; texts are quoted, so that nothing a device sends can
// pass for words of ours.
func show(value any) string {
	switch v := value.(type) {
	case string:
		return strconv.Quote(shorten(v))
	case []string:
		return "[" + showStrings(v) + "]"
	}
	return plain(value)
}

func plain(value any) string {
	switch v := value.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case []string:
		return "[" + showStrings(v) + "]"
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(value)
}

func showStrings(list []string) string {
	shown := make([]string, 0, maxShown+1)
	for _, s := range list[:min(len(list), maxShown)] {
		shown = append(shown, strconv.Quote(shorten(s)))
	}
	if more := len(list) - maxShown; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, ", ")
}

// shorten cuts a text to what a report line bears, and strips what a terminal
// would act on.
func shorten(s string) string {
	n := 0
	for i := range s {
		if n == maxShownText {
			s = s[:i] + "…"
			break
		}
		n++
	}
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}
