package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wardround/wardround/checks/fact"
)

// The canonical form of a baseline: what Digest is taken of and what
// `baseline show --format json` prints. Lists and texts are never null.
type (
	baselineJSON struct {
		ID           string            `json:"id"`
		Version      string            `json:"version"`
		Title        string            `json:"title"`
		Jurisdiction string            `json:"jurisdiction"`
		Digest       string            `json:"digest"`
		Discussion   string            `json:"discussion"`
		Covers       []platformJSON    `json:"covers"`
		Extends      []Parent          `json:"extends"`
		Excluded     []Exclusion       `json:"excluded"`
		AppliesTo    assignmentJSON    `json:"applies_to"`
		Declares     []declaredJSON    `json:"declares,omitempty"` // left out, so that a digest without it stays as it was
		Params       []paramJSON       `json:"params"`
		Requirements []requirementJSON `json:"requirements"`
	}
	assignmentJSON struct {
		Groups    []string   `json:"groups"`
		Platforms []Platform `json:"platforms"`
		Names     []string   `json:"names"`
	}
	paramJSON struct {
		Name  string   `json:"name"`
		Type  string   `json:"type"`
		Doc   string   `json:"doc"`
		Value any      `json:"value"`
		OneOf []string `json:"one_of"`
	}
	requirementJSON struct {
		ID             string              `json:"id"`
		Title          string              `json:"title"`
		Discussion     string              `json:"discussion"`
		Kind           Kind                `json:"kind"`
		Level          Level               `json:"level"`
		Levels         []levelJSON         `json:"levels"`
		Scope          Scope               `json:"scope"`
		Basis          Basis               `json:"basis"`
		Severity       Severity            `json:"severity"`
		Platforms      []platformJSON      `json:"platforms"`
		SharedIPad     Result              `json:"shared_ipad"`
		UserEnrollment Result              `json:"user_enrollment"`
		AppliesWhen    string              `json:"applies_when"`
		Check          string              `json:"check"`
		Cases          []caseJSON          `json:"cases"`
		Notes          []noteJSON          `json:"notes"`
		Result         Result              `json:"result"`
		Reason         Reason              `json:"reason"`
		PassReason     Reason              `json:"pass_reason"`
		FailReason     Reason              `json:"fail_reason"`
		OnMissing      Reason              `json:"on_missing"`
		Assurance      Assurance           `json:"assurance"`
		MaxAge         string              `json:"max_age"`
		Attestable     []Reason            `json:"attestable"`
		ContradictedBy string              `json:"contradicted_by"`
		Source         SourceRef           `json:"source"`
		Also           []SourceRef         `json:"also"`
		From           string              `json:"from"`
		ConflictsWith  []string            `json:"conflicts_with"`
		References     map[string][]string `json:"references"`
		NextStep       string              `json:"next_step"`
		Expected       string              `json:"expected"`
		Settings       []WantedSetting     `json:"settings"`
	}
	declaredJSON struct {
		Domain    string    `json:"domain"`
		Key       string    `json:"key"`
		Type      fact.Type `json:"type"`
		Default   string    `json:"default"`
		Platforms []string  `json:"platforms"`
		Reported  bool      `json:"reported"`
	}
	levelJSON struct {
		When  string `json:"when"`
		Level Level  `json:"level"`
	}
	platformJSON struct {
		Platform   Platform `json:"platform"`
		Min        string   `json:"min"`
		Max        string   `json:"max"`
		Supervised bool     `json:"supervised"`
	}
	caseJSON struct {
		When     string   `json:"when"`
		Result   Result   `json:"result"`
		Reason   Reason   `json:"reason"`
		Severity Severity `json:"severity"`
		Note     string   `json:"note"`
	}
	noteJSON struct {
		When string `json:"when"`
		Text string `json:"text"`
	}
)

// MarshalJSON renders the baseline as it was resolved: shared rules taken in,
// overrides applied, levels settled. Nothing in it is null; durations are
// written as Go does, such as "48h0m0s".
func (b *Baseline) MarshalJSON() ([]byte, error) { return json.Marshal(b.canonical(b.Digest)) }

// digest is the SHA-256 of the canonical form without the digest.
func (b *Baseline) digest() (string, error) {
	data, err := json.Marshal(b.canonical(""))
	if err != nil {
		return "", fmt.Errorf("digest baseline %s: %w", b.ID, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

func (b *Baseline) canonical(digest string) baselineJSON {
	out := baselineJSON{
		ID: b.ID, Version: b.Version, Title: b.Title, Jurisdiction: b.Jurisdiction, Digest: digest, Discussion: b.Discussion,
		Covers: []platformJSON{}, Params: []paramJSON{}, Requirements: []requirementJSON{},
		Extends: notNil(b.Extends), Excluded: notNil(b.Excluded),
		AppliesTo: assignmentJSON{notNil(b.AppliesTo.Groups), notNil(b.AppliesTo.Platforms), notNil(b.AppliesTo.Names)},
	}
	for _, p := range b.Covers {
		out.Covers = append(out.Covers, platformJSON(p))
	}
	for _, s := range b.Declares {
		out.Declares = append(out.Declares, declaredJSON{s.Domain, s.Key, s.Type, s.Default, s.Platforms(), s.Reported})
	}
	for _, p := range b.Params {
		value := p.Value
		if d, ok := value.(time.Duration); ok {
			value = d.String()
		}
		if list, ok := value.([]string); ok {
			value = notNil(list)
		}
		out.Params = append(out.Params, paramJSON{p.Name, p.Type, p.Doc, value, notNil(p.OneOf)})
	}
	for i := range b.Requirements {
		out.Requirements = append(out.Requirements, b.Requirements[i].canonical())
	}
	return out
}

func (r *Requirement) canonical() requirementJSON {
	out := requirementJSON{
		ID: r.ID, Title: r.Title, Discussion: r.Discussion, Kind: r.Kind, Level: r.Level, Scope: r.Scope, Basis: r.Basis,
		Severity: r.Severity, SharedIPad: r.SharedIPad, UserEnrollment: r.UserEnrollment, AppliesWhen: r.AppliesWhen, Check: r.Check,
		Result: r.Result, Reason: r.Reason, PassReason: r.PassReason, FailReason: r.FailReason, OnMissing: r.OnMissing,
		Assurance: r.Assurance, MaxAge: r.MaxAge.String(), Source: r.Source, ConflictsWith: notNil(r.ConflictsWith),
		References: map[string][]string{}, NextStep: r.NextStep, Expected: r.Expected,
		Attestable: notNil(r.Attestable), ContradictedBy: r.ContradictedBy, Also: notNil(r.Also), From: r.From,
		Levels: []levelJSON{}, Platforms: []platformJSON{}, Cases: []caseJSON{}, Notes: []noteJSON{},
		Settings: append([]WantedSetting{}, r.Settings...),
	}
	for _, l := range r.Levels {
		out.Levels = append(out.Levels, levelJSON(l))
	}
	for _, p := range r.Platforms {
		out.Platforms = append(out.Platforms, platformJSON(p))
	}
	for _, c := range r.Cases {
		out.Cases = append(out.Cases, caseJSON(c))
	}
	for _, n := range r.Notes {
		out.Notes = append(out.Notes, noteJSON(n))
	}
	for key, list := range r.References {
		out.References[key] = notNil(list)
	}
	return out
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
