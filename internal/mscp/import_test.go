package mscp_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/mscp"
)

// second and branch are the two layouts.
func second(os string) mscp.Options {
	return mscp.Options{Repo: "testdata/second", OS: os, Version: "26.0", Baseline: "clinic_lvl1"}
}

func branch() mscp.Options {
	return mscp.Options{Repo: "testdata/branch", OS: "ios", Version: "26.0", Baseline: "clinic"}
}

func imported(t testing.TB, o mscp.Options) (*mscp.Result, *checks.Baseline) {
	t.Helper()
	r, err := mscp.Import(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := checks.ParseBaseline(r.ID+".yaml", r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return r, b
}

func TestEachRuleOfTheListIsOneRequirement(t *testing.T) {
	tests := []struct {
		name    string
		options mscp.Options
		rules   int
		ways    map[mscp.Way]int
		reasons map[checks.Reason]int
	}{
		{
			"2.x, iOS", second("ios"), 23,
			map[mscp.Way]int{mscp.ByRestriction: 8, mscp.BySecurity: 3, mscp.ByProfile: 1, mscp.ByDeclaration: 1, mscp.NotAtAll: 10},
			map[checks.Reason]int{
				checks.ReasonDeclaration: 1, checks.ReasonInformational: 1, checks.ReasonInherent: 1, checks.ReasonManualReview: 2, checks.ReasonNoSetting: 1, checks.ReasonNotComparable: 1,
				checks.ReasonNotBySource: 1, checks.ReasonODVMissing: 1, checks.ReasonRuleNotFound: 1, checks.ReasonSourceError: 1,
			},
		},
		{
			"2.x, macOS", second("macos"), 10,
			map[mscp.Way]int{mscp.BySecurity: 2, mscp.ByProfile: 6, mscp.NotAtAll: 2},
			map[checks.Reason]int{checks.ReasonLocalOnly: 1, checks.ReasonNotComparable: 1},
		},
		{
			"a branch", branch(), 7,
			map[mscp.Way]int{mscp.ByRestriction: 3, mscp.BySecurity: 1, mscp.NotAtAll: 3},
			map[checks.Reason]int{checks.ReasonManualReview: 2, checks.ReasonRuleNotFound: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, b := imported(t, tt.options)
			if r.Rules != tt.rules || r.Written != tt.rules || len(b.Requirements) != tt.rules {
				t.Errorf("%d rules, %d written, %d read back, want %d of each", r.Rules, r.Written, len(b.Requirements), tt.rules)
			}
			if diff := cmp.Diff(r.Ways, tt.ways); diff != "" {
				t.Errorf("ways (-got +want):\n%s", diff)
			}
			if diff := cmp.Diff(r.Reasons, tt.reasons); diff != "" {
				t.Errorf("reasons (-got +want):\n%s", diff)
			}
			for _, f := range checks.Lint(b) {
				if !strings.Contains(f.Message, "no severity") && !strings.Contains(f.Message, "no discussion") {
					t.Errorf("lint: %s", f)
				}
			}
		})
	}
}

// requirement finds one of a baseline.
func requirement(t testing.TB, b *checks.Baseline, id string) checks.Requirement {
	t.Helper()
	i := slices.IndexFunc(b.Requirements, func(r checks.Requirement) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("%s has no requirement %s", b.ID, id)
	}
	return b.Requirements[i]
}

func TestConditionsSayWhatTheRulesWant(t *testing.T) {
	_, ios := imported(t, second("ios"))
	_, mac := imported(t, second("macos"))
	_, old := imported(t, branch())
	r := func(key string) string { return `setting["com.apple.applicationaccess"]["` + key + `"]` }
	tests := []struct {
		name     string
		baseline *checks.Baseline
		id, want string
	}{
		{"a switch", ios, "icloud_backup_disabled", r("allowCloudBackup") + " == false"},
		{"a real, of which less is stricter", ios, "os_safari_cookies_set", r("safariAcceptCookies") + " <= 1.5"},
		{"a list that denies", ios, "os_application_deny_list", `["org.example.chess", "org.example.go"].all(x, x in ` + r("blockedAppBundleIDs") + ")"},
		{"a list that allows, with the value of the source", old, "os_application_allow_list", r("allowListedAppBundleIDs") + `.all(x, x in ["org.example.mail", "org.example.map"])`},
		{"the list's own value", ios, "pwpolicy_minimum_length_enforce", `setting["com.apple.mobiledevice.passwordpolicy"]["minLength"] >= 8`},
		{"the organisation's own value", ios, "pwpolicy_max_inactivity_enforce", `setting["com.apple.mobiledevice.passwordpolicy"]["maxInactivity"] <= 4 && setting["com.apple.mobiledevice.passwordpolicy"]["maxInactivity"] > 0`},
		{"the branch's own value", old, "pwpolicy_account_lockout_enforce", `setting["com.apple.mobiledevice.passwordpolicy"]["maxFailedAttempts"] <= 6`},
		{"what makes a payload whole is not asked for", ios, "os_mail_maildrop_disable", `setting["com.apple.mail.managed"]["allowMailDrop"] == false`},
		{"a key that is new", ios, "os_new_switch_disable", r("allowTelepathy") + " == false"},
		{"a version's own payload", ios, "os_cookies_by_version", r("allowCamera") + " == false"},
		{"a shell check that SecurityInfo answers", mac, "os_sip_enable", "SecurityInfo.SystemIntegrityProtectionEnabled"},
		{"an answer comes before a payload", mac, "system_settings_filevault_enforce", "SecurityInfo.FDE_Enabled"},
		{"another domain in preferences", mac, "system_settings_time_server_enforce", `setting["com.apple.timed"]["TMAutomaticTimeOnlyEnabled"] == true`},
		{"dictionaries in dictionaries, and two payload types", mac, "os_nested_rule", `setting["org.example.editor"]["Sync.Cloud.Enabled"] == false && setting["org.example.editor"]["Sync.Retries"] == 3` +
			` && ["a.example", "b.example"].all(x, x in setting["org.example.editor"]["Sync.Hosts"]) && setting["org.example.viewer"]["Mode"] == "quiet"`},
		{"an old spelling", mac, "os_facetime_app_disable", `setting["com.apple.applicationaccess.new"]["familyControlsEnabled"] == true` +
			` && ["/Applications/FaceTime.app"].all(x, x in setting["com.apple.applicationaccess.new"]["pathDenyList"])`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := requirement(t, tt.baseline, tt.id).Check; got != tt.want {
				t.Errorf("check of %s is\n%s, want\n%s", tt.id, got, tt.want)
			}
		})
	}
}

func TestWhatTheSourceSaysIsKept(t *testing.T) {
	_, ios := imported(t, second("ios"))
	facetime := requirement(t, ios, "os_facetime_disable")
	want := []checks.PlatformRule{{Platform: checks.IOS, Min: "26.0", Max: "26", Supervised: true}}
	if diff := cmp.Diff(facetime.Platforms, want); diff != "" {
		t.Errorf("platforms (-got +want):\n%s", diff)
	}
	if facetime.Severity != checks.High || facetime.Level != checks.Required || facetime.Title != "FaceTime is off" {
		t.Errorf("severity %q, level %q, title %q", facetime.Severity, facetime.Level, facetime.Title)
	}
	refs := map[string][]string{"cce": {"CCE-10002-2"}, "800-53r5": {"AC-3", "CM-6"}, "800-171r3": {"03.04.06"}}
	if diff := cmp.Diff(facetime.References, refs); diff != "" {
		t.Errorf("references (-got +want):\n%s", diff)
	}
	recording := requirement(t, ios, "os_call_recording_disable")
	if got := recording.Platforms[0]; got.Min != "26.4" || got.Supervised {
		t.Errorf("a rule from 26.4 on that says it needs no supervision is %+v", got)
	}
	custom := requirement(t, ios, "os_safari_cookies_set")
	if !slices.Equal(custom.References["other"], []string{"clinic: Policy 7"}) || !strings.Contains(custom.Discussion, "Customised in custom/rules: references, tags") {
		t.Errorf("customised rule has %v and %q", custom.References["other"], custom.Discussion)
	}
	_, old := imported(t, branch())
	backup := requirement(t, old, "icloud_backup_disabled")
	refs = map[string][]string{"cce": {"CCE-30000-0"}, "800-53r5": {"AC-20"}, "stig": {"AIOS-26-000100"}, "cis-v8": {"4.1"}}
	if diff := cmp.Diff(backup.References, refs); diff != "" {
		t.Errorf("references of the branch (-got +want):\n%s", diff)
	}
	if old.Version != "26.0, iOS 26 Guidance, our own" {
		t.Errorf("version is %q", old.Version)
	}
}

func TestTheSameCheckoutGivesTheSameBytes(t *testing.T) {
	first, _ := imported(t, second("ios"))
	for range 3 {
		again, _ := imported(t, second("ios"))
		if !bytes.Equal(first.Data, again.Data) {
			t.Fatalf("other bytes:\n%s", cmp.Diff(string(first.Data), string(again.Data)))
		}
	}
}

func TestOwnValuesComeFirst(t *testing.T) {
	o := second("ios")
	o.Values = []byte("pwpolicy_minimum_length_enforce: 12\nos_banner_text: the ward\n")
	r, b := imported(t, o)
	length := requirement(t, b, "pwpolicy_minimum_length_enforce")
	if !strings.HasSuffix(length.Check, " >= 12") || length.Title != "A passcode has 12 characters or more" {
		t.Errorf("title %q, check %q, want 12 in both", length.Title, length.Check)
	}
	if got := requirement(t, b, "os_banner_text").Check; !strings.HasSuffix(got, `== "Property of the ward"`) {
		t.Errorf("check %q, want the value inside the text", got)
	}
	if r.Reasons[checks.ReasonODVMissing] != 0 {
		t.Error("a value that was given is said to be missing")
	}
}

func TestBadValuesAreRefused(t *testing.T) {
	for name, tt := range map[string]struct{ values, want string }{
		"a rule that is not in the baseline": {"os_sip_enable: 1\n", "ours.yaml:1: no rule of the baseline is called os_sip_enable"},
		"a rule without a value":             {"\nos_facetime_disable: 1\n", "ours.yaml:2: rule os_facetime_disable leaves no value"},
		"another kind":                       {"pwpolicy_minimum_length_enforce: twelve\n", "is a text, and the source's own is a number"},
		"beyond the source's bounds":         {"pwpolicy_minimum_length_enforce: 99\n", "is more than 16"},
		"nothing":                            {"pwpolicy_minimum_length_enforce:\n", "has no value"},
		"a rule twice":                       {"os_banner_text: a\nos_banner_text: b\n", `ours.yaml:2: key "os_banner_text" is there twice`},
		"no mapping":                         {"- 1\n", "ours.yaml:1: this is not a mapping"},
		"an alias":                           {"a: &a [1]\nb: *a\n", "anchors and aliases are not read"},
	} {
		t.Run(name, func(t *testing.T) {
			o := second("ios")
			o.Values, o.ValuesFile = []byte(tt.values), "ours.yaml"
			if r, err := mscp.Import(o); err == nil || r != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want %q", r, err, tt.want)
			}
		})
	}
}

func TestWhatIsNotThereIsToldWithWhatIs(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*mscp.Options)
		want   string
	}{
		"a baseline":       {func(o *mscp.Options) { o.Baseline = "cis" }, `there is no baseline "cis" for iOS 26.0; there are clinic_lvl1, other`},
		"a version":        {func(o *mscp.Options) { o.Version = "25" }, "no rule is for iOS 25.0; there are rules for ios 26.0, macos 26.0, visionos 26.0"},
		"a platform":       {func(o *mscp.Options) { o.OS = "ipados" }, "is not one of ios, macos, visionos"},
		"not a version":    {func(o *mscp.Options) { o.Version = "tahoe" }, `version "tahoe" is not such as 26.0`},
		"no checkout":      {func(o *mscp.Options) { o.Repo = "testdata" }, "no checkout of macos_security"},
		"no folder at all": {func(o *mscp.Options) { o.Repo = "testdata/nowhere" }, "open the checkout"},
	} {
		t.Run(name, func(t *testing.T) {
			o := second("ios")
			tt.change(&o)
			if r, err := mscp.Import(o); err == nil || r != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want %q", r, err, tt.want)
			}
		})
	}
}

func TestRulesThatNameABenchmarkMakeItsList(t *testing.T) {
	o := second("ios")
	o.Baseline = "other"
	r, b := imported(t, o)
	if want := 22; r.Rules != want {
		t.Errorf("%d rules, want the %d that name it", r.Rules, want)
	}
	if q := requirement(t, b, "os_facetime_disable"); q.Severity != checks.Low {
		t.Errorf("severity %q, want that of this list", q.Severity)
	}
	o.Baseline = "800-53r5_low"
	if r, _ := imported(t, o); r.Rules != 1 || r.ID != "mscp-ios-26-0-800-53r5-low" {
		t.Errorf("%d rules in %s, want the one with the tag", r.Rules, r.ID)
	}
}

func TestOfAKeyThatIsThereTwiceTheLastCounts(t *testing.T) {
	o := second("ios")
	o.Repo = copied(t, "second")
	o.Baseline = "twice"
	put(t, o.Repo, "src/mscp/data/rules/os/os_twice.yaml", "id: os_twice\ntitle: First\ntags: [twice]\nplatforms: {iOS: {'26.0': {}}}\ntitle: Second\n")
	r, b := imported(t, o)
	if got := requirement(t, b, "os_twice").Title; got != "Second" {
		t.Errorf("title %q, want that of the source's own reader", got)
	}
	if !slices.ContainsFunc(r.Warnings, func(w mscp.Warning) bool {
		return strings.Contains(w.Text, `os_twice.yaml:5: key "title" is there twice`)
	}) {
		t.Errorf("nobody is told: %v", r.Warnings)
	}
}

// copied gives a checkout that a test may change.
func copied(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(filepath.Join("testdata", from))); err != nil {
		t.Fatal(err)
	}
	return to
}

func put(t testing.TB, parts ...string) {
	t.Helper()
	name := filepath.Join(parts[:len(parts)-1]...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(parts[len(parts)-1]), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheCommitIsToldWhereItCanBeRead(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for name, files := range map[string][][2]string{
		"a branch":          {{".git/HEAD", "ref: refs/heads/main\n"}, {".git/refs/heads/main", commit + "\n"}},
		"a packed branch":   {{".git/HEAD", "ref: refs/heads/main\n"}, {".git/packed-refs", "# pack-refs\n" + commit + " refs/heads/main\n"}},
		"no branch":         {{".git/HEAD", commit + "\n"}},
		"not a commit":      {{".git/HEAD", "id: x\n# note\n"}},
		"out of the folder": {{".git/HEAD", "ref: ../../secret\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := second("ios")
			o.Repo = copied(t, "second")
			for _, f := range files {
				put(t, o.Repo, f[0], f[1])
			}
			r, b := imported(t, o)
			known := name != "not a commit" && name != "out of the folder"
			if got := bytes.Contains(r.Data, []byte("# Commit: "+commit)); got != known {
				t.Errorf("the commit is told: %v, want %v", got, known)
			}
			if got := strings.HasSuffix(b.Version, commit[:12]); got != known {
				t.Errorf("version %q", b.Version)
			}
		})
	}
}

func TestAThousandRulesTakeSeconds(t *testing.T) {
	o := second("macos")
	o.Repo = copied(t, "second")
	text, err := fs.ReadFile(os.DirFS(o.Repo), "src/mscp/data/rules/os/os_bonjour_disable.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		id := fmt.Sprintf("os_many_%04d", i)
		rule := strings.Replace(string(text), "id: os_bonjour_disable", "id: "+id, 1)
		rule = strings.Replace(rule, "NoMulticastAdvertisements", fmt.Sprintf("Key%d", i), 1)
		rule = strings.Replace(rule, "discussion: |", "discussion: |\n"+strings.Repeat("  A long line of words about this.\n", 60), 1) + "tags: [many]\n"
		put(t, o.Repo, "src/mscp/data/rules/os", id+".yaml", rule)
	}
	o.Baseline = "many"
	began := time.Now()
	r, _ := imported(t, o)
	if took := time.Since(began); took > 20*time.Second || r.Written != 1000 {
		t.Errorf("%d requirements in %v", r.Written, took)
	}
}
