package report_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
)

var now = time.Date(2026, 11, 22, 16, 48, 3, 500, time.UTC)

// A fleet is results that were judged a moment ago, as a store would give them.
type fleet struct {
	judged    time.Time
	baselines []checks.BaselineResult
	devices   []checks.DeviceResult
	problems  []checks.Problem
	err       error // of each call
}

// BaselineResults counts the devices as they are read at that time, beside what
// only a store can know.
func (f *fleet) BaselineResults(_ context.Context, at time.Time) ([]checks.BaselineResult, error) {
	var all []checks.BaselineResult
	for _, b := range f.baselines {
		h := checks.Headline{Expected: b.Headline.Expected, Asked: b.Headline.Asked, Answered: b.Headline.Answered}
		for _, d := range f.devices {
			h.Add(of(b.ID, f.aged(d, at).Verdicts))
		}
		b.Headline = h
		all = append(all, b)
	}
	return all, f.err
}

func of(baseline string, verdicts []checks.Verdict) []checks.Verdict {
	return slices.DeleteFunc(slices.Clone(verdicts), func(v checks.Verdict) bool { return v.Baseline != baseline })
}

func (f *fleet) aged(d checks.DeviceResult, at time.Time) checks.DeviceResult {
	verdicts := d.Verdicts
	d.Verdicts, d.Status = nil, maps.Clone(d.Status)
	for _, v := range verdicts {
		d.Verdicts = append(d.Verdicts, v.AsOf(at))
	}
	for _, b := range f.baselines {
		if d.Status == nil {
			d.Status = map[string]checks.Status{}
		}
		d.Status[b.ID] = checks.StatusOf(of(b.ID, d.Verdicts))
	}
	return d
}

func (f *fleet) EachDevice(ctx context.Context, at time.Time, yield func(checks.DeviceResult) error) error {
	for _, d := range f.devices {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := yield(f.aged(d, at)); err != nil {
			return err
		}
	}
	return f.err
}

func (f *fleet) Problems(context.Context) ([]checks.Problem, error) { return f.problems, f.err }

func (f *fleet) AsOf(context.Context) (time.Time, string, error) { return f.judged, "0.1.0", f.err }

// ward is 24 devices such as a clinic has, in twelve conditions.
func ward() *fleet {
	f := &fleet{judged: now}
	conditions := []func(*checks.DeviceResult){
		meets, facetimeAllowed, backupOn, meets, meets, meets, unsupervised, userEnrolled, sharedIPad, mac, putOff, silent, hostile, facetimeAllowed,
	}
	for i := range 24 {
		d := checks.DeviceResult{
			Subject: checks.Subject{
				ID: fmt.Sprintf("00008112-%016X", i+1), Serial: fmt.Sprintf("WR00%04d", i+1), Platform: checks.IPadOS,
				OS: "18.1", Supervised: checks.Yes, EnrollmentType: "Device",
			},
			Asked: true, Answered: true,
		}
		d.Subject.Model = "iPad14,1"
		d.Subject.Asset = checks.Asset{AssetTag: fmt.Sprintf("A-%03d", 100+i), Site: "Seaside", Ward: fmt.Sprintf("ward %d", i%4+1), OwnerRole: "nurse", Group: "wards"}
		d.Subject.Groups = []string{"wards", fmt.Sprintf("floor-%d", i%2+1)}
		conditions[i%len(conditions)](&d)
		f.devices = append(f.devices, d)
	}
	for _, id := range []string{hipaa, phsa} {
		f.baselines = append(f.baselines, checks.BaselineResult{
			ID: id, Version: "1.0.0", Digest: fmt.Sprintf("%064x", len(id)), Title: "Title of " + id, Headline: checks.Headline{Expected: 24, Asked: 24, Answered: 21},
			Organisation: []checks.Verdict{organisation(id, "wr_governance_baa_signed", ""), organisation(id, "wr_governance_audit_logs", checks.ReasonAttested)},
		})
	}
	f.problems = []checks.Problem{{Path: "catalog/ward-3.mobileconfig", Code: "not-a-profile", Message: "RTF text where a property list should be"}}
	return f
}

const (
	hipaa = "hipaa-no-facetime"
	phsa  = "phsa-facetime"
)

func organisation(baseline, id string, reason checks.Reason) checks.Verdict {
	if reason == "" {
		reason = "not-attested"
	}
	return checks.Verdict{
		Baseline: baseline, Requirement: id, Result: checks.NotChecked, Reason: reason, Level: checks.Required, Severity: checks.High,
		Expected: "A signed agreement.", Message: "Nobody has attested this.", NextStep: "Attest it with reference and date.",
	}
}

// judge adds one verdict to the device.
func judge(d *checks.DeviceResult, baseline, id string, result checks.Result, change ...func(*checks.Verdict)) {
	v := checks.Verdict{
		Device: d.Subject.ID, Baseline: baseline, Requirement: id, Result: result, Level: checks.Required, Severity: checks.Medium,
		Expected: "The setting is in force.", MaxAge: 48 * time.Hour, FreshUntil: now.Add(47 * time.Hour), RejudgeAt: now.Add(47 * time.Hour),
		Evidence: []checks.EvidenceRef{{Query: "Restrictions", Key: "Restrictions", SHA256: fmt.Sprintf("%064x", 77), Collected: now.Add(-time.Hour)}},
	}
	switch result {
	case checks.Pass:
		v.Reason, v.Assurance, v.Message = "as-required", checks.Enforced, "The device is set up as required."
		v.Observed = "allowVideoConferencing is false, imposed by com.example.ward"
	case checks.Fail:
		v.Reason, v.Message = "setting-not-in-force", "The device does not report this restriction as in force."
		v.NextStep = "Push a restrictions profile with this key to the device and let the next sweep confirm it."
		v.Observed = "allowVideoConferencing is true (default; nothing forbids it)"
	}
	for _, f := range change {
		f(&v)
	}
	d.Verdicts = append(d.Verdicts, v)
}

func high(v *checks.Verdict) { v.Severity = checks.High }

func recommended(v *checks.Verdict) { v.Level = checks.Recommended }

func because(reason checks.Reason, message, next string) func(*checks.Verdict) {
	return func(v *checks.Verdict) { v.Reason, v.Message, v.NextStep, v.Observed = reason, message, next, message }
}

func all(d *checks.DeviceResult, facetime, backup, account checks.Result, change ...func(*checks.Verdict)) {
	judge(d, hipaa, "os_facetime_disable", facetime, append(change, high)...)
	judge(d, hipaa, "icloud_backup_disabled", backup, append(change, high)...)
	judge(d, hipaa, "os_account_modification_disable", account, change...)
	judge(d, phsa, "icloud_backup_disabled", backup, append(change, high)...)
	judge(d, phsa, "os_airdrop_disable", account, append(change, recommended)...)
}

func meets(d *checks.DeviceResult) { all(d, checks.Pass, checks.Pass, checks.Pass) }

func facetimeAllowed(d *checks.DeviceResult) { all(d, checks.Fail, checks.Pass, checks.Pass) }

func backupOn(d *checks.DeviceResult) { all(d, checks.Pass, checks.Fail, checks.Fail) }

func unsupervised(d *checks.DeviceResult) {
	d.Subject.Supervised = checks.No
	all(d, checks.Fail, checks.Fail, checks.Fail,
		because("not-supervised", "The key takes effect on supervised devices only, and this one is not.", "Erase the device and enrol it through Apple Business or Apple Configurator."))
}

func userEnrolled(d *checks.DeviceResult) {
	d.Subject = checks.Subject{ID: "U-" + d.Subject.ID, Platform: checks.IOS, OS: "18.1", Supervised: checks.No, EnrollmentType: "User Enrollment (Device)"}
	all(d, checks.Unknown, checks.Unknown, checks.Unknown,
		because("user-enrollment", "A User Enrollment does not let MDM see this.", "Give the clinician a device of the organisation for this work."))
}

func sharedIPad(d *checks.DeviceResult) {
	d.Subject.EnrollmentType = "Shared iPad"
	all(d, checks.Pass, checks.Fail, checks.NotApplicable,
		because("not-temporary-only", "Users of this Shared iPad sign in with accounts that sync.", "Set TemporarySessionOnly."))
}

func mac(d *checks.DeviceResult) {
	d.Subject.Platform, d.Subject.OS = checks.MacOS, "15.1"
	all(d, checks.Unknown, checks.Unknown, checks.Unknown,
		because("blank-on-macos", "macOS answers Restrictions with an empty dictionary.", "Put the profile into the catalog so that its settings can be read."))
}

func putOff(d *checks.DeviceResult) {
	all(d, checks.Unknown, checks.Unknown, checks.Unknown,
		because("not-now", "The device put the question off, as it does while it is locked.", "Unlock the device, or wait for the next sweep."))
}

func silent(d *checks.DeviceResult) {
	d.Answered = false
	d.Subject.Platform, d.Subject.OS, d.Subject.Supervised = checks.UnknownPlatform, "", checks.NotKnown
	all(d, checks.Unknown, checks.Unknown, checks.Unknown,
		because("silent", "The device was asked and has not answered.", "See that it is charged and online; if it is lost, look it up with `wardround device`."),
		func(v *checks.Verdict) { v.Evidence, v.FreshUntil = nil, time.Time{} })
}

func hostile(d *checks.DeviceResult) {
	all(d, checks.Unknown, checks.Unknown, checks.Error,
		because("undecodable", "An answer came that cannot be read.", "Read the refusal with `wardround explain` and have the device looked at."))
}
