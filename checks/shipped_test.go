package checks_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

var settingMention = regexp.MustCompile(`^setting\["([^"]+)"\]\["([^"]+)"\] == (true|false)$`)

// TestARestrictionIsAskedForWhereItExists compares the platform rules of each
// requirement that is one setting with the table of settings.
func TestARestrictionIsAskedForWhereItExists(t *testing.T) {
	compared := 0
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for _, r := range b.Requirements {
			m := settingMention.FindStringSubmatch(r.Check)
			if m == nil {
				continue
			}
			s, ok := fact.SettingOf(m[1], m[2])
			if !ok {
				t.Fatalf("%s: no setting %s", r.ID, m[2])
			}
			if len(r.Platforms) == 0 {
				t.Errorf("%s: asked for on every platform", r.ID)
			}
			for i, p := range r.Platforms {
				compared++
				since, exists := s.Since[string(p.Platform)]
				if !exists {
					t.Errorf("%s: %s has no %s", r.ID, p.Platform, s.Key)
				}
				split := i > 0 && r.Platforms[i-1].Platform == p.Platform || p.Max == "12"
				renamed := r.ID == "icloud_enterprisebook_metadata_sync_disable"
				if p.Min != since && !split && !renamed {
					t.Errorf("%s: asked for on %s from %s, the key is there from %s", r.ID, p.Platform, p.Min, since)
				}
				if p.Supervised != s.Supervised[string(p.Platform)] && p.Max != "12" {
					t.Errorf("%s: supervised on %s = %t, the key says %t", r.ID, p.Platform, p.Supervised, s.Supervised[string(p.Platform)])
				}
				if until := s.Until[string(p.Platform)]; until != "" && p.Max != until {
					t.Errorf("%s: asked for on %s up to %q, the key ends with %s", r.ID, p.Platform, p.Max, until)
				}
			}
			if !s.SharedIPad && slices.ContainsFunc(r.Platforms, func(p checks.PlatformRule) bool { return p.Platform == checks.IOS }) && r.SharedIPad != checks.NotApplicable {
				t.Errorf("%s: asked for on Shared iPad, which does not have %s", r.ID, s.Key)
			}
			if s.Default == m[3] {
				t.Errorf("%s: the default of %s would pass", r.ID, s.Key)
			}
		}
	})
	if compared < 40 {
		t.Errorf("%d platform rules compared, want those of three baselines", compared)
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, x := range checks.Reasons() {
		if x.Sentence == "" || x.FixBy == "" || x.Where == "" || x.NextStep == "" || !kebab.MatchString(string(x.Reason)) {
			t.Errorf("reason lacks words: %+v", x)
		}
		if !strings.HasSuffix(x.Sentence, ".") || !strings.HasSuffix(x.NextStep, ".") {
			t.Errorf("%s: words are no sentence: %q, %q", x.Reason, x.Sentence, x.NextStep)
		}
	}
}

// TestEveryReasonUsedIsKnownAndNoneIsSpare looks through the code, the
// absences of facts and the shipped files.
func TestEveryReasonUsedIsKnownAndNoneIsSpare(t *testing.T) {
	used := map[checks.Reason]string{}
	for _, a := range fact.Absences() {
		used[checks.Reason(a)] = "package fact"
	}
	collect := func(pattern string, find *regexp.Regexp) {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range find.FindAllStringSubmatch(string(data), -1) {
				used[checks.Reason(m[1])] = name
			}
		}
	}
	inCode := regexp.MustCompile(`\bReason\w+\s+Reason = "([^"]+)"`)
	inYAML := regexp.MustCompile(`\b(?:reason|fail_reason|pass_reason|on_missing): ([a-z0-9-]+)`)
	collect("*.go", inCode)
	collect("baselines/*.yaml", inYAML)
	collect("baselines/rules/*.yaml", inYAML)

	known := map[checks.Reason]bool{}
	for _, x := range checks.Reasons() {
		known[x.Reason] = true
		if used[x.Reason] == "" {
			t.Errorf("reason %s is used nowhere", x.Reason)
		}
	}
	for reason, where := range used {
		if !known[reason] {
			t.Errorf("reason %s of %s has no words", reason, where)
		}
	}
}

func TestAnUnknownReasonIsSaidToBe(t *testing.T) {
	if got := checks.Explain("no-such-reason").Sentence; !strings.Contains(got, "no-such-reason") {
		t.Errorf("sentence = %q, want the code in it", got)
	}
}

func TestSourcesAreDescribed(t *testing.T) {
	sources := checks.Sources()
	if len(sources) != 5 {
		t.Errorf("%d sources, want 5", len(sources))
	}
	for _, s := range sources {
		if len(s.SHA256) != 64 || s.Publisher == "" || s.Authority == "" || s.Jurisdiction == "" || len(s.Clauses) == 0 {
			t.Errorf("source is not described: %+v", s)
		}
	}
}

func TestNoTextClaimsCompliance(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		data, err := b.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(data)), "hipaa compliant") {
			t.Error("a text says HIPAA compliant")
		}
	})
}

func TestPHSANeverWantsAccountsFrozen(t *testing.T) {
	b, err := checks.Builtin("phsa-facetime")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Requirements {
		if r.ID == "os_account_modification_disable" || strings.Contains(r.Check, "allowAccountModification") {
			t.Errorf("%s would keep an iPad from using FaceTime", r.ID)
		}
	}
}

func TestWiFiPolicyDecidesTheLevels(t *testing.T) {
	levels := func(policy string) map[string]checks.Level {
		data, err := os.ReadFile("baselines/phsa-facetime.yaml")
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]checks.Level{}
		for _, r := range parse(t, strings.Replace(string(data), "value: any\n", "value: "+policy+"\n", 1)).Requirements {
			out[r.ID] = r.Level
		}
		return out
	}
	loose, strict := levels("any"), levels("managed-only")
	for id, want := range map[string]checks.Level{
		"wr_wifi_enterprise_installed": checks.Required, "wr_wifi_profiles_not_weak": checks.Required, "wr_wifi_server_validated": checks.Required,
		"wr_wifi_enterprise_only": checks.Required, "os_network_known_only": checks.Recommended, "os_install_configuration_profile_disable": checks.Recommended,
		"wr_wifi_credentials_valid": checks.Recommended,
	} {
		if loose[id] != checks.Informational || strict[id] != want {
			t.Errorf("%s is %s under any and %s under managed-only, want informational and %s", id, loose[id], strict[id], want)
		}
	}
}

func TestManagedOnlyFailsWhereOtherNetworksArePossible(t *testing.T) {
	data, err := os.ReadFile("baselines/wpa2-enterprise.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b := parse(t, strings.Replace(string(data), "value: any\n", "value: managed-only\n", 1))
	for _, d := range []*device{iPad().networks(network("enterprise", "WPA2", "good")), mac().networks(network("enterprise", "WPA2", "good"))} {
		v := byRequirement(b.Evaluate(d.Subject, &d.set, noon))["wr_wifi_enterprise_only"]
		if v.Result != checks.Fail || v.Reason != "other-networks-possible" || v.Level != checks.Required {
			t.Errorf("%s: %s %s/%s, want required fail/other-networks-possible", d.Platform, v.Level, v.Result, v.Reason)
		}
	}
}

func TestACellularGroupHasNoWiFiRows(t *testing.T) {
	data, err := os.ReadFile("baselines/phsa-facetime.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := iPad()
	b := parse(t, strings.Replace(string(data), "value: false\n", "value: true\n", 1))
	v := byRequirement(b.Evaluate(d.Subject, &d.set, noon))["wr_wifi_enterprise_installed"]
	if v.Result != checks.NotApplicable || v.Reason != checks.ReasonDoesNotApply {
		t.Errorf("verdict = %s/%s, want notapplicable/does-not-apply", v.Result, v.Reason)
	}
}
