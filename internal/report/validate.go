package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// validate checks a document that was read, with the keys it had.
func (d *Document) validate(seen map[string]bool) error {
	for _, key := range []string{"schema", "as_of", "baselines", "devices"} {
		if !seen[key] {
			return fmt.Errorf("it has no key %q: is it a report that wardround wrote with --format json?", key)
		}
	}
	return errors.Join(moment("as_of", d.AsOf, true), d.recount())
}

// recount holds each headline against the devices. Baselines and devices are
// there once, or a count would not be one.
func (d *Document) recount() error {
	ids := map[string]bool{}
	for _, b := range d.Baselines {
		if ids[b.ID] {
			return fmt.Errorf("baseline %q is there twice", plaintext.Clip(plaintext.Harmless(b.ID), 60))
		}
		ids[b.ID] = true
	}
	counted := newCensus()
	seen := make(map[string]bool, len(d.Devices))
	for i := range d.Devices {
		if id := d.Devices[i].ID; seen[id] {
			return fmt.Errorf("device %q is there twice", plaintext.Clip(plaintext.Harmless(id), 60))
		}
		seen[d.Devices[i].ID] = true
		counted.add(&d.Devices[i])
	}
	return counted.check(d.Baselines)
}

func (b *Baseline) validate() error {
	if b.ID == "" {
		return errors.New("a baseline without an id")
	}
	h := b.Headline
	counts := []int{h.Expected, h.Enrolled, h.Asked, h.Answered, h.Judged, h.Met, h.NotMet, h.Undetermined}
	if slices.Min(counts) < 0 {
		return fmt.Errorf("baseline %q: a count of its headline is negative", plaintext.Clip(plaintext.Harmless(b.ID), 60))
	}
	if h.Met+h.NotMet+h.Undetermined != h.Enrolled {
		return fmt.Errorf("baseline %q: its headline does not add up: %d met, %d not met and %d undetermined are not %d enrolled",
			plaintext.Clip(plaintext.Harmless(b.ID), 60), h.Met, h.NotMet, h.Undetermined, h.Enrolled)
	}
	fillVerdicts(&b.Organisation)
	return validateVerdicts(b.Organisation)
}

func (d *Device) validate() error {
	if d.ID == "" {
		return errors.New("a device without an id")
	}
	d.fill()
	for _, id := range slices.Sorted(maps.Keys(d.Status)) {
		if err := word("status", d.Status[id], checks.Met, checks.NotMet, checks.Undetermined); err != nil {
			return err
		}
	}
	if err := errors.Join(
		word("platform", d.Platform, checks.IOS, checks.IPadOS, checks.MacOS, checks.TVOS, checks.VisionOS, checks.WatchOS, checks.UnknownPlatform),
		word("supervised", d.Supervised, checks.Yes, checks.No, checks.NotKnown),
	); err != nil {
		return err
	}
	seen := make(map[[2]string]bool, len(d.Verdicts))
	for _, v := range d.Verdicts {
		key := [2]string{v.Baseline, v.Requirement}
		if seen[key] {
			return fmt.Errorf("two verdicts for requirement %q of baseline %q", plaintext.Clip(plaintext.Harmless(v.Requirement), 60), plaintext.Clip(plaintext.Harmless(v.Baseline), 60))
		}
		seen[key] = true
	}
	return validateVerdicts(d.Verdicts)
}

func validateVerdicts(verdicts []Verdict) error {
	for i := range verdicts {
		if err := verdicts[i].validate(); err != nil {
			return fmt.Errorf("verdict %d, %s: %w", i+1, plaintext.Clip(plaintext.Harmless(verdicts[i].Requirement), 60), err)
		}
	}
	return nil
}

func (v *Verdict) validate() error {
	if v.Requirement == "" || v.Baseline == "" {
		return errors.New("it names no baseline or no requirement")
	}
	if err := errors.Join(
		word("result", v.Result, checks.Pass, checks.Fail, checks.Unknown, checks.NotApplicable, checks.NotChecked, checks.Error),
		word("level", v.Level, checks.Required, checks.Recommended, checks.Informational),
		word("severity", v.Severity, checks.High, checks.Medium, checks.Low, ""),
		word("assurance", v.Assurance, checks.Enforced, checks.Declared, checks.Observed, ""),
		moment("fresh_until", v.FreshUntil, false),
		v.Waiver.validate(), v.Attestation.validate(),
	); err != nil {
		return err
	}
	for _, e := range v.Evidence {
		if err := moment("collected_at", e.CollectedAt, false); err != nil {
			return err
		}
	}
	return nil
}

// word checks that a value is one of those that v1 has.
func word[T ~string](key string, got T, want ...T) error {
	if slices.Contains(want, got) {
		return nil
	}
	return fmt.Errorf("%s: %q is none of %q", key, plaintext.Clip(plaintext.Harmless(string(got)), 40), want)
}

// moment checks a time.
func moment(key, value string, needed bool) error {
	if value == "" && !needed {
		return nil
	}
	if _, err := time.Parse(time.RFC3339, value); err != nil {
		return fmt.Errorf("%s: %q is not an RFC 3339 time", key, plaintext.Clip(plaintext.Harmless(value), 40))
	}
	return nil
}
