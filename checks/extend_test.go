package checks_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
)

// library is baselines by name, for those that extend each other.
type library map[string]string

func (l library) find(_, name string) (string, []byte, error) {
	text, ok := l[name]
	if !ok {
		return "", nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	return name, []byte(text), nil
}

func child(lines ...string) string {
	return "id: child\nversion: '1'\ntitle: Child\n" + strings.Join(lines, "\n") + "\n"
}

func row(t *testing.T, b *checks.Baseline, id string) checks.Requirement {
	t.Helper()
	i := slices.IndexFunc(b.Requirements, func(r checks.Requirement) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("%s has no %s", b.ID, id)
	}
	return b.Requirements[i]
}

func TestAChildHasWhatItsParentHas(t *testing.T) {
	parent, err := checks.Builtin("wpa2-enterprise")
	if err != nil {
		t.Fatal(err)
	}
	b := parse(t, child("extends: [wpa2-enterprise]"))
	if len(b.Requirements) != len(parent.Requirements) || len(b.Params) != len(parent.Params) {
		t.Errorf("%d requirements and %d parameters, want %d and %d", len(b.Requirements), len(b.Params), len(parent.Requirements), len(parent.Params))
	}
	if len(b.Extends) != 1 || b.Extends[0].Digest != parent.Digest || b.Requirements[0].From != "wpa2-enterprise" {
		t.Errorf("extends %v, first from %q; want the parent's digest and id", b.Extends, b.Requirements[0].From)
	}
	if b.Digest == parent.Digest {
		t.Error("the child has the digest of its parent")
	}
}

func TestAChildOverrides(t *testing.T) {
	b := parse(t, child("extends: [wpa2-enterprise]", "params: [{name: wifi_policy, value: managed-only}, {name: warn_days, value: 7}]",
		"requirements:", "  - {use: wr_wifi_server_validated, level: recommended, severity: low}", "  - use: icloud_backup_disabled"))
	validated := row(t, b, "wr_wifi_server_validated")
	if validated.Level != checks.Recommended || validated.Severity != checks.Low || validated.Check == "" {
		t.Errorf("got %s, %s, want recommended and low with its check", validated.Level, validated.Severity)
	}
	if got := row(t, b, "wr_wifi_enterprise_only").Level; got != checks.Required {
		t.Errorf("wifi_policy is managed-only and the level is %s, want required", got)
	}
	if got := row(t, b, "icloud_backup_disabled").From; got != "" {
		t.Errorf("a shipped rule of its own is from %q", got)
	}
	for _, p := range b.Params {
		if p.Name == "warn_days" && (p.Value != int64(7) || p.Type != "int" || p.Doc == "") {
			t.Errorf("parameter %+v, want 7 with the parent's type and words", p)
		}
	}
	leveled := parse(t, child("extends: [wpa2-enterprise]", "requirements: [{use: wr_wifi_enterprise_only, level: recommended}]"))
	if got := row(t, leveled, "wr_wifi_enterprise_only").Level; got != checks.Recommended {
		t.Errorf("a level that is said is %s, want recommended whatever the policy", got)
	}
}

func TestAnExclusionStaysVisible(t *testing.T) {
	b := parse(t, child("extends: [wpa2-enterprise]", "exclude: [{requirement: wr_vpn_installed, reason: We have none.}]"))
	if slices.ContainsFunc(b.Requirements, func(r checks.Requirement) bool { return r.ID == "wr_vpn_installed" }) {
		t.Error("it is still required")
	}
	want := checks.Exclusion{Requirement: "wr_vpn_installed", Title: "A VPN is installed", Baseline: "wpa2-enterprise", Reason: "We have none."}
	if len(b.Excluded) != 1 || b.Excluded[0] != want {
		t.Errorf("excluded %+v, want %+v", b.Excluded, want)
	}
	data, err := b.MarshalJSON()
	if err != nil || !strings.Contains(string(data), `"reason":"We have none."`) {
		t.Errorf("JSON without the exclusion: %v", err)
	}
	grandchild, err := checks.ParseBaselineFrom("grandchild.yaml", []byte(strings.Replace(child("extends: [child.yaml]"), "id: child", "id: grandchild", 1)),
		library{"child.yaml": child("extends: [wpa2-enterprise]", "exclude: [{requirement: wr_vpn_installed, reason: We have none.}]")}.find)
	if err != nil {
		t.Fatal(err)
	}
	if len(grandchild.Excluded) != 1 || grandchild.Requirements[0].From != "wpa2-enterprise" {
		t.Errorf("excluded %v, first from %q; want what the parent left out, and where rows began", grandchild.Excluded, grandchild.Requirements[0].From)
	}
}

func TestOfTwoParentsTheStricterLevelWins(t *testing.T) {
	rules := func(id, level, clause string) string {
		return "id: " + id + "\nversion: '1'\ntitle: x\nsources: [{key: " + id + ", title: x, clauses: {'" + clause + "': x}}]\nrequirements:\n" +
			"  - {use: icloud_backup_disabled, level: " + level + ", source: {key: " + id + ", clause: '" + clause + "'}}\n"
	}
	for _, order := range []string{"[loose, strict]", "[strict, loose]"} {
		b, err := checks.ParseBaselineFrom("child.yaml", []byte(child("extends: "+order)),
			library{"loose": rules("loose", "recommended", "1"), "strict": rules("strict", "required", "2")}.find)
		if err != nil {
			t.Fatal(err)
		}
		r := row(t, b, "icloud_backup_disabled")
		if len(b.Requirements) != 1 || r.Level != checks.Required || r.Source.Key != "strict" {
			t.Errorf("%s: %d rows, %s of %s; want one, required, of strict", order, len(b.Requirements), r.Level, r.Source.Key)
		}
		if len(r.Also) != 1 || r.Also[0].Key != "loose" || r.Also[0].Clause != "1" {
			t.Errorf("%s: also %v, want the other clause", order, r.Also)
		}
	}
}

func TestClinicalStrictIsTheOthersTogether(t *testing.T) {
	strict, err := checks.Builtin("clinical-strict")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"hipaa-no-facetime", "phsa-zoom", "wpa2-enterprise"} {
		parent, err := checks.Builtin(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range parent.Requirements {
			if id == "wpa2-enterprise" && r.ID == "wr_vpn_installed" {
				continue // of the text around the Wi-Fi set
			}
			got := row(t, strict, r.ID)
			if r.Level == checks.Required && got.Level != checks.Required || r.Level == checks.Recommended && got.Level == checks.Informational {
				t.Errorf("%s is %s, want at least %s as in %s", r.ID, got.Level, r.Level, id)
			}
		}
	}
	if got := row(t, strict, "wr_wifi_enterprise_only").Level; got != checks.Required {
		t.Errorf("wr_wifi_enterprise_only is %s, want required", got)
	}
	if also := row(t, strict, "wr_governance_data_residency").Also; len(also) != 1 || also[0].Key != "phsa-zoom" {
		t.Errorf("data residency also rests on %v, want phsa-zoom's clause", also)
	}
	if slices.ContainsFunc(strict.Requirements, func(r checks.Requirement) bool { return r.ID == "wr_facetime_available" }) {
		t.Error("FaceTime is to be available and off")
	}
}

func TestAMistakeInCompositionIsTold(t *testing.T) {
	params := func(id, value string) string {
		return "id: " + id + "\nversion: '1'\ntitle: x\nparams: [{name: p, type: string, value: " + value + "}]\nrequirements: []\n"
	}
	shelf := library{
		"a.yaml": child("extends: [b.yaml]"), "b.yaml": child("extends: [a.yaml]"), "self.yaml": child("extends: [self.yaml]"),
		"one": params("one", "x"), "two": params("two", "y"), "broken": "id: [",
		"mac": "id: mac\nversion: '1'\ntitle: x\ncovers: [{platform: macOS}]\nrequirements: []\n",
		"ios": "id: ios\nversion: '1'\ntitle: x\ncovers: [{platform: iOS}]\nrequirements: []\n",
	}
	for i := range 12 {
		shelf[fmt.Sprint("deep", i)] = strings.Replace(child(fmt.Sprintf("extends: [deep%d]", i+1)), "id: child", fmt.Sprintf("id: deep-%d", i), 1)
	}
	for _, tt := range []struct {
		name, data, want string
	}{
		{"a baseline that is not there", child("extends: [wpa2-enterprize]"), "child.yaml:4:11: extends wpa2-enterprize"},
		{"a cycle", child("extends: [a.yaml]"), "it extends itself: child.yaml extends a.yaml extends b.yaml extends a.yaml"},
		{"itself", shelf["self.yaml"], "it extends itself"},
		{"a long chain", child("extends: [deep0]"), "more than 8 baselines extend each other"},
		{"a broken one", child("extends: [broken]"), "the YAML cannot be read"},
		{"one twice", child("extends: [wpa2-enterprise, wpa2-enterprise]"), "baseline wpa2-enterprise is extended twice"},
		{"an exclusion of what is not there", child("extends: [wpa2-enterprise]", "exclude: [{requirement: wr_vpn_instaled, reason: x}]"), "did you mean wr_vpn_installed?"},
		{"an exclusion without a reason", child("extends: [wpa2-enterprise]", "exclude: [{requirement: wr_vpn_installed}]"), "left out without a reason"},
		{"a definition of what is inherited", child("extends: [wpa2-enterprise]", "requirements: [{id: wr_vpn_installed}]"), "is inherited from wpa2-enterprise; change it by use: wr_vpn_installed"},
		{"an override twice", child("extends: [wpa2-enterprise]", "requirements: [{use: wr_vpn_installed, severity: low}, {use: wr_vpn_installed, severity: high}]"), "requirement wr_vpn_installed is there twice"},
		{"a parameter of two values", child("extends: [one, two]"), "parameter p has different values"},
		{"platforms that differ", child("extends: [ios, mac]"), "cover other platforms; write covers:"},
		{"a conflicting pair", child("extends: [phsa-facetime]", "requirements: [{use: os_facetime_disable}]"), "it cannot hold together with"},
		{"an assignment to nobody", child("extends: [wpa2-enterprise]", "applies_to: {}"), "applies_to names nobody"},
		{"an assignment to an unknown platform", child("extends: [wpa2-enterprise]", "applies_to: {platforms: [iPad]}"), `"iPad" is none of iOS`},
		{"an assignment to a broken pattern", child("extends: [wpa2-enterprise]", "applies_to: {names: ['[']}"), "is no pattern of names"},
		{"neither requirements nor a parent", child(), "add requirements: and a list, or extends:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := "child.yaml"
			if tt.name == "itself" {
				name = "self.yaml"
			}
			b, err := checks.ParseBaselineFrom(name, []byte(tt.data), shelf.find)
			var invalid *checks.InvalidError
			if b != nil || !errors.As(err, &invalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
	b, err := checks.ParseBaselineFrom("child.yaml", []byte(child("extends: [one, two]", "params: [{name: p, value: z}]")), shelf.find)
	if err != nil || b.Params[0].Value != "z" {
		t.Errorf("got %v, want the child's value", err)
	}
	if _, err := checks.ParseBaseline("child.yaml", []byte(child("extends: [one]"))); err == nil {
		t.Error("a file is extended without anybody to find it")
	}
}

func TestABaselineIsForWhomItIsAssignedTo(t *testing.T) {
	b := parse(t, child("extends: [wpa2-enterprise]", "applies_to: {groups: [ward7, ward8], platforms: [iOS], names: ['W7-*']}"))
	subject := checks.Subject{Platform: checks.IPadOS, Groups: []string{"ward8"}, Asset: checks.Asset{AssetTag: "W7-001"}}
	for _, tt := range []struct {
		name   string
		change func(*checks.Subject)
		want   bool
	}{
		{"all three hold", func(*checks.Subject) {}, true},
		{"another group", func(s *checks.Subject) { s.Groups = []string{"ward9"} }, false},
		{"no group", func(s *checks.Subject) { s.Groups = nil }, false},
		{"another platform", func(s *checks.Subject) { s.Platform = checks.MacOS }, false},
		{"a platform that is not known", func(s *checks.Subject) { s.Platform = checks.UnknownPlatform }, true},
		{"another asset tag", func(s *checks.Subject) { s.AssetTag = "W8-001" }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := subject
			tt.change(&s)
			if got := b.IsFor(s); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
			if got := len(b.Evaluate(s, nil, noon)) > 0; got != tt.want {
				t.Errorf("verdicts: %t, want %t", got, tt.want)
			}
		})
	}
}

func TestBaselinesForOtherDevicesDoNotConflict(t *testing.T) {
	of := func(id, parent, applies string) *checks.Baseline {
		return parse(t, "id: "+id+"\nversion: '1'\ntitle: x\nextends: ["+parent+"]\n"+applies+"\n")
	}
	for _, tt := range []struct {
		name, one, other string
		want             bool
	}{
		{"all devices", "", "", true},
		{"one of them for all", "applies_to: {groups: [a]}", "", true},
		{"other groups", "applies_to: {groups: [a]}", "applies_to: {groups: [b, c]}", false},
		{"a group of both", "applies_to: {groups: [a, b]}", "applies_to: {groups: [b, c]}", true},
		{"other platforms", "applies_to: {platforms: [macOS]}", "applies_to: {platforms: [iOS]}", false},
		{"iPads are among iOS", "applies_to: {platforms: [iPadOS]}", "applies_to: {platforms: [iOS]}", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := checks.Conflicts(of("one", "phsa-facetime", tt.one), of("other", "hipaa-no-facetime", tt.other))
			if got := len(found) > 0; got != tt.want {
				t.Errorf("got %v, want a conflict: %t", found, tt.want)
			}
		})
	}
}
