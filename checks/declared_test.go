package checks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// declaring is a baseline with a setting of its own and a check that names it.
func declaring(setting, check string) string {
	return `id: ours
version: "1"
title: Ours
declares:
  - ` + setting + `
sources: [{key: ours, title: Ours, clauses: {"1": One}}]
requirements:
  - id: ours_quiet
    title: Quiet
    source: {key: ours, clause: "1"}
    level: required
    basis: stated
    check: ` + check + "\n"
}

func TestABaselineMayDeclareSettings(t *testing.T) {
	b, err := checks.ParseBaseline("ours.yaml", []byte(declaring(
		"{domain: org.example.viewer, key: Mode, type: string, platforms: [macOS]}", `setting["org.example.viewer"]["Mode"] == "quiet"`)))
	if err != nil {
		t.Fatal(err)
	}
	declared := checks.DeclaredSettings(b, b)
	if len(declared) != 1 || declared[0].Domain != "org.example.viewer" || declared[0].Type != fact.String {
		t.Errorf("declared settings are %+v, want the one, once", declared)
	}
	mac := checks.Subject{ID: "1", Platform: checks.MacOS, OS: "26.0", EnrollmentType: "Device"}
	key := fact.SettingKey("org.example.viewer", "Mode")
	for name, tt := range map[string]struct {
		fact fact.Fact
		want checks.Result
	}{
		"as wanted": {fact.Fact{Value: "quiet", Hold: fact.Declared}, checks.Pass},
		"otherwise": {fact.Fact{Value: "loud", Hold: fact.Declared}, checks.Fail},
		"silence":   {fact.Fact{Absent: fact.BlankOnMac}, checks.Unknown},
		"mistyped":  {fact.Fact{Value: int64(1)}, checks.Unknown},
	} {
		var set fact.Set
		tt.fact.Key = key
		set.Put(tt.fact)
		v := b.Evaluate(mac, &set, noon)[0]
		if v.Result != tt.want {
			t.Errorf("%s: %s (%s), want %s", name, v.Result, v.Observed, tt.want)
		}
		if v.Result == checks.Pass && v.Assurance != checks.Declared {
			t.Errorf("%s: assurance %q, want declared", name, v.Assurance)
		}
	}
	other, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		t.Fatal(err)
	}
	if b.Digest == other.Digest || len(other.Declares) != 0 {
		t.Error("a shipped baseline has settings of another")
	}
}

func TestADeclaredSettingThatIsKnownIsLeftToTheTable(t *testing.T) {
	b, err := checks.ParseBaseline("ours.yaml", []byte(declaring(
		"{domain: com.apple.applicationaccess, key: allowCamera, type: bool, platforms: [iOS]}", `setting["com.apple.applicationaccess"]["allowCamera"] == false`)))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Declares) != 0 {
		t.Errorf("it declares %+v over the table", b.Declares)
	}
}

func TestMistakesInDeclaredSettingsAreTold(t *testing.T) {
	const check = `setting["org.example.viewer"]["Mode"] == "quiet"`
	for name, tt := range map[string]struct{ data, want string }{
		"no platforms":             {declaring("{domain: a.b, key: Mode, type: string}", "true"), "a setting needs a domain, a key, a type and its platforms"},
		"a type that is none":      {declaring("{domain: a.b, key: Mode, type: text, platforms: [macOS]}", "true"), `"text" is none of bool, int`},
		"a platform that is none":  {declaring("{domain: a.b, key: Mode, type: bool, platforms: [windows]}", "true"), `"windows" is none of iOS`},
		"a misspelt key":           {declaring("{domain: a.b, key: Mode, typ: bool, platforms: [macOS]}", "true"), `key "typ" is not known`},
		"another type than known":  {declaring("{domain: com.apple.applicationaccess, key: allowCamera, type: string, platforms: [iOS]}", "true"), "allowCamera is known, and of type bool"},
		"an old spelling":          {declaring("{domain: com.apple.applicationaccess, key: blacklistedAppBundleIDs, type: list(string), platforms: [iOS]}", "true"), "is an old spelling of"},
		"another key in the check": {declaring("{domain: org.example.viewer, key: Mood, type: string, platforms: [macOS]}", check), `org.example.viewer has no setting "Mode"; did you mean Mood?`},
		"twice": {strings.Replace(declaring("{domain: a.b, key: Mode, type: bool, platforms: [macOS]}", "true"), "sources:",
			"  - {domain: a.b, key: Mode, type: bool, platforms: [macOS]}\nsources:", 1), "setting Mode is there twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checks.ParseBaseline("ours.yaml", []byte(tt.data))
			var invalid *checks.InvalidError
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}
