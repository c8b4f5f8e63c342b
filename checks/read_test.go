package checks_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
)

// file wraps one requirement's own lines into a baseline; the first of them is
// line 16 of the file.
func file(lines ...string) string {
	return `id: clinic
version: "1"
title: Our clinic
params:
  - {name: policy, type: string, value: any, one_of: [any, strict]}
  - {name: days, type: duration, value: 24h}
sources:
  - {key: ours, title: Our policy, clauses: {"1": Ours.}}
requirements:
  - id: wr_ours
    title: Ours
    source: {key: ours, clause: "1"}
    basis: stated
    severity: high
    level: required
    ` + strings.Join(lines, "\n    ") + "\n"
}

const ok = "check: DeviceInformation.IsSupervised"

// A mistake is a file and what is said of it.
type mistake struct {
	name string
	data string
	want []string // each in one line of the error
}

func TestAMistakeInAConditionIsToldWithItsPlaceAndRemedy(t *testing.T) {
	told(t, []mistake{
		{"a misspelt fact", file("check: DeviceInformation.IsSupervized"), []string{"clinic.yaml:16:12: wr_ours: no fact is called DeviceInformation.IsSupervized; did you mean DeviceInformation.IsSupervised?"}},
		{"a misspelt fact in a block", file("check: |", "  DeviceInformation.IsSupervised &&", "  device.plattform == \"iOS\""), []string{"clinic.yaml:18:7: wr_ours: no fact is called device.plattform; did you mean device.platform?"}},
		{"a misspelt fact in quotes", file(`check: 'device.plattform == "iOS"'`), []string{"clinic.yaml:16:13: wr_ours: no fact is called device.plattform"}},
		{"a misspelt field", file("check: wifi.all(w, w.securty == \"enterprise\")"), []string{"clinic.yaml:16:25: wr_ours: undefined field 'securty'"}},
		{"a misspelt setting", file(`check: setting["com.apple.applicationaccess"]["allowCloudBakup"]`), []string{"clinic.yaml:16:", `com.apple.applicationaccess has no setting "allowCloudBakup"; did you mean allowCloudBackup?`}},
		{"a misspelt payload type", file(`check: setting["com.apple.aplicationaccess"]["allowCloudBackup"]`), []string{"did you mean com.apple.applicationaccess?"}},
		{"an old spelling of a setting", file(`check: setting["com.apple.applicationaccess"]["forceWiFiWhitelisting"]`), []string{`write "forceWiFiToAllowedNetworksOnly"`}},
		{"a computed setting", file(`check: setting[device.platform]["allowCloudBackup"]`), []string{"must be literal strings"}},
		{"half a setting", file(`check: setting["com.apple.applicationaccess"] == true`), []string{"setting needs a payload type and a key"}},
		{"a wrong type", file("check: DeviceInformation.OSVersion == 18"), []string{"clinic.yaml:16:40: wr_ours: found no matching overload for '_==_'"}},
		{"a wrong type of a setting", file(`check: setting["com.apple.applicationaccess"]["ratingApps"] == "all"`), []string{"clinic.yaml:16:65: wr_ours: found no matching overload"}},
		{"a condition that is no bool", file("check: DeviceInformation.OSVersion"), []string{"the condition is a string, not a bool"}},
		{"a syntax error", file("check: DeviceInformation.IsSupervised &&& true"), []string{"clinic.yaml:16:45: wr_ours: Syntax error"}},
		{"has, which turns silence into a value", file("check: has(device.platform)"), []string{"clinic.yaml:16:", "has"}},
		{"dyn, which hides a type", file("check: dyn(device.platform) == 1"), []string{"undeclared reference to 'dyn'"}},
		{"an optional", file("check: wifi[?0].orValue(true)"), []string{"unsupported syntax"}},
		{"a map", file(`check: '{"a": 1}["a"] == 1'`), []string{"a condition builds no maps or objects"}},
		{"a mixed list", file(`check: device.platform in ["iOS", 1]`), []string{"expected type 'string' but found 'int'"}},
		{"a parameter that is not there", file(`check: param.polcy == "any"`), []string{"no parameter is called param.polcy; did you mean param.policy? Or add polcy under params:"}},
		{"a variable that hides facts", file("check: profiles.all(device, device.encrypted)"), []string{"the variable device hides the facts of that name"}},
		{"a costly condition", file("check: profiles.all(a, profiles.all(b, profiles.all(c, a.uuid != b.uuid || b.uuid != c.uuid)))"), []string{"the condition may cost"}},
		{"an empty condition", file(`check: ""`), []string{"the condition is empty"}},
	})
}

func TestAMistakeInAFileIsToldWithItsPlaceAndRemedy(t *testing.T) {
	told(t, []mistake{
		{"no check", file("fail_reason: silent"), []string{"clinic.yaml:10:5: wr_ours: check is missing"}},
		{"a misspelt key", file(ok, "expectd: x"), []string{`clinic.yaml:17:5: wr_ours: key "expectd" is not known; did you mean expected?`}},
		{"a key that is there twice", file(ok, "expected: x", "expected: y"), []string{`clinic.yaml:18:5`, `key "expected" is there twice`}},
		{"an unknown level", strings.Replace(file(ok), "level: required", "level: requird", 1), []string{`clinic.yaml:15:12: wr_ours: "requird" is none of required, recommended, informational; did you mean required?`}},
		{"an unknown reason", file(ok, "fail_reason: not-supervized"), []string{`reason "not-supervized" is not known; did you mean not-supervised?`}},
		{"an unknown source", strings.Replace(file(ok), "key: ours, clause", "key: theirs, clause", 1), []string{`no source is called "theirs"`}},
		{"an unknown clause", strings.Replace(file(ok), `clause: "1"`, `clause: "2"`, 1), []string{`source ours has no clause "2"`}},
		{"an unknown platform", file(ok, "platforms: [{platform: ios}]"), []string{`"ios" is none of iOS`}},
		{"a version that is none", file(ok, `platforms: [{platform: iOS, min: "eighteen"}]`), []string{`"eighteen" is no OS version`}},
		{"a duration that is none", file(ok, "max_age: 2 days"), []string{`"2 days" is no positive duration; write it such as 48h`}},
		{"a duration parameter that is none", file(ok, "max_age: param.policy"), []string{"no duration is called param.policy"}},
		{"a level that depends on a device", file(ok, "levels: [{when: DeviceInformation.IsSupervised, level: recommended}]"), []string{"a level cannot depend on DeviceInformation.IsSupervised"}},
		{"a case without a reason", file(ok, "cases: [{when: DeviceInformation.IsSupervised, result: fail}]"), []string{"a case needs reason"}},
		{"a note of a fact that is not there", file(ok, "notes: [{text: 'since {device.supervized}'}]"), []string{"no fact is called device.supervized; did you mean device.supervised?"}},
		{"a reference to a list that is not there", file(ok, "references: {ciss: [1.1]}"), []string{`key "ciss" is not known; did you mean cis?`}},
		{"a manual requirement with a check", file(ok, "kind: manual"), []string{"a manual requirement has no check"}},
		{"a machine requirement of the organisation", file(ok, "scope: organisation"), []string{"no device's answers decide"}},
		{"an info requirement that passes", file("kind: info", "cases: [{when: DeviceInformation.IsSupervised, result: pass, reason: as-required}]"), []string{"neither passes nor fails"}},
		{"an id that is there twice", file(ok) + "  - id: wr_ours\n", []string{"clinic.yaml:17:5: wr_ours: requirement wr_ours is there twice"}},
		{"a shared rule that is not there", file(ok) + "  - use: icloud_backup_disable\n", []string{"clinic.yaml:17:10: no shipped rule is called \"icloud_backup_disable\"; did you mean icloud_backup_disabled?"}},
		{"a set that is not there", file(ok) + "  - set: iclod\n", []string{`no set of rules is called "iclod"; did you mean icloud?`}},
		{"a conflicting pair", file(ok) + "  - use: os_facetime_disable\n  - use: wr_facetime_available\n", []string{"clinic.yaml:17:5: os_facetime_disable: it cannot hold together with wr_facetime_available"}},
		{"a parameter of a value it cannot have", strings.Replace(file(ok), "value: any", "value: some", 1), []string{`parameter policy cannot be "some"; use one of any, strict`}},
		{"a parameter of an unknown type", strings.Replace(file(ok), "type: string", "type: text", 1), []string{`parameter policy has type "text"`}},
		{"no id", strings.Replace(file(ok), "id: clinic\n", "", 1), []string{"the baseline has no id; add id: ..."}},
		{"no requirements", "id: x\nversion: '1'\ntitle: x\n", []string{"the baseline has no requirements"}},
		{"an alias", "id: &a x\nversion: *a\ntitle: x\nrequirements: []\n", []string{"anchors and aliases are not allowed"}},
		{"two documents", file(ok) + "---\nid: y\n", []string{"more than one YAML document"}},
		{"no file at all", "", []string{"clinic.yaml: the file is empty"}},
		{"a list", "- id: x\n", []string{"not a mapping"}},
		{"broken YAML", "id: x\n  title: y\n", []string{"clinic.yaml:2: the YAML cannot be read"}},
		{"too deep", "id: " + strings.Repeat("[", 30) + strings.Repeat("]", 30), []string{"nested deeper than 16"}},
		{"too long", "# " + strings.Repeat("x", 4<<20), []string{"more than 4194304"}},
		{"a date without a zone", strings.Replace(file(ok), "type: duration, value: 24h", "type: timestamp, value: 2023-05-12", 1), []string{`clinic.yaml:6:42: "2023-05-12" is no time with a zone, from 1971 to 2199; write it with its time zone`}},
		{"a time without a zone", strings.Replace(file(ok), "type: duration, value: 24h", "type: timestamp, value: 2023-05-12T00:00:00", 1), []string{"is no time with a zone"}},
		{"a text of a parameter that is not there", file(ok, "expected: 'since {param.dayss}'"), []string{"no parameter is called dayss"}},
		{"an attestable reason that is none", file(ok, "attestable: [sillent]"), []string{`reason "sillent" is not known; did you mean silent?`}},
		{"attestable reasons of a manual one", strings.Replace(file("kind: manual", "attestable: [silent]"), "check:", "", 1), []string{"a manual requirement has no reasons to attest by"}},
		{"what contradicts a text", file("kind: info", "contradicted_by: DeviceInformation.IsSupervised"), []string{"nobody attests an info requirement"}},
		{"an anchor cycle", "id: x\nversion: '1'\ntitle: x\nrequirements: &a [*a]\n", []string{"clinic.yaml:"}},
		{"a YAML bomb", "a: &a [x, x, x, x, x, x, x, x, x]\n" + bomb("abcdefgh"), []string{"anchors and aliases are not allowed"}},
		{"a file of 50 MB", strings.Repeat("# 0123456789 0123456789 0123456789\n", 50<<20/35), []string{"more than 4194304"}},
		{"more nodes than are read", "id: [" + strings.Repeat("a,", 420_000) + "a]", []string{"more than 400000 nodes"}},
		{"several at once", file("check: device.plattform == 1", "expectd: x"), []string{"16:12", "17:5"}},
	})
}

// bomb is lists of nine aliases each, one below the other.
func bomb(names string) string {
	var b strings.Builder
	for i := range len(names) - 1 {
		b.WriteString(names[i+1:i+2] + ": &" + names[i+1:i+2] + " [" + strings.Repeat("*"+names[i:i+1]+", ", 9) + "]\n")
	}
	return b.String()
}

func told(t *testing.T, mistakes []mistake) {
	t.Helper()
	for _, tt := range mistakes {
		t.Run(tt.name, func(t *testing.T) {
			b, err := checks.ParseBaseline("clinic.yaml", []byte(tt.data))
			var invalid *checks.InvalidError
			if b != nil || !errors.As(err, &invalid) {
				t.Fatalf("baseline %v, error %v; want an InvalidError alone", b, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %s\nwant %s in it", err, want)
				}
			}
			for _, f := range invalid.Findings {
				if f.Remedy == "" || f.Severity != checks.FindingError || f.File == "" {
					t.Errorf("finding lacks its remedy, severity or file: %+v", f)
				}
			}
		})
	}
}

func parse(t testing.TB, data string) *checks.Baseline {
	t.Helper()
	b, err := checks.ParseBaseline("clinic.yaml", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAParameterSettlesTheLevel(t *testing.T) {
	rule := file("check: DeviceInformation.IsSupervised", "levels: [{when: 'param.policy == \"any\"', level: informational}]")
	if got := parse(t, rule).Requirements[0].Level; got != checks.Informational {
		t.Errorf("level with policy any = %s, want informational", got)
	}
	if got := parse(t, strings.Replace(rule, "value: any", "value: strict", 1)).Requirements[0].Level; got != checks.Required {
		t.Errorf("level with policy strict = %s, want required", got)
	}
}

func TestAParameterGivesTheMaxAge(t *testing.T) {
	b := parse(t, file("check: DeviceInformation.IsSupervised", "max_age: param.days"))
	if got := b.Requirements[0].MaxAge.String(); got != "24h0m0s" {
		t.Errorf("max age = %s, want that of the parameter", got)
	}
}

func TestASharedRuleCanBeOverridden(t *testing.T) {
	b := parse(t, file("check: DeviceInformation.IsSupervised")+"  - use: icloud_backup_disabled\n    level: recommended\n    severity: low\n")
	got := b.Requirements[1]
	if got.ID != "icloud_backup_disabled" || got.Level != checks.Recommended || got.Severity != checks.Low || got.Check == "" {
		t.Errorf("shared rule = %+v, want it recommended and low, with its own check", got)
	}
}

func TestTheDigestFollowsTheMeaning(t *testing.T) {
	one := parse(t, file("check: DeviceInformation.IsSupervised"))
	same := parse(t, "# a remark\n"+file("check: DeviceInformation.IsSupervised"))
	other := parse(t, file("check: DeviceInformation.IsSupervised == false"))
	if one.Digest != same.Digest {
		t.Errorf("a remark changes the digest from %s to %s", one.Digest, same.Digest)
	}
	if one.Digest == other.Digest || len(one.Digest) != 64 {
		t.Errorf("another check has digest %s, want another than %s", other.Digest, one.Digest)
	}
}

func TestJSONHasNoNull(t *testing.T) {
	for _, id := range checks.BuiltinIDs() {
		b, err := checks.Builtin(id)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "null") {
			t.Errorf("%s: null in %.200s", id, data)
		}
		var back struct {
			Digest       string
			Requirements []struct {
				ID         string
				Source     checks.SourceRef
				References map[string][]string
			}
		}
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if back.Digest != b.Digest || len(back.Requirements) != len(b.Requirements) || back.Requirements[0].Source.Authority == "" {
			t.Errorf("%s: JSON gives digest %s, %d requirements, source %+v", id, back.Digest, len(back.Requirements), back.Requirements[0].Source)
		}
	}
}

func TestConflictsAcrossBaselines(t *testing.T) {
	phsa, err := checks.Builtin("phsa-facetime")
	if err != nil {
		t.Fatal(err)
	}
	hipaa, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		t.Fatal(err)
	}
	if got := checks.Conflicts(phsa); len(got) != 0 {
		t.Errorf("conflicts within phsa-facetime: %v", got)
	}
	if got := checks.Conflicts(phsa, hipaa); len(got) != 2 {
		t.Errorf("conflicts = %v, want FaceTime on against off, for iOS and for macOS", got)
	}
}

func TestLintWarnsWithoutRefusing(t *testing.T) {
	var got strings.Builder
	for _, f := range checks.Lint(parse(t, file("check: DeviceInformation.IsSupervised", "conflicts_with: [wr_nobody]"))) {
		got.WriteString(f.String() + "\n")
	}
	for _, want := range []string{"has no next step", "has no discussion", "does not say what is expected", "conflicts with wr_nobody", "parameter policy is used by no requirement"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("lint = %s\nwant %q in it", got.String(), want)
		}
	}
	for _, id := range checks.BuiltinIDs() {
		b, err := checks.Builtin(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range checks.Lint(b) {
			t.Errorf("a shipped baseline has a warning: %s", f)
		}
	}
}

func TestAMisspeltBaselineIsToldTheNearest(t *testing.T) {
	_, err := checks.Builtin("hipaa-no-factime")
	if err == nil || !strings.Contains(err.Error(), "did you mean hipaa-no-facetime?") {
		t.Errorf("error = %v, want the nearest name in it", err)
	}
}
