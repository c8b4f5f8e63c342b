package mscp

import (
	"fmt"
	"strings"

	"github.com/wardround/wardround/checks"
)

// A Way is what the verdict of a rule rests on.
type Way string

// The ways, from the surest down.
const (
	ByRestriction Way = "restriction"     // the effective value that Restrictions reports
	BySecurity    Way = "security answer" // SecurityInfo, DeviceInformation, and of passcodes Restrictions too
	ByProfile     Way = "profile"         // only the content of an installed profile, which the catalog knows
	ByDeclaration Way = "declaration"     // whose status is not asked for: notchecked
	NotAtAll      Way = "not at all"      // notchecked, with a reason
)

// Ways lists the ways in order.
func Ways() []Way { return []Way{ByRestriction, BySecurity, ByProfile, ByDeclaration, NotAtAll} }

// phrase is the way as it goes on from "judged".
func (w Way) phrase() string {
	if w == NotAtAll {
		return string(w)
	}
	return "by " + string(w)
}

// A judgement is how a rule is to be judged.
type judgement struct {
	way      Way
	kind     checks.Kind
	level    checks.Level
	reason   checks.Reason // of a manual or info one
	why      string        // more words to the reason, for the requirement
	check    string
	failing  string // CEL of a case that fails as passcode-not-compliant
	doubtful bool   // that the setting is there does not show that it works
	expected string
	step     string
	settings []wanted
}

// maxCondition is what is left to a condition, in bytes; package checks takes
// 4 KiB.
const maxCondition = 4000

func unseen(reason checks.Reason, why string) judgement {
	return judgement{way: NotAtAll, kind: checks.Manual, level: checks.Required, reason: reason, why: why}
}

func said(reason checks.Reason) judgement {
	return judgement{way: NotAtAll, kind: checks.Info, level: checks.Informational, reason: reason}
}

// judged decides how a rule is judged: what the source says of itself first,
// then what the device answers, then what profiles hold.
func (m *mending) judged(odv node) judgement {
	if j, done := m.bySource(); done {
		return j
	}
	if a, ok := answers(m.target.platform)[m.id]; ok {
		j := judgement{way: BySecurity, kind: checks.Machine, level: checks.Required, check: a.check, expected: a.expected, step: a.step}
		if len(m.payloads) > 0 {
			j.why = "Judged by what the device answers; the source's payload, which holds it there, is not looked for."
		}
		return j
	}
	switch {
	case m.blocked:
		return unseen(checks.ReasonSourceError, "")
	case m.manual(): // a payload it may have is an example
		return unseen(checks.ReasonManualReview, "")
	case len(m.payloads) > 0:
		return m.byPayloads(odv)
	case m.ddm.there():
		j := unseen(checks.ReasonDeclaration, "A declaration "+oneLine(m.ddm.get("declarationtype").text(), 120)+" sets it.")
		j.way = ByDeclaration
		return j
	case !m.shell:
		return unseen(checks.ReasonManualReview, "")
	}
	return unseen(checks.ReasonLocalOnly, "")
}

// bySource is for the rules that the source itself judges by no check.
func (m *mending) bySource() (judgement, bool) {
	switch {
	case m.tagged("n_a") || m.tagged("not_applicable"):
		return said(checks.ReasonNotBySource), true
	case m.tagged("inherent"):
		return said(checks.ReasonInherent), true
	case m.tagged("permanent"):
		return unseen(checks.ReasonNoSetting, ""), true
	case m.supplemental() && m.manual():
		return unseen(checks.ReasonManualReview, ""), true
	case m.supplemental():
		return said(checks.ReasonInformational), true
	}
	return judgement{}, false
}

func (m *mending) byPayloads(odv node) judgement {
	for _, p := range m.payloads {
		if _, used := fill(p.content, odv); used && !odv.there() {
			return unseen(checks.ReasonODVMissing, "")
		}
	}
	settings, err := m.target.settings(m.rule, odv)
	if err == nil && len(settings) == 0 {
		err = fmt.Errorf("its payload holds nothing that is required")
	}
	if err != nil {
		return unseen(checks.ReasonNotComparable, err.Error()+".")
	}
	m.supervision(settings)
	j := judgement{kind: checks.Machine, level: checks.Required, settings: settings, way: m.way(settings)}
	var conditions, words []string
	for _, w := range settings {
		conditions = append(conditions, w.condition())
		words = append(words, w.words())
	}
	j.check, j.expected = strings.Join(conditions, " && "), strings.Join(words, "; ")
	if len(j.check) > maxCondition {
		return unseen(checks.ReasonNotComparable, "its payload holds more than one condition can compare.")
	}
	j.step = "See to it by profile: " + j.expected + "."
	j.doubtful = m.id == faceTimeRule
	if j.way == BySecurity {
		j.failing = passcodeCase(settings)
	}
	return j
}

// way is that of the least of a rule's settings.
func (m *mending) way(settings []wanted) Way {
	way := ByRestriction
	for _, w := range settings {
		switch {
		case !w.Reported || m.target.platform == checks.MacOS:
			return ByProfile
		case w.Domain == passcode:
			way = BySecurity
		}
	}
	return way
}
