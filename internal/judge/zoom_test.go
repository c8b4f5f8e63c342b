package judge_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

const zoom = "phsa-zoom"

// locked is what a profile forces when it keeps all other accounts out, in
// spellings as they are found.
func locked() dict {
	return dict{
		"PayloadType": "us.zoom.config", "forcessourl": "clinic.zoom.us", "EnforceAppSignInToJoin": 1, "nogoogle": "YES", "NoFacebook": true,
		"enableapplelogin": "0", "DisableLoginWithEmail": "true", "zDisableLocalRecord": true, "ZDISABLECMR": 1, "zDisableFT": "yes",
		"DisableMeeting3rdPartyFileStorage": true, "zDisableAnnotation": true,
	}
}

// zoomMac is a Mac with Zoom and one profile.
func zoomMac(t *testing.T, payload dict) (*ward, held) {
	w := newWard(t).answers("DeviceInformation", mac).
		answers("InstalledApplicationList", dict{"InstalledApplicationList": []any{dict{"Identifier": "us.zoom.xos", "ShortVersion": "6.2"}}})
	kind, _ := payload["PayloadType"].(string)
	w.answers("ProfileList/all", dict{"ProfileList": []any{listed("Z1", kind)}})
	return w, held{profile(t, "Z1", payload)}
}

func TestZoomOnAMacIsJudgedByWhatProfilesForce(t *testing.T) {
	rows := []string{"wr_zoom_installed_managed", "wr_zoom_account_locked", "wr_zoom_recording_disabled", "wr_zoom_file_transfer_disabled", "wr_zoom_annotation_disabled"}
	w, catalog := zoomMac(t, locked())
	o := w.judged(catalog, zoom)
	for _, row := range rows {
		v := verdict(t, o, zoom, row)
		if v.Result != checks.Pass || len(v.Evidence) == 0 {
			t.Errorf("%s: got %s/%s (%s), want pass", row, v.Result, v.Reason, v.Observed)
		}
	}
	if v := verdict(t, o, zoom, "wr_zoom_account_locked"); v.Assurance != checks.Declared {
		t.Errorf("got %s, want declared: only our copy of the profile says so", v.Assurance)
	}
}

func TestZoomKeysThatDoNotCount(t *testing.T) {
	preferences := func(mode string, settings dict) dict {
		return dict{"PayloadType": "com.apple.ManagedClient.preferences", "PayloadContent": dict{
			"us.zoom.config": dict{mode: []any{dict{"mcx_preference_settings": settings}}},
		}}
	}
	keys := func(change dict) dict {
		all := locked()
		delete(all, "PayloadType")
		maps.Copy(all, change)
		return all
	}
	own := func(change dict) dict {
		all := keys(change)
		all["PayloadType"] = "us.zoom.config"
		return all
	}
	for _, tc := range []struct {
		name    string
		payload dict
		row     string
		want    string
	}{
		{"forced preferences count", preferences("Forced", keys(nil)), "wr_zoom_account_locked", "pass/as-required"},
		{"what is set once is the user's", preferences("Set-Once", keys(nil)), "wr_zoom_account_locked", "fail/zoom-not-locked"},
		{"what is recommended is the user's", dict{"PayloadType": "us.zoom.config", "PackageRecommend": keys(nil)}, "wr_zoom_recording_disabled", "fail/zoom-not-forced"},
		{"Google is allowed", own(dict{"nogoogle": "NO"}), "wr_zoom_account_locked", "fail/zoom-not-locked"},
		{"a Apple Account is allowed by default", func() dict { d := own(nil); delete(d, "enableapplelogin"); return d }(), "wr_zoom_account_locked", "fail/zoom-not-locked"},
		{"an account number in place of single sign-on", func() dict { d := own(dict{"account": "12345"}); delete(d, "forcessourl"); return d }(), "wr_zoom_account_locked", "pass/as-required"},
		{"no account at all", func() dict { d := own(nil); delete(d, "forcessourl"); return d }(), "wr_zoom_account_locked", "fail/zoom-not-locked"},
		{"a switch that is no switch", own(dict{"nogoogle": "maybe"}), "wr_zoom_account_locked", "unknown/unexpected-type"},
		{"template text", own(dict{"nogoogle": "{{no_google}}"}), "wr_zoom_account_locked", "unknown/placeholder-value"},
		{"two spellings that disagree", own(dict{"NoGoogle": false}), "wr_zoom_account_locked", "unknown/conflicting-profiles"},
		{"a token hands it to Zoom's cloud", own(dict{"SetEnrollToken4CloudMDM": "secret-token"}), "wr_zoom_account_locked", "unknown/zoom-device-management"},
		{"and the rows below too", own(dict{"setenrolltoken4cloudmdm": "secret-token"}), "wr_zoom_annotation_disabled", "unknown/zoom-device-management"},
		{"a profile about something else", dict{"PayloadType": "com.apple.font"}, "wr_zoom_recording_disabled", "fail/zoom-not-forced"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, catalog := zoomMac(t, tc.payload)
			v := verdict(t, w.judged(catalog, zoom), zoom, tc.row)
			if got := string(v.Result) + "/" + string(v.Reason); got != tc.want {
				t.Errorf("got %s (%s), want %s", got, v.Observed, tc.want)
			}
			if strings.Contains(v.Observed, "secret-token") {
				t.Errorf("the token is told: %s", v.Observed)
			}
		})
	}
	t.Run("a profile that nobody holds", func(t *testing.T) {
		w, _ := zoomMac(t, locked())
		if v := verdict(t, w.judged(nil, zoom), zoom, "wr_zoom_recording_disabled"); v.Reason != "profile-content-unknown" {
			t.Errorf("got %s/%s, want unknown/profile-content-unknown", v.Result, v.Reason)
		}
	})
	t.Run("two profiles that disagree", func(t *testing.T) {
		w := newWard(t).answers("DeviceInformation", mac).answers("ProfileList/all", dict{"ProfileList": []any{listed("Z1", "us.zoom.config"), listed("Z2", "us.zoom.config")}})
		both := held{profile(t, "Z1", own(nil)), profile(t, "Z2", dict{"PayloadType": "us.zoom.config", "zDisableFT": false})}
		if v := verdict(t, w.judged(both, zoom), zoom, "wr_zoom_file_transfer_disabled"); v.Reason != "conflicting-profiles" {
			t.Errorf("got %s/%s, want unknown/conflicting-profiles", v.Result, v.Reason)
		}
	})
}

// zoomPad is an iPad with managed Zoom of a configuration.
func zoomPad(t *testing.T, configuration dict) *ward {
	return newWard(t).answers("DeviceInformation", iPad).
		answers("InstalledApplicationList", dict{"InstalledApplicationList": []any{dict{"Identifier": "us.zoom.videomeetings"}}}).
		answers("ManagedApplicationList", dict{"ManagedApplicationList": dict{"us.zoom.videomeetings": dict{"Status": "Managed"}}}).
		answers("ManagedApplicationConfiguration", dict{"ApplicationConfigurations": []any{dict{"Identifier": "us.zoom.videomeetings", "Configuration": configuration}}})
}

// spelt is phsa-zoom with the spellings of an organisation.
func spelt(t *testing.T) *checks.Baseline {
	t.Helper()
	b, err := checks.ParseBaseline("ours.yaml", []byte(`id: ours
version: "1"
title: Zoom with our spellings
extends: [phsa-zoom]
params:
  - {name: zoom_ios_account, value: [ForceSSOURL, SetAccountIDsRestrictedToJoin]}
  - {name: zoom_ios_enforce_sign_in, value: EnforceAppSignInToJoin}
  - {name: zoom_ios_no_google, value: DisableGoogleLogin}
  - {name: zoom_ios_no_facebook, value: DisableFacebookLogin}
  - {name: zoom_ios_apple_login, value: EnableAppleLogin}
  - {name: zoom_ios_no_email, value: DisableLoginWithEmail}
`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestZoomOnAnIPadIsJudgedByItsConfiguration(t *testing.T) {
	full := func(change dict) dict {
		all := dict{"ForceSSOURL": "clinic.zoom.us", "EnforceAppSignInToJoin": true, "DisableGoogleLogin": 1, "DisableFacebookLogin": "YES", "EnableAppleLogin": false, "DisableLoginWithEmail": "1"}
		for k, v := range change {
			all[k] = v
			if v == nil {
				delete(all, k)
			}
		}
		return all
	}
	for _, tc := range []struct {
		name          string
		configuration dict
		want          string
	}{
		{"all of it", full(nil), "pass/as-required"},
		{"Google is allowed", full(dict{"DisableGoogleLogin": 0}), "fail/zoom-not-locked"},
		{"a key is missing", full(dict{"DisableLoginWithEmail": nil}), "fail/zoom-not-locked"},
		{"the address is empty", full(dict{"ForceSSOURL": ""}), "fail/zoom-not-locked"},
		{"account numbers instead", full(dict{"ForceSSOURL": nil, "SetAccountIDsRestrictedToJoin": "12345"}), "pass/as-required"},
		{"a token hands it to Zoom's cloud", full(dict{"SetEnrollToken4CloudMDM": "secret-token"}), "unknown/zoom-device-management"},
		{"nothing is configured", dict{}, "fail/zoom-not-locked"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := judge.Judge(zoomPad(t, tc.configuration).device, nil, []*checks.Baseline{spelt(t)}, now)
			v := verdict(t, o, "ours", "wr_zoom_account_locked")
			if got := string(v.Result) + "/" + string(v.Reason); got != tc.want {
				t.Errorf("got %s (%s), want %s", got, v.Observed, tc.want)
			}
			if strings.Contains(v.Observed, "secret-token") || strings.Contains(v.Observed, "clinic.zoom.us") {
				t.Errorf("a value is told: %s", v.Observed)
			}
		})
	}
	t.Run("without the spellings it is not known", func(t *testing.T) {
		o := zoomPad(t, full(nil)).judged(nil, zoom)
		for row, want := range map[string]string{
			"wr_zoom_installed_managed": "pass/as-required", "wr_zoom_account_locked": "unknown/zoom-spelling-not-set", "wr_zoom_recording_disabled": "notchecked/no-mobile-key",
		} {
			v := verdict(t, o, zoom, row)
			if got := string(v.Result) + "/" + string(v.Reason); got != want {
				t.Errorf("%s: got %s, want %s", row, got, want)
			}
		}
	})
	t.Run("what was not asked is not known", func(t *testing.T) {
		o := newWard(t).answers("DeviceInformation", iPad).judged(nil, zoom)
		for row, want := range map[string]string{"wr_zoom_account_locked": "unknown/zoom-settings-not-asked", "wr_zoom_recording_disabled": "notchecked/no-mobile-key"} {
			v := verdict(t, o, zoom, row)
			if got := string(v.Result) + "/" + string(v.Reason); got != want {
				t.Errorf("%s: got %s, want %s", row, got, want)
			}
		}
	})
}

func TestASwitchIsReadAsAppsReadIt(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  any // nil: it is none
	}{
		{true, true},
		{false, false},
		{1, true},
		{0, false},
		{2, nil},
		{"1", true},
		{"0", false},
		{"YES", true},
		{"yes", true},
		{"TRUE", true},
		{"NO", false},
		{"no", false},
		{"False", false},
		{" true ", true},
		{"on", nil},
		{"", nil},
		{1.0, true},
		{0.5, nil},
	} {
		w, catalog := zoomMac(t, dict{"PayloadType": "us.zoom.config", "zDisableFT": tc.value})
		f := w.judged(catalog, zoom).Facts.Get(fact.ZoomKey("zDisableFT"))
		if !reflect.DeepEqual(f.Value, tc.want) || (tc.want == nil) != (f.Absent == fact.UnexpectedType) {
			t.Errorf("%v (%T): got %v, absent %q; want %v", tc.value, tc.value, f.Value, f.Absent, tc.want)
		}
	}
}

func TestZoomFactsAreOfMacs(t *testing.T) {
	o := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", dict{"ProfileList": []any{}}).judged(nil, zoom)
	if f := o.Facts.Get(fact.ZoomKey("NoGoogle")); f.Absent != fact.NotApplicable {
		t.Errorf("got %v, absent %q; want it not on this platform", f.Value, f.Absent)
	}
	unknown := newWard(t).answers("ProfileList/all", dict{"ProfileList": []any{}}).judged(nil, zoom)
	if f := unknown.Facts.Get(fact.ZoomKey("NoGoogle")); f.Known() {
		t.Errorf("got %v of a platform that is not known", f.Value)
	}
}

func TestTheInventorySaysWhoseDeviceItIs(t *testing.T) {
	w := newWard(t).answers("DeviceInformation", dict{"QueryResponses": dict{"OSVersion": "18.7.2", "ProductName": "iPad14,1", "IsSupervised": false}}).
		answers("SecurityInfo", dict{"SecurityInfo": dict{"ManagementStatus": dict{"IsUserEnrollment": false}}})
	if v := verdict(t, w.judged(nil, "phsa-facetime"), "phsa-facetime", "wr_device_ownership_known"); v.Reason != "ownership-unknown" {
		t.Errorf("got %s/%s, want unknown/ownership-unknown", v.Result, v.Reason)
	}
	w.device.Asset.OwnerRole = "ward nurse"
	v := verdict(t, w.judged(nil, "phsa-facetime"), "phsa-facetime", "wr_device_ownership_known")
	if v.Reason != "owner-in-inventory" || !strings.Contains(v.Observed, `owner role "ward nurse"`) {
		t.Errorf("got %s/%s (%s), want owner-in-inventory", v.Result, v.Reason, v.Observed)
	}
}

func TestADeviceHasNoStatusOfABaselineThatIsNotForIt(t *testing.T) {
	b, err := checks.ParseBaseline("macs.yaml", []byte("id: macs\nversion: '1'\ntitle: Macs\nextends: [wpa2-enterprise]\napplies_to: {platforms: [macOS]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	all := []*checks.Baseline{b}
	fleet := judge.NewFleet(all)
	for _, answer := range []dict{iPad, mac} {
		o := judge.Judge(newWard(t).answers("DeviceInformation", answer).device, nil, all, now)
		fleet.Add(o.Result)
		if _, has := o.Result.Status["macs"]; has != (o.Result.Subject.Platform == checks.MacOS) {
			t.Errorf("%s: status %v", o.Result.Subject.Platform, o.Result.Status)
		}
	}
	if got := fleet.Results(now)[0].Headline.Enrolled; got != 1 {
		t.Errorf("%d devices counted, want the Mac alone", got)
	}
}

func TestStatementsReachTheVerdicts(t *testing.T) {
	w := zoomPad(t, dict{})
	before := judge.Inputs(w.device, now)
	w.device.Statements = checks.Statements{
		Attestations: []checks.Attestation{{ID: "A1", Requirement: "wr_zoom_recording_disabled", Reach: checks.Reach{Devices: []string{udid}}, Given: morning, Until: now.AddDate(0, 1, 0)}},
		Waivers:      []checks.Waiver{{ID: "W1", Requirement: "wr_zoom_account_locked", Reach: checks.Reach{Organisation: true}, Created: morning, Expires: now.AddDate(0, 1, 0)}},
	}
	o := w.judged(nil, zoom)
	if v := verdict(t, o, zoom, "wr_zoom_recording_disabled"); v.Result != checks.NotChecked || v.Reason != checks.ReasonAttested {
		t.Errorf("got %s/%s, want notchecked/attested", v.Result, v.Reason)
	}
	if v := verdict(t, o, zoom, "wr_zoom_account_locked"); v.Waiver == nil || v.Waiver.ID != "W1" {
		t.Errorf("got waiver %+v, want W1", v.Waiver)
	}
	after := judge.Inputs(w.device, now)
	if after == before {
		t.Error("the inputs do not change with what people say")
	}
	w.device.Statements.Waivers[0].Expires = now
	if judge.Inputs(w.device, now) == after {
		t.Error("the inputs do not change with the end of a waiver")
	}
	fleet := judge.NewFleet([]*checks.Baseline{spelt(t)})
	fleet.Say(checks.Statements{Attestations: []checks.Attestation{{ID: "A2", Requirement: "wr_zoom_waiting_room", Reach: checks.Reach{Organisation: true}, Given: morning}}})
	attested := 0
	for _, v := range fleet.Results(now)[0].Organisation {
		if v.Reason == checks.ReasonAttested {
			attested++
		}
	}
	if attested != 1 {
		t.Errorf("%d rows of the organisation are attested, want one", attested)
	}
}

// FuzzZoomProfile wants facts of Zoom of their declared types, whatever a
// profile says.
func FuzzZoomProfile(f *testing.F) {
	f.Add("nogoogle", "YES", int64(1), true)
	f.Add("PackageRecommend", "", int64(0), false)
	f.Add("Account", "1&2", int64(9), true)
	f.Fuzz(func(t *testing.T, key, text string, number int64, on bool) {
		for _, value := range []any{text, number, on, []any{text}, dict{key: text}} {
			body, err := plist.WriteXML(dict{"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadUUID": "Z1", "PayloadIdentifier": "z", "PayloadContent": []any{
				dict{"PayloadType": "us.zoom.config", "PayloadVersion": 1, "PayloadUUID": "Z2", "PayloadIdentifier": "z.1", key: value},
			}})
			if err != nil {
				continue
			}
			p, err := profiles.Parse("z", body)
			if err != nil {
				continue
			}
			w := newWard(t).answers("DeviceInformation", mac).answers(mdm.AllProfiles, dict{"ProfileList": []any{listed("Z1", "us.zoom.config")}})
			set := w.judged(held{p}, zoom).Facts
			for _, d := range fact.ZoomKeys() {
				f := set.Get(fact.ZoomKey(string(d.Key)))
				_, isBool := f.Value.(bool)
				_, isText := f.Value.(string)
				_, isList := f.Value.([]string)
				if f.Known() && (d.Type == fact.Bool) != isBool || f.Known() && (d.Type == fact.String) != isText || f.Known() && (d.Type == fact.StringList) != isList {
					t.Fatalf("%s is %v (%T), declared %s", d.Key, f.Value, f.Value, d.Type)
				}
			}
		}
	})
}
