package fact_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks/fact"
)

func TestASettingIsFoundUnderAnySpelling(t *testing.T) {
	for spelling, want := range map[string]string{
		"forceWiFiWhitelisting": "forceWiFiToAllowedNetworksOnly", "blacklistedAppBundleIDs": "blockedAppBundleIDs",
		"whitelistedAppBundleIDs": "allowListedAppBundleIDs", "allowCloudBackup": "allowCloudBackup",
	} {
		got, ok := fact.SettingOf("com.apple.applicationaccess", spelling)
		if !ok || got.Key != want {
			t.Errorf("%s is found as %q, want %q", spelling, got.Key, want)
		}
	}
	for _, invented := range []string{"allowFaceTime", "allowcloudbackup", ""} {
		if got, ok := fact.SettingOf("com.apple.applicationaccess", invented); ok {
			t.Errorf("%q is found as %+v, want nothing", invented, got)
		}
	}
}

func TestSettingsSayWhereTheyExist(t *testing.T) {
	facetime, _ := fact.SettingOf("com.apple.applicationaccess", "allowVideoConferencing")
	want := fact.Setting{
		Domain: "com.apple.applicationaccess", Key: "allowVideoConferencing", Type: fact.Bool, Default: "true",
		Since:      map[string]string{"iOS": "4.0", "visionOS": "2.0"},
		Until:      map[string]string{},
		Supervised: map[string]bool{"iOS": true, "visionOS": true}, SharedIPad: true, Reported: true,
		Doc: facetime.Doc,
	}
	if diff := cmp.Diff(want, facetime); diff != "" {
		t.Errorf("allowVideoConferencing (-want +got):\n%s", diff)
	}
	if got := facetime.Platforms(); !slices.Equal(got, []string{"iOS", "visionOS"}) {
		t.Errorf("platforms = %v, want iOS and visionOS", got)
	}
	stream, _ := fact.SettingOf("com.apple.applicationaccess", "allowPhotoStream")
	if stream.Until["iOS"] != "16" {
		t.Errorf("allowPhotoStream ends with %q, want 16", stream.Until["iOS"])
	}
	drive, _ := fact.SettingOf("com.apple.applicationaccess", "allowCloudDocumentSync")
	if drive.SharedIPad {
		t.Error("iCloud Drive's key is said to be honoured on Shared iPad")
	}
	blocked, _ := fact.SettingOf("com.apple.applicationaccess", "blockedAppBundleIDs")
	allowed, _ := fact.SettingOf("com.apple.applicationaccess", "allowListedAppBundleIDs")
	if blocked.Default != "[]" || allowed.Default != "-" {
		t.Errorf("defaults %q and %q, want an empty block list, and no allow list rather than an empty one", blocked.Default, allowed.Default)
	}
	for _, s := range fact.Settings() {
		if s.Reported && s.Domain != "com.apple.applicationaccess" && s.Domain != "com.apple.mobiledevice.passwordpolicy" {
			t.Errorf("%s %s is said to be in the Restrictions answer", s.Domain, s.Key)
		}
		if _, mac := s.Since["macOS"]; s.Reported && mac && len(s.Since) == 1 {
			t.Errorf("%s is said to be reported by macOS, which reports none", s.Key)
		}
	}
}

func TestTheTableIsReadStrictly(t *testing.T) {
	row := func(edit func(f []string)) string {
		f := []string{"a.b", "key", "bool", "true", "5.0", "-", "-", "-", "-", "iOS", "no", "yes", "yes", "-", "Words."}
		edit(f)
		return fact.SettingColumns + "\n" + strings.Join(f, "\t") + "\n"
	}
	if _, err := fact.ParseSettings(row(func([]string) {})); err != nil {
		t.Fatalf("a good row is refused: %v", err)
	}
	for name, text := range map[string]string{
		"no header":                         "a.b\tkey\n",
		"nothing":                           "",
		"a column too few":                  fact.SettingColumns + "\na.b\tkey\n",
		"an empty column":                   row(func(f []string) { f[14] = "" }),
		"an unknown type":                   row(func(f []string) { f[2] = "boolean" }),
		"a version that is none":            row(func(f []string) { f[4] = "five" }),
		"a last version that is none":       row(func(f []string) { f[4] = "5.0-x" }),
		"a flag that is neither yes nor no": row(func(f []string) { f[10] = "maybe" }),
		"supervision where it is not":       row(func(f []string) { f[9] = "macOS" }),
		"a key of no platform":              row(func(f []string) { f[4], f[9] = "-", "-" }),
		"an alias that is a key":            row(func(f []string) { f[13] = "key" }),
	} {
		if _, err := fact.ParseSettings(text); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestTheVocabularyIsDeclaredOnce(t *testing.T) {
	seen := map[fact.Key]bool{}
	objects := map[fact.Type]bool{}
	for _, o := range fact.Objects() {
		objects[fact.ListOf(o.Name)] = true
		for _, f := range o.Fields {
			if f.Doc == "" || f.Type == "" {
				t.Errorf("%s.%s is not described", o.Name, f.Key)
			}
		}
	}
	scalar := []fact.Type{fact.Bool, fact.Int, fact.Double, fact.String, fact.Time, fact.Duration, fact.StringList}
	last := fact.Key("")
	for _, d := range fact.Vocabulary() {
		if seen[d.Key] || d.Doc == "" {
			t.Errorf("%s is there twice or not described", d.Key)
		}
		if !slices.Contains(scalar, d.Type) && !objects[d.Type] {
			t.Errorf("%s has type %s, which is not declared", d.Key, d.Type)
		}
		if d.Key < last {
			t.Errorf("%s comes after %s", d.Key, last)
		}
		seen[d.Key], last = true, d.Key
	}
}

func TestAnEmptySetAnswersNothing(t *testing.T) {
	var s fact.Set
	f := s.Get("device.platform")
	if f.Known() || f.Absent != fact.NotAsked || s.Has("device.platform") {
		t.Errorf("an empty set says %+v, want absent as not asked", f)
	}
	s.Put(fact.Fact{Key: "device.platform", Absent: fact.Silent})
	if !s.Has("device.platform") || s.Get("device.platform").Known() {
		t.Error("an absence that was put is not there, or counts as known")
	}
}
