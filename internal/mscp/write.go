package mscp

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/checks"
)

// sourceKey is what requirements call the source by.
const sourceKey = "mscp"

// The baseline file as package checks reads it.
type (
	baselineFile struct {
		ID           string            `yaml:"id"`
		Version      string            `yaml:"version"`
		Title        string            `yaml:"title"`
		Jurisdiction string            `yaml:"jurisdiction"`
		Discussion   string            `yaml:"discussion"`
		Covers       []platformFile    `yaml:"covers"`
		Declares     []declaredFile    `yaml:"declares,omitempty"`
		Sources      []sourceFile      `yaml:"sources"`
		Requirements []requirementFile `yaml:"requirements"`
	}
	platformFile struct {
		Platform   string `yaml:"platform"`
		Min        string `yaml:"min"`
		Max        string `yaml:"max"`
		Supervised bool   `yaml:"supervised,omitempty"`
	}
	declaredFile struct {
		Domain    string   `yaml:"domain"`
		Key       string   `yaml:"key"`
		Type      string   `yaml:"type"`
		Platforms []string `yaml:"platforms,flow"`
		Reported  bool     `yaml:"reported,omitempty"`
	}
	sourceFile struct {
		Key          string            `yaml:"key"`
		Title        string            `yaml:"title"`
		Publisher    string            `yaml:"publisher"`
		Authority    string            `yaml:"authority"`
		Jurisdiction string            `yaml:"jurisdiction"`
		Date         string            `yaml:"date,omitempty"`
		Clauses      map[string]string `yaml:"clauses"`
	}
	clauseFile struct {
		Key    string `yaml:"key"`
		Clause string `yaml:"clause"`
	}
	requirementFile struct {
		ID         string              `yaml:"id"`
		Title      string              `yaml:"title"`
		Discussion string              `yaml:"discussion,omitempty"`
		Source     clauseFile          `yaml:"source,flow"`
		Level      string              `yaml:"level"`
		Kind       string              `yaml:"kind"`
		Basis      string              `yaml:"basis"`
		Severity   string              `yaml:"severity,omitempty"`
		Platforms  []platformFile      `yaml:"platforms,omitempty,flow"`
		SharedIPad string              `yaml:"shared_ipad,omitempty"`
		Expected   string              `yaml:"expected,omitempty"`
		Cases      []caseFile          `yaml:"cases,omitempty"`
		Check      string              `yaml:"check,omitempty"`
		Reason     string              `yaml:"reason,omitempty"`
		NextStep   string              `yaml:"next_step,omitempty"`
		References map[string][]string `yaml:"references,omitempty,flow"`
		Settings   []settingFile       `yaml:"settings,omitempty"`
	}
	caseFile struct {
		When   string `yaml:"when"`
		Result string `yaml:"result"`
		Reason string `yaml:"reason"`
	}
	settingFile struct {
		Domain string `yaml:"domain"`
		Key    string `yaml:"key"`
		Value  any    `yaml:"value"`
	}
)

// requirement renders a rule with its judgement.
func (m *mending) requirement(j judgement) requirementFile {
	title := oneLine(m.title, 200)
	out := requirementFile{
		ID: m.id, Title: title, Source: clauseFile{sourceKey, m.id}, Level: string(j.level), Kind: string(j.kind), Basis: string(checks.Stated),
		Severity: m.severity, Platforms: []platformFile{m.platform(j.settings)}, Expected: oneLine(j.expected, 600), Check: j.check,
		Reason: string(j.reason), NextStep: oneLine(j.step, 600), References: m.references, Settings: profileSettings(j.settings),
	}
	notes := []string{paragraphs(m.discussion)}
	if j.why != "" {
		notes = append(notes, oneLine(j.why, 300))
	}
	if len(m.customised) > 0 {
		notes = append(notes, "Customised in custom/rules: "+strings.Join(m.customised, ", ")+".")
	}
	for _, note := range m.notes {
		notes = append(notes, "Corrected on import: "+note+".")
	}
	out.Discussion = strings.TrimSpace(strings.Join(notes, "\n"))
	if j.kind != checks.Info && out.Expected == "" {
		out.Expected = title
	}
	if j.kind != checks.Info && out.NextStep == "" {
		out.NextStep = checks.Explain(j.reason).NextStep
	}
	if j.failing != "" {
		out.Cases = []caseFile{{When: j.failing, Result: string(checks.Fail), Reason: "passcode-not-compliant"}}
	}
	if j.doubtful {
		out.Cases = []caseFile{{When: j.check, Result: string(checks.Unknown), Reason: "effect-not-verifiable"}}
	}
	if m.target.platform == checks.IOS {
		for _, w := range j.settings {
			if w.known && !w.SharedIPad {
				out.SharedIPad = string(checks.NotApplicable)
			}
		}
	}
	return out
}

// platform says on which versions the rule exists: those of its major version,
// from the one that brought the setting. Where the source says nothing on
// supervision, Apple's schema does.
func (m *mending) platform(settings []wanted) platformFile {
	out := m.target.covers()
	if head, _, _ := strings.Cut(m.introduced, "."); head == m.target.major() && strings.Trim(m.introduced, "0123456789.") == "" {
		out.Min = m.introduced
	}
	if m.target.platform == checks.MacOS {
		return out // a Mac that MDM enrolled counts as supervised
	}
	if m.supervised != nil {
		out.Supervised = *m.supervised
		return out
	}
	for _, w := range settings {
		out.Supervised = out.Supervised || w.NeedsSupervision(string(m.target.platform))
	}
	return out
}

func (t target) covers() platformFile {
	return platformFile{Platform: string(t.platform), Min: t.version, Max: t.major()}
}

// profileSettings are what `profile remediate` would write: settings that are
// known, with another value than nobody would have to set.
func profileSettings(settings []wanted) []settingFile {
	var out []settingFile
	for _, w := range settings {
		if w.known && fmt.Sprint(w.value) != w.Default {
			out = append(out, settingFile{w.Domain, w.Key, w.value})
		}
	}
	return out
}

// header is the comment in front of the file. It has no date, so that the same
// checkout gives the same bytes.
func (i *importing) header() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString("# " + oneLine(fmt.Sprintf(format, args...), 240) + "\n")
	}
	line("Imported from a checkout of NIST's macOS Security Compliance Project (macos_security), whose content is licensed")
	line("under CC BY 4.0. Titles, texts and references are its authors'; how each rule is judged is wardround's.")
	line("Baseline: %s, %s, from %s", i.list.name, i.target, orWords(i.list.file, "the benchmarks and tags of the rules"))
	line("Version: %s", orWords(i.checkout.version, "not told"))
	line("Commit: %s", orWords(i.checkout.commit, "not known"))
	for _, way := range Ways() {
		line("Judged %s: %d", way.phrase(), i.result.Ways[way])
	}
	for _, w := range i.result.Warnings {
		line("Note: %s", w)
	}
	return b.String()
}

func orWords(text, words string) string {
	if text == "" {
		return words
	}
	return text
}

func (i *importing) encode(f baselineFile) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(i.header())
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(f); err != nil {
		return nil, fmt.Errorf("write the baseline: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("write the baseline: %w", err)
	}
	return b.Bytes(), nil
}
