package checks_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// FuzzParseBaseline wants a baseline or an error and not both, JSON that is
// stable, and of every baseline that is accepted a verdict for each
// requirement in bounded time, none of them a pass without facts.
func FuzzParseBaseline(f *testing.F) {
	// Small seeds: minimising a large one takes all the time there is.
	f.Add([]byte("id: x\nversion: 1\ntitle: x\nparams: [{name: max_silence, type: duration, value: 1h}]\nrequirements: [{set: account, level: recommended}]\n"))
	f.Add([]byte(file("kind: info", "result: unknown", "reason: silent", "cases: [{when: 'device.os_major > 17', result: notchecked, reason: attested}]")))
	f.Add([]byte(file("check: device.supervised", "platforms: [{platform: iOS, min: '13.0', max: '18', supervised: true}]", "shared_ipad: notapplicable")))
	f.Add([]byte(file("check: |", "  wifi.all(w, w.eap.exists(e, e == \"LEAP\"))")))
	f.Add([]byte(file(`check: 'setting["com.apple.applicationaccess"]["ratingApps"] > 100'`, "levels: [{when: param.policy == 'any', level: informational}]")))
	f.Add([]byte(file("check: now - device.last_answered < param.days", "max_age: param.days", "notes: [{text: '{device.platform}'}]")))
	f.Add([]byte(child("extends: [wpa2-enterprise]", "exclude: [{requirement: wr_vpn_installed, reason: x}]", "applies_to: {platforms: [macOS]}", "requirements: [{use: wr_wifi_enterprise_only, level: required}]")))
	f.Add([]byte("id: [[[[[[\n"))
	d := iPad().networks(network("enterprise", "WPA2", "good"), hiddenNetwork(fact.EncryptedProfile))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := checks.ParseBaseline("f.yaml", data)
		if (b == nil) == (err == nil) {
			t.Fatalf("baseline %v and error %v", b, err)
		}
		if err != nil {
			if err.Error() == "" || len(err.Error()) > 1<<20 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		first, err := json.Marshal(b)
		if err != nil || bytes.Contains(first, []byte(":null")) {
			t.Fatalf("JSON %s, error %v", first, err)
		}
		again, err := checks.ParseBaseline("g.yaml", data)
		if err != nil || again.Digest != b.Digest {
			t.Fatalf("read again: digest %s, error %v, want %s", again.Digest, err, b.Digest)
		}
		judged := len(b.Evaluate(d.Subject, &d.set, noon))
		if got := judged + len(b.Organisation("", checks.Statements{}, noon)); got != len(b.Requirements) && b.IsFor(d.Subject) {
			t.Fatalf("%d verdicts for %d requirements", got, len(b.Requirements))
		}
		if judged > 0 && !b.IsFor(d.Subject) {
			t.Fatalf("%d verdicts for a device that it is not for", judged)
		}
		for _, v := range b.Evaluate(checks.Subject{Platform: checks.IOS, OS: "18.1"}, nil, time.Time{}) {
			if v.Reason == "" || v.Observed == "" {
				t.Fatalf("an incomplete verdict: %+v", v)
			}
		}
	})
}

// FuzzRunExamples wants results or an error and not both, whatever the file is.
func FuzzRunExamples(f *testing.F) {
	f.Add([]byte("baseline: wpa2-enterprise\nnow: 2026-11-22T12:00:00Z\ndevices: {a: {platform: iOS, os: '18', facts: {wifi: [{security: open}]}}}\nexamples: [{name: x, device: a, expect: {wr_wifi_profiles_not_weak: fail}}]\n"))
	f.Add([]byte("baseline: [wpa2-enterprise]\nnow: 2026-11-22T12:00:00Z\nexamples: [{name: x, device: {like: a}, facts: {profiles: {absent: silent}}, attested: [x], expect: {wr_vpn_installed: unknown/silent}}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		results, err := checks.RunExamples(checks.ExampleFile{Name: "f.yaml", Data: data}, checks.Builtin)
		if err != nil && results != nil {
			t.Fatalf("results %v and error %v", results, err)
		}
		for _, r := range results {
			if r.Requirement == "" || r.Got == "" || r.Want == "" {
				t.Fatalf("an incomplete result: %+v", r)
			}
		}
	})
}
