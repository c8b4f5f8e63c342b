package checks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// vouched is one attestation for every device.
func vouched(requirement string) checks.Attestation {
	return checks.Attestation{
		ID: "A1", Requirement: requirement, Reach: checks.Reach{Organisation: true}, Statement: "I looked.", Author: "Dr. Nemo", Digest: "d1",
		Given: noon.AddDate(0, 0, -1), Until: noon.AddDate(0, 0, 30),
	}
}

func said(a ...checks.Attestation) checks.Statements { return checks.Statements{Attestations: a} }

func zoomMac() *device {
	d := mac()
	for _, k := range fact.ZoomKeys() {
		value := any(true)
		switch {
		case k.Type == fact.String:
			value = "clinic.zoom.us"
		case k.Type == fact.StringList:
			value = []string{}
		case k.Key == "EnableAppleLogin":
			value = false
		}
		d.put(fact.ZoomKey(string(k.Key)), value, "ProfileList/all")
	}
	return d.put(fact.ZoomManagement, false, "ProfileList/all")
}

func with1(t *testing.T, d *device, baseline, requirement string, s checks.Statements) checks.Verdict {
	t.Helper()
	b, err := checks.Builtin(baseline)
	if err != nil {
		t.Fatal(err)
	}
	return byRequirement(b.EvaluateWith(d.Subject, &d.set, s, noon))[requirement]
}

func TestAnAttestation(t *testing.T) {
	const recording = "wr_zoom_recording_disabled"
	change := func(f func(*checks.Attestation)) checks.Attestation {
		a := vouched(recording)
		f(&a)
		return a
	}
	pad := func() *device { return iPad().put(fact.ZoomManagement, false, "ManagedApplicationConfiguration") }
	for _, tt := range []struct {
		name     string
		device   *device
		said     checks.Attestation
		want     string // result/reason
		state    checks.StatementState
		observed string
	}{
		{"keeps the result and gives the reason", pad(), vouched(recording), "notchecked/attested", checks.InForce, "attested until 2026-12-22T12:00:00Z (A1)"},
		{"of an unknown row leaves it unknown", zoomMac().put(fact.ZoomManagement, true, "ProfileList/all"), vouched(recording), "unknown/attested", checks.InForce, ""},
		{"does not count for another reason", zoomMac().absent("zoom.zDisableCMR", fact.EncryptedProfile), vouched(recording), "unknown/encrypted-profile", "", ""},
		{"is void where the device says otherwise", zoomMac().put("zoom.zDisableCMR", false, "ProfileList/all"), vouched(recording), "fail/attestation-void", checks.Void, "is void, for the device says otherwise"},
		{"is nothing beside a pass", zoomMac(), vouched(recording), "pass/as-required", "", ""},
		{"that ran out is as if it was not there", pad(), change(func(a *checks.Attestation) { a.Until = noon }), "notchecked/no-mobile-key", checks.Expired, "an attestation ran out at 2026-11-22T12:00:00Z"},
		{"without an end lasts 90 days", pad(), change(func(a *checks.Attestation) { a.Until, a.Given = time.Time{}, noon.Add(-checks.AttestationLife) }), "notchecked/no-mobile-key", checks.Expired, ""},
		{"of tomorrow does not count yet", pad(), change(func(a *checks.Attestation) { a.Given = noon.Add(time.Hour) }), "notchecked/no-mobile-key", "", ""},
		{"of another baseline does not count", pad(), change(func(a *checks.Attestation) { a.Baseline = "clinical-strict" }), "notchecked/no-mobile-key", "", ""},
		{"of another device does not count", pad(), change(func(a *checks.Attestation) { a.Reach = checks.Reach{Devices: []string{"SN2"}} }), "notchecked/no-mobile-key", "", ""},
		{"by serial number counts", pad(), change(func(a *checks.Attestation) { a.Reach = checks.Reach{Devices: []string{"sn1"}} }), "notchecked/attested", checks.InForce, ""},
		{"of a group it is not in does not count", pad(), change(func(a *checks.Attestation) { a.Reach = checks.Reach{Groups: []string{"ward7"}} }), "notchecked/no-mobile-key", "", ""},
		{"of a device without serial number needs one", func() *device { d := pad(); d.Serial = ""; return d }(), change(func(a *checks.Attestation) { a.Reach = checks.Reach{Devices: []string{""}} }), "notchecked/no-mobile-key", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := with1(t, tt.device, "phsa-zoom", recording, said(tt.said))
			if got := string(v.Result) + "/" + string(v.Reason); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			state := checks.StatementState("")
			if v.Attestation != nil {
				state = v.Attestation.State
			}
			if state != tt.state || !strings.Contains(v.Observed, tt.observed) {
				t.Errorf("got state %q, observed %q; want %q and %q", state, v.Observed, tt.state, tt.observed)
			}
			if strings.Contains(v.Observed, "Nemo") || strings.Contains(v.Observed, "I looked") {
				t.Errorf("a verdict names a person, or quotes one: %s", v.Observed)
			}
		})
	}
}

func TestAttestedRowsNoLongerHoldTheStatusBack(t *testing.T) {
	b, err := checks.Builtin("phsa-zoom")
	if err != nil {
		t.Fatal(err)
	}
	d := iPad().put(fact.ZoomManagement, false, "ManagedApplicationConfiguration").
		put("apps", []fact.Object{{Type: "App", Fields: map[string]fact.Fact{"identifier": known("us.zoom.videomeetings"), "managed": known(true)}}}, "InstalledApplicationList")
	all := said(vouched("wr_zoom_account_locked"), vouched("wr_zoom_recording_disabled"), vouched("wr_zoom_file_transfer_disabled"), vouched("wr_zoom_annotation_disabled"))
	for _, tt := range []struct {
		said checks.Statements
		want checks.Status
	}{{checks.Statements{}, checks.Undetermined}, {all, checks.Met}} {
		if got := checks.StatusOf(b.EvaluateWith(d.Subject, &d.set, tt.said, noon)); got != tt.want {
			t.Errorf("%d attestations: got %s, want %s", len(tt.said.Attestations), got, tt.want)
		}
	}
}

func TestAnOwnersWordLeavesTheDeviceUndetermined(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		d := userEnrolled()
		var all checks.Statements
		for _, r := range b.Requirements {
			all.Attestations = append(all.Attestations, vouched(r.ID))
		}
		verdicts := b.EvaluateWith(d.Subject, &d.set, all, noon)
		attested := 0
		for _, v := range verdicts {
			if v.Reason == checks.ReasonAttested {
				attested++
			}
			if v.Result == checks.Pass || v.Result == checks.Fail {
				t.Errorf("%s: %s by its owner's word", v.Requirement, v.Result)
			}
		}
		if got := checks.StatusOf(verdicts); got != checks.Undetermined || attested == 0 {
			t.Errorf("got %s with %d attested rows, want undetermined with some", got, attested)
		}
	})
}

func TestTheOrganisationsRowsAreAttestedByGroup(t *testing.T) {
	b, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		t.Fatal(err)
	}
	one := vouched("wr_facetime_exposure_assessed")
	one.Reach = checks.Reach{Groups: []string{"ward7"}}
	for group, want := range map[string]checks.Reason{"ward7": checks.ReasonAttested, "ward8": checks.ReasonNotAttested, "": checks.ReasonNotAttested} {
		v := byRequirement(b.Organisation(group, said(one), noon))["wr_facetime_exposure_assessed"]
		if v.Result != checks.NotChecked || v.Reason != want || v.Group != group {
			t.Errorf("group %q: got %s/%s of %q, want notchecked/%s", group, v.Result, v.Reason, v.Group, want)
		}
		if !strings.Contains(v.Expected, "since 2023-05-12T04:00:00Z") {
			t.Errorf("expected %q does not name the date", v.Expected)
		}
	}
}

func TestAManualRowIsContradictedByAFact(t *testing.T) {
	b := parse(t, strings.Replace(file("kind: manual", "contradicted_by: DeviceInformation.IsSupervised == false"), "check:", "", 1))
	for supervised, want := range map[bool]string{true: "notchecked/attested", false: "notchecked/attestation-void"} {
		d := iPad().put("DeviceInformation.IsSupervised", supervised, "DeviceInformation")
		v := b.EvaluateWith(d.Subject, &d.set, said(vouched("wr_ours")), noon)[0]
		if got := string(v.Result) + "/" + string(v.Reason); got != want {
			t.Errorf("supervised %t: got %s, want %s", supervised, got, want)
		}
	}
}

func TestAWaiverStandsBesideTheVerdict(t *testing.T) {
	waiver := func(until time.Time) checks.Statements {
		return checks.Statements{Waivers: []checks.Waiver{{
			ID: "W1", Requirement: "os_facetime_disable", Reach: checks.Reach{Devices: []string{"00008120-1"}}, Reason: "A pilot.", Owner: "Dr. Nemo",
			Created: noon.AddDate(0, -1, 0), Expires: until,
		}}}
	}
	without := with1(t, iPad(), "hipaa-no-facetime", "os_facetime_disable", checks.Statements{})
	for until, state := range map[time.Time]checks.StatementState{noon.AddDate(0, 1, 0): checks.InForce, noon: checks.Expired} {
		v := with1(t, iPad(), "hipaa-no-facetime", "os_facetime_disable", waiver(until))
		if v.Waiver == nil || v.Waiver.State != state || v.Waiver.ID != "W1" || !v.Waiver.Until.Equal(until) {
			t.Fatalf("got waiver %+v, want W1, %s", v.Waiver, state)
		}
		if want := until; state == checks.InForce && !v.RejudgeAt.Equal(want) {
			t.Errorf("judged anew at %s, want %s when the waiver ends", v.RejudgeAt, want)
		}
		v.Waiver, v.RejudgeAt = nil, without.RejudgeAt
		if diff := cmp.Diff(without, v); diff != "" {
			t.Errorf("a waiver changed the verdict (-without +with):\n%s", diff)
		}
	}
	if v := with1(t, iPad().restricted(), "hipaa-no-facetime", "os_facetime_disable", waiver(noon.AddDate(0, 1, 0))); v.Waiver != nil {
		t.Errorf("a pass has a waiver: %+v", v.Waiver)
	}
	if v := with1(t, iPad(), "hipaa-no-facetime", "os_account_modification_disable", waiver(noon.AddDate(0, 1, 0))); v.Waiver != nil {
		t.Errorf("another requirement has the waiver: %+v", v.Waiver)
	}
}

func TestAnAttestationIsJudgedAnewWhenItTurns(t *testing.T) {
	a := vouched("wr_zoom_recording_disabled")
	d := iPad().put(fact.ZoomManagement, false, "ManagedApplicationConfiguration")
	if v := with1(t, d, "phsa-zoom", a.Requirement, said(a)); !v.RejudgeAt.Equal(a.Until) {
		t.Errorf("got %s, want its end %s", v.RejudgeAt, a.Until)
	}
	a.Given = noon.Add(time.Hour)
	if v := with1(t, d, "phsa-zoom", a.Requirement, said(a)); !v.RejudgeAt.Equal(a.Given) {
		t.Errorf("got %s, want its beginning %s", v.RejudgeAt, a.Given)
	}
}

func TestOfSeveralAttestationsTheLongestCounts(t *testing.T) {
	long, short := vouched("wr_zoom_recording_disabled"), vouched("wr_zoom_recording_disabled")
	long.ID, long.Until = "A2", noon.AddDate(0, 0, 60)
	d := iPad().put(fact.ZoomManagement, false, "ManagedApplicationConfiguration")
	for _, order := range []checks.Statements{said(long, short), said(short, long)} {
		if v := with1(t, d, "phsa-zoom", long.Requirement, order); v.Attestation == nil || v.Attestation.ID != "A2" {
			t.Errorf("got %+v, want A2", v.Attestation)
		}
	}
	if got := said(long, short).Index().For(checks.Subject{ID: "x"}); len(got.Attestations) != 2 {
		t.Errorf("%d statements for a device, want those of the organisation", len(got.Attestations))
	}
}
