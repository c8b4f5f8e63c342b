package checks

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks/fact"
)

var placeholder = regexp.MustCompile(`\{([^{}]+)\}`)

// A wording is the observed text while it is put together: parts with "; "
// between them, each once.
type wording struct {
	text  []byte
	parts []int // where each begins
}

func (w *wording) reset() { w.text, w.parts = w.text[:0], w.parts[:0] }

// begin starts a part; what is appended to text until end is of it.
func (w *wording) begin() (at int) {
	if len(w.text) > 0 {
		w.text = append(w.text, "; "...)
	}
	return len(w.text)
}

// end drops the part again if it is empty, or was said before.
func (w *wording) end(at int) {
	part := w.text[at:]
	for i, from := range w.parts {
		to := at - len("; ")
		if i+1 < len(w.parts) {
			to = w.parts[i+1] - len("; ")
		}
		if bytes.Equal(w.text[from:to], part) {
			part = nil
			break
		}
	}
	if len(part) == 0 {
		w.text = w.text[:max(at-len("; "), 0)]
		return
	}
	w.parts = append(w.parts, at)
}

func (w *wording) add(text string) {
	if text == "" {
		return
	}
	at := w.begin()
	w.text = append(w.text, text...)
	w.end(at)
}

// observed says what was seen, with values, or what is missing.
func (e *evaluation) observed(r *Requirement, p *program, o outcome) string {
	w := &e.wording
	w.reset()
	if o.err != nil {
		w.add("the check could not be computed: " + shorten(o.err.Error()))
	}
	for i := range e.consulted {
		at := w.begin()
		w.text = e.describe(w.text, &e.consulted[i])
		w.end(at)
	}
	w.add(e.fill(o.note))
	w.add(o.attestation.tell())
	if len(w.text) == 0 && o.reason == ReasonNotAttested {
		w.add(nobodyAttested)
	}
	if o.result == Pass || r.Kind != Machine {
		e.notes(w, r, p)
	}
	if len(w.text) == 0 {
		return e.nothingConsulted(o)
	}
	return e.sharedText(w.text)
}

// A sheet holds the texts of one device's verdicts one after the other, so that
// they are few allocations.
type sheet struct{ all strings.Builder }

// usualSheet is about how many bytes they have.
const usualSheet = 4 << 10

// take copies a text. What was taken before stays as it is: a Builder only adds.
func (s *sheet) take(text []byte) string {
	if s.all.Cap() == 0 {
		s.all.Grow(usualSheet)
	}
	from := s.all.Len()
	s.all.Write(text)
	return s.all.String()[from:]
}

// sharedText keeps texts, of which many verdicts may have the same.
func (e *evaluation) sharedText(text []byte) string {
	for _, s := range e.observeds {
		if s == string(text) {
			return s
		}
	}
	s := e.sheet.take(text)
	if len(e.observeds) < maxShared {
		e.observeds = append(e.observeds, s)
	}
	return s
}

func (e *evaluation) nothingConsulted(o outcome) string {
	switch o.reason {
	case ReasonNotOnPlatform, ReasonNotOnOSVersion, ReasonPlatformUnknown, ReasonOSVersionUnknown:
		return strings.TrimSpace("platform " + string(e.subject.Platform) + " " + e.subject.OS)
	case ReasonUserEnrollment, ReasonNotOnSharedIPad:
		return "enrollment type " + e.subject.EnrollmentType
	}
	return "nothing that a device reports"
}

// notes adds the remarks that hold. What they look at is no evidence.
func (e *evaluation) notes(w *wording, r *Requirement, p *program) {
	consulted := len(e.consulted)
	defer func() { e.consulted = e.consulted[:consulted] }()
	for i, n := range r.Notes {
		if x := p.notes[i]; x != nil {
			if truth, _, err := x.eval(e); err != nil || truth != Yes {
				continue
			}
		}
		w.add(e.fill(n.Text))
	}
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

// describe appends what a consultation found. The fields of a list's elements
// are in the list's own text, unless they are absent.
func (e *evaluation) describe(b []byte, c *consultation) []byte {
	label := c.name
	setting, isSetting := e.language.names[c.name]
	if isSetting {
		label = cmp.Or(setting.label, c.name)
	}
	if !c.fact.Known() {
		return describeAbsent(b, label, c)
	}
	if list, ok := c.fact.Value.([]fact.Object); ok {
		return e.describeList(b, label, list)
	}
	switch {
	case c.name == lastAnsweredName: // the evidence tells when; the same answer again is to say the same
		return append(b, "DeviceInformation was answered"...)
	case isSetting:
		b = append(append(append(b, "setting "...), label...), " is "...)
		b = append(appendShown(b, c.fact.Value), " ("...)
		return append(appendHolder(b, &c.fact, setting.Setting), ')')
	case e.language.types[c.name] == "": // a field
		return b
	}
	return appendShown(append(append(b, label...), " is "...), c.fact.Value)
}

// describeList appends what is in a list fact, which many requirements look at.
func (e *evaluation) describeList(b []byte, label string, list []fact.Object) []byte {
	for _, said := range e.listTexts {
		if said.label == label {
			return append(b, said.text...)
		}
	}
	from := len(b)
	b = describeList(b, label, list)
	e.listTexts = append(e.listTexts, listText{label, e.sheet.take(b[from:])})
	return b
}

func describeAbsent(b []byte, label string, c *consultation) []byte {
	if saidElsewhere(c) {
		return b
	}
	b = append(append(append(b, label...), " is not known ("...), c.fact.Absent...)
	if said := slices.IndexFunc(c.fact.Sources, func(s fact.Source) bool { return s.Said != "" }); said >= 0 {
		b = append(append(b, ": "...), shorten(c.fact.Sources[said].Said)...)
	}
	return append(b, ')')
}

// saidElsewhere reports whether that a field is not known follows from what its
// list says, or from another field of it.
func saidElsewhere(c *consultation) bool {
	switch c.name {
	case "wifi.anchors_from", "wifi.anchors_until", "credentials.not_after":
		return true
	case "wifi.anchors", "wifi.identity_named":
		return c.fact.Absent == fact.EncryptedProfile || c.fact.Absent == fact.UnknownProfile
	}
	return false
}

// appendHolder says what holds a setting at its value.
func appendHolder(b []byte, f *fact.Fact, s fact.Setting) []byte {
	by := func(b []byte) []byte {
		if len(f.ImposedBy) == 0 {
			return append(b, "a profile"...)
		}
		return appendStrings(append(b, "profile "...), f.ImposedBy)
	}
	switch {
	case f.Hold == fact.Enforced:
		return by(append(b, "imposed by "...))
	case f.Hold == fact.Declared:
		return append(by(append(b, "declared by "...)), ", not confirmed by the device"...)
	case !isDefault(f.Value, s.Default):
		return append(b, "in force, no profile is named"...)
	case s.Default == "true":
		return append(b, "default; nothing forbids it"...)
	}
	return append(b, "default; nothing sets it"...)
}

func isDefault(value any, text string) bool {
	if on, ok := value.(bool); ok {
		return on && text == "true" || !on && text == "false"
	}
	return plain(value) == text
}
