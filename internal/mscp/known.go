package mscp

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/checks"
)

// A Warning is something doubtful in the source that did not stop the import.
type Warning struct {
	Rule      string // id; empty when it concerns several
	Text      string
	Known     bool // an error of the source that is known
	Corrected bool // it is put right in what was written
}

// String gives RULE: text, and whether it is corrected.
func (w Warning) String() string {
	text := w.Text
	if w.Rule != "" {
		text = w.Rule + ": " + text
	}
	switch {
	case w.Corrected:
		return text + " (corrected)"
	case w.Known:
		return text + " (known error)"
	}
	return text
}

var stigNumber = regexp.MustCompile(`^(AIOS|APPL|AVOS)-\d+-\d+$`)

// misspelt are keys that the source gets wrong, with Apple's spelling.
func misspelt() map[string]string {
	return map[string]string{"allowVideoConferenceingRemoteControl": "allowVideoConferencingRemoteControl"}
}

// unlisted are keys of the source that Apple's schema does not have.
func unlisted() []string { return []string{"allowSiriServerLogging", "allowMediaSharing"} }

// A mending looks for known errors in a rule, and puts them right where that
// is wanted.
type mending struct {
	*rule
	target   target
	fix      bool
	warnings []Warning
	notes    []string // of what was put right
	blocked  bool     // nothing can be judged by the rule as it stands
}

func (m *mending) found(correction, format string, args ...any) {
	w := Warning{Rule: m.id, Text: fmt.Sprintf(format, args...), Known: true}
	if m.fix && correction != "" {
		w.Corrected = true
		m.notes = append(m.notes, correction)
	}
	m.warnings = append(m.warnings, w)
}

// run looks for each known error.
func (m *mending) run() {
	m.keys()
	m.faceTimeApp()
	m.declarations()
	m.misplacedNumbers()
	m.placeholders()
}

// keys finds misspelt keys, and some that nobody else knows.
func (m *mending) keys() {
	for i, p := range m.payloads {
		if p.domain != restrictions {
			continue
		}
		if right, wrong := misspelt()[p.key]; wrong {
			m.found("the key is "+right, "it sets %s, which no system knows; the key is %s", p.key, right)
			if m.blocked = !m.fix; m.fix {
				m.payloads[i].key = right
				m.supervised = nil // Apple's schema says
			}
		}
		if slices.Contains(unlisted(), p.key) {
			m.found("", "it sets %s, which Apple's schema does not list", p.key)
		}
	}
}

// supervision finds a rule that says it needs none where Apple's schema says
// it does.
func (m *mending) supervision(settings []wanted) {
	if m.supervised == nil || *m.supervised || m.target.platform == checks.MacOS {
		return
	}
	for _, w := range settings {
		if w.NeedsSupervision(string(m.target.platform)) {
			m.found("it needs supervision", "it says that it needs no supervision, and Apple's schema says that %s does", w.Key)
			if m.fix {
				m.supervised = nil
			}
			return
		}
	}
}

const (
	faceTimeRule   = "os_facetime_app_disable"
	formerFaceTime = "/Applications/FaceTime.app"
	faceTime       = "/System/Applications/FaceTime.app"
)

func (m *mending) faceTimeApp() {
	if m.id != faceTimeRule {
		return
	}
	for i, p := range m.payloads {
		if p.key != "pathBlackList" && p.key != "pathDenyList" || !slices.Contains(p.content.texts(), formerFaceTime) {
			continue
		}
		m.found("the path is "+faceTime, "it denies %s, where FaceTime is no longer, by a payload that Apple has deprecated; whether it keeps FaceTime from being launched is not shown", formerFaceTime)
		if m.fix {
			m.payloads[i].content = replaceText(p.content, formerFaceTime, faceTime)
		}
	}
}

// declarations finds errors in what no verdict rests on; they are named only.
func (m *mending) declarations() {
	value := m.ddm.get("ddm_value")
	switch m.id {
	case "os_messages_app_disable":
		if holds(m.ddm.Node, "com.apple.Mail") {
			m.found("", "its declaration denies com.apple.Mail, which is another app")
		}
	case "os_on_device_dictation_enforce":
		if m.ddm.get("ddm_key").text() == "ForceOnDeviceOnlyTranslation" {
			m.found("", "its declaration sets ForceOnDeviceOnlyTranslation, which is not dictation")
		}
	case "os_on_device_translation_enforce":
		if yes, set := value.yes(); set && !yes {
			m.found("", "its declaration turns off what the rule wants on")
		}
	}
}

// misplacedNumbers finds STIG numbers among those of CIS.
func (m *mending) misplacedNumbers() {
	for _, number := range m.references["cis"] {
		if !stigNumber.MatchString(number) {
			continue
		}
		m.found(number+" is a STIG number", "it lists the STIG number %s as one of CIS", number)
		if m.fix {
			m.references["cis"] = slices.DeleteFunc(slices.Clone(m.references["cis"]), func(s string) bool { return s == number })
			m.references["stig"] = slices.Compact(slices.Sorted(slices.Values(append(m.references["stig"], number))))
		}
	}
}

// placeholders finds CCE numbers that are still to be given. They are so many
// in a new version that the import names their count, see sharedWarnings.
func (m *mending) placeholders() {
	isPlaceholder := func(s string) bool { return placeholderCCE.MatchString(s) }
	if m.fix && slices.ContainsFunc(m.references["cce"], isPlaceholder) {
		m.references["cce"] = slices.DeleteFunc(slices.Clone(m.references["cce"]), isPlaceholder)
	}
}

// sharedWarnings are the known errors that are between rules.
func sharedWarnings(rules []*rule, fix bool) []Warning {
	var out []Warning
	holders := map[string][]string{}
	waiting := 0
	for _, r := range rules {
		for _, number := range r.references["cce"] {
			if placeholderCCE.MatchString(number) {
				waiting++
				continue
			}
			holders[number] = append(holders[number], r.id)
		}
	}
	for number, ids := range holders {
		if len(ids) > 1 {
			slices.Sort(ids)
			out = append(out, Warning{Text: number + " is the number of " + strings.Join(ids, " and "), Known: true})
		}
	}
	if waiting > 0 {
		out = append(out, Warning{Text: fmt.Sprintf("CCE numbers that are still placeholders: %d", waiting), Known: true, Corrected: fix})
	}
	return out
}

// replaceText gives a copy in which one text stands for another.
func replaceText(n node, from, to string) node {
	copied := *n.Node
	if copied.Value == from {
		copied.Value = to
	}
	copied.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		copied.Content[i] = replaceText(node{c, n.file}, from, to).Node
	}
	return node{&copied, n.file}
}

func holds(n *yaml.Node, text string) bool {
	return n != nil && (n.Value == text || slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return holds(c, text) }))
}
