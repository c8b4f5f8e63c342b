package mscp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// Options say what to import. All but the last three are required.
type Options struct {
	Repo     string // folder of a checkout; nothing in it is changed
	OS       string // ios, macos or visionos
	Version  string // such as 26.0
	Baseline string // such as cis_lvl2_enterprise

	// Values is the YAML of organisation-defined values, rule id: value, and
	// ValuesFile what errors call it. They come before the source's own.
	Values     []byte
	ValuesFile string

	// Fix puts known errors of the source right; they are only named
	// otherwise.
	Fix bool
}

// A Result is an imported baseline.
type Result struct {
	ID       string // of the baseline
	Data     []byte // its YAML, which checks.ParseBaseline reads; the same for the same checkout and options
	Rules    int    // in the source's list, each counted once
	Written  int    // requirements in Data
	Ways     map[Way]int
	Reasons  map[checks.Reason]int // of the rules that nothing judges
	Warnings []Warning             // in order of rule
}

// An importing is one import under way.
type importing struct {
	checkout *checkout
	target   target
	list     list
	rules    map[string]*rule
	values   values
	fix      bool
	declared map[fact.Key]fact.Setting
	result   Result
}

// Import reads a checkout and renders one of its baselines. An error is the
// user's to mend; an *InputError names the place. Nothing is half read: a
// broken rule file anywhere in the checkout is an error.
func Import(o Options) (*Result, error) {
	to, err := newTarget(o.OS, o.Version)
	if err != nil {
		return nil, err
	}
	t, err := openTree(o.Repo)
	if err != nil {
		return nil, err
	}
	defer t.root.Close()
	i := &importing{target: to, fix: o.Fix, declared: map[fact.Key]fact.Setting{}}
	i.result.Ways, i.result.Reasons = map[Way]int{}, map[checks.Reason]int{}
	if i.checkout, err = readCheckout(t, to); err != nil {
		return nil, err
	}
	if i.list, err = i.checkout.findList(o.Baseline); err != nil {
		return nil, err
	}
	if err := i.readRules(); err != nil {
		return nil, err
	}
	if i.values, err = readValues(cmp.Or(o.ValuesFile, "values"), o.Values); err != nil {
		return nil, err
	}
	if err := i.values.check(i.listed()); err != nil {
		return nil, err
	}
	return i.render()
}

// readRules reads every rule of the checkout for the target.
func (i *importing) readRules() error {
	reader := ruleReader{target: i.target, baseline: i.list.name}
	i.rules = make(map[string]*rule, len(i.checkout.tops))
	var present []*rule
	for _, id := range slices.Sorted(maps.Keys(i.checkout.tops)) {
		r, err := reader.read(i.checkout.tops[id])
		if err != nil {
			return err
		}
		r.customised = i.checkout.custom[id]
		i.rules[id] = r
		if r.present {
			present = append(present, r)
		}
	}
	i.result.Warnings = sharedWarnings(present, i.fix) // before any rule is mended
	return nil
}

// listed are the rules of the list.
func (i *importing) listed() map[string]*rule {
	out := map[string]*rule{}
	for _, e := range i.list.rules {
		if r, ok := i.rules[e.id]; ok && r.present {
			out[e.id] = r
		}
	}
	return out
}

func (i *importing) render() (*Result, error) {
	file := baselineFile{
		ID:           "mscp-" + i.target.word() + "-" + kebab(i.target.version) + "-" + kebab(i.list.name),
		Version:      i.version(),
		Title:        orWords(oneLine(i.list.title, 200), fmt.Sprintf("%s: %s (mSCP)", i.target, i.list.name)),
		Jurisdiction: "U.S.",
		Covers:       []platformFile{i.target.covers()},
	}
	source := sourceFile{
		Key: sourceKey, Title: "macOS Security Compliance Project, " + i.list.name, Publisher: "National Institute of Standards and Technology",
		Authority: "NIST", Jurisdiction: "U.S.", Date: i.checkout.date, Clauses: map[string]string{},
	}
	seen := map[string]bool{}
	for _, e := range i.list.rules {
		if seen[e.id] {
			i.checkout.warn(e.id, "the list names it twice")
			continue
		}
		seen[e.id] = true
		q := i.one(e)
		source.Clauses[q.ID] = q.Title
		file.Requirements = append(file.Requirements, q)
	}
	i.result.ID, i.result.Rules, i.result.Written = file.ID, len(seen), len(file.Requirements)
	i.warnings()
	file.Declares = i.declares()
	file.Sources = []sourceFile{source}
	file.Discussion = i.discussion()
	var err error
	if i.result.Data, err = i.encode(file); err != nil {
		return nil, err
	}
	// What is written is what can be read: a doubt about the source must come
	// up here and not when a fleet is judged.
	if _, err := checks.ParseBaseline(file.ID+".yaml", i.result.Data); err != nil {
		return nil, fmt.Errorf("the imported baseline cannot be used: %w", err)
	}
	return &i.result, nil
}

// one renders one rule of the list.
func (i *importing) one(e entry) requirementFile {
	r, ok := i.rules[e.id]
	if !ok || !r.present {
		return i.absent(e, r)
	}
	m := &mending{rule: r, target: i.target, fix: i.fix}
	m.run()
	odv := i.values.of(r, cmp.Or(i.list.values, i.list.name))
	for _, text := range []*string{&r.title, &r.discussion} {
		*text = strings.ReplaceAll(*text, placeholder, orWords(odv.text(), "an organisation-defined number of"))
	}
	j := m.judged(odv)
	if why := i.declare(j.settings); why != "" {
		j = unseen(checks.ReasonNotComparable, why)
	}
	for _, w := range j.settings {
		if w.known && !w.on(i.target.platform) {
			m.warnings = append(m.warnings, Warning{Rule: r.id, Text: fmt.Sprintf("%s has no %s on %s, as far as wardround knows; it stays unknown", w.Domain, w.Key, i.target.platform)})
		}
	}
	i.count(j)
	i.result.Warnings = append(i.result.Warnings, m.warnings...)
	return m.requirement(j)
}

// absent renders a rule that the list names and no file holds for the target.
func (i *importing) absent(e entry, r *rule) requirementFile {
	m := &mending{rule: &rule{id: e.id, title: e.id, section: e.section}, target: i.target}
	why := "no file holds it"
	if r != nil {
		m.title, m.discussion = r.title, r.discussion
		why = r.file + " is not for " + i.target.String()
	}
	i.checkout.warn(e.id, why+", and the list names it")
	j := unseen(checks.ReasonRuleNotFound, "")
	i.count(j)
	return m.requirement(j)
}

func (i *importing) count(j judgement) {
	i.result.Ways[j.way]++
	if j.kind != checks.Machine {
		i.result.Reasons[j.reason]++
	}
}

// declare notes the settings that wardround has no table of. Two rules that
// want one of two types cannot both be judged.
func (i *importing) declare(settings []wanted) string {
	for _, w := range settings {
		key := fact.SettingKey(w.Domain, w.Key)
		if other, ok := i.declared[key]; ok && other.Type != w.Type {
			return fmt.Sprintf("another rule wants %s %s to be a %s.", w.Domain, w.Key, other.Type)
		}
	}
	for _, w := range settings {
		if !w.known {
			i.declared[fact.SettingKey(w.Domain, w.Key)] = w.Setting
		}
	}
	return ""
}

func (i *importing) declares() []declaredFile {
	var out []declaredFile
	for _, key := range slices.Sorted(maps.Keys(i.declared)) {
		s := i.declared[key]
		out = append(out, declaredFile{s.Domain, s.Key, string(s.Type), s.Platforms(), s.Reported})
	}
	return out
}

// warnings puts those of the checkout and those between rules to the others,
// in order.
func (i *importing) warnings() {
	all := slices.Concat(i.result.Warnings, i.checkout.warnings)
	slices.SortStableFunc(all, func(a, b Warning) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Text, b.Text))
	})
	i.result.Warnings = slices.Compact(all)
}

// version tells the source's version and commit apart from another import's.
func (i *importing) version() string {
	parts := []string{i.target.version}
	if i.checkout.version != "" {
		parts = append(parts, i.checkout.version)
	}
	if i.checkout.commit != "" {
		parts = append(parts, i.checkout.commit[:12])
	}
	return strings.Join(parts, ", ")
}

func (i *importing) discussion() string {
	lines := []string{fmt.Sprintf(
		"The rules of %s for %s, imported from NIST's macOS Security Compliance Project. A rule that nothing on the device shows waits for an attestation, with the reason.",
		i.list.name, i.target,
	)}
	for _, w := range i.result.Warnings {
		if w.Known {
			lines = append(lines, oneLine("In the source: "+w.String()+".", 240))
		}
	}
	return strings.Join(lines, "\n")
}

// kebab writes a name such as 800-53r5_high as an id: 800-53r5-high.
func kebab(name string) string {
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(parts, "-")
}
