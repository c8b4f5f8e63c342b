package remedy_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/remedy"
	"github.com/wardround/wardround/profiles"
)

const hipaa = "hipaa-no-facetime"

// claims lists what a plan claims of a device.
func claims(p remedy.Plan, device string) []string {
	var list []string
	for _, c := range p.Claims {
		if c.Device == device {
			list = append(list, c.Requirement)
		}
	}
	return list
}

// refusal finds the refusal of a key.
func refusal(p remedy.Plan, key string) (remedy.Refusal, bool) {
	i := slices.IndexFunc(p.Refused, func(r remedy.Refusal) bool { return r.Key == key })
	if i < 0 {
		return remedy.Refusal{}, false
	}
	return p.Refused[i], true
}

// task finds what has to be done by hand on a device for a requirement.
func task(p remedy.Plan, requirement, device string) remedy.Task {
	i := slices.IndexFunc(p.ByHand, func(t remedy.Task) bool {
		return slices.Contains(t.Requirements, requirement) && slices.Contains(t.Devices, device)
	})
	if i < 0 {
		return remedy.Task{}
	}
	return p.ByHand[i]
}

func TestARemedyTurnsEveryFailureThatASettingCanTurn(t *testing.T) {
	d := iPad("A")
	r := request(builtin(t, hipaa), nil, d)
	p := remedy.Make(r, noon)
	var failing []string
	for _, v := range r.Devices[0].Verdicts {
		if v.Result == checks.Fail {
			failing = append(failing, v.Requirement)
		}
	}
	got := claims(p, "A")
	slices.Sort(got)
	slices.Sort(failing)
	if diff := cmp.Diff(failing, got); diff != "" || len(got) < 12 {
		t.Errorf("of %d failures, %d are claimed (-failing +claimed):\n%s", len(failing), len(got), diff)
	}
	if len(p.Refused) > 0 || len(p.ByHand) > 0 || !slices.Equal(p.Devices, []string{"A"}) {
		t.Errorf("refused %v, by hand %v, devices %v; want none, none and A", p.Refused, p.ByHand, p.Devices)
	}
	text, err := p.Draft.Encode()
	if err != nil {
		t.Fatal(err)
	}
	written, err := profiles.Parse("remedy.mobileconfig", text)
	if err != nil || len(written.Problems) > 0 {
		t.Fatalf("the profile reads with error %v and problems %v", err, written.Problems)
	}
	for _, s := range written.Settings() {
		d.put(fact.SettingKey(s.Domain, s.Key), s.Value)
	}
	for _, v := range builtin(t, hipaa).Evaluate(d.subject, d.facts, noon) {
		if slices.Contains(got, v.Requirement) && v.Result != checks.Pass {
			t.Errorf("%s is claimed, and is %s/%s with the profile in force", v.Requirement, v.Result, v.Reason)
		}
	}
}

func TestOnlyWhatFailsIsSet(t *testing.T) {
	p := remedy.Make(request(builtin(t, hipaa), nil, iPad("A").setting("allowVideoConferencing", false).setting("allowCloudBackup", false)), noon)
	for _, key := range []string{"allowVideoConferencing", "allowCloudBackup", "allowPhotoStream"} {
		if slices.Contains(keys(p), key) {
			t.Errorf("%s is set, though nothing of it fails", key)
		}
	}
	required := request(builtin(t, hipaa), nil, iPad("A"))
	required.RequiredOnly = true
	if got := keys(remedy.Make(required, noon)); slices.Contains(got, "allowFindMyDevice") || !slices.Contains(got, "allowCloudBackup") {
		t.Errorf("required requirements alone set %v", got)
	}
}

func TestSupervisionComesFirst(t *testing.T) {
	p := remedy.Make(request(builtin(t, hipaa), nil, iPad("A").unsupervised()), noon)
	if slices.Contains(keys(p), "allowVideoConferencing") || !slices.Contains(keys(p), "allowCloudBackup") {
		t.Errorf("an unsupervised iPad is sent %v; FaceTime's key has no effect there, that of backup has", keys(p))
	}
	got := task(p, "os_facetime_disable", "A")
	if got.Kind != remedy.Supervise || !strings.Contains(got.Text, "Supervise the device") || !slices.Equal(got.Devices, []string{"A"}) {
		t.Errorf("FaceTime's task is %+v, want to supervise A", got)
	}
	if !strings.HasPrefix(p.Steps[0], "Supervise") {
		t.Errorf("the first step is %q", p.Steps[0])
	}
}

func TestASettingThatNeedsSupervisionWaitsUntilThatIsKnown(t *testing.T) {
	d := iPad("A").absent("DeviceInformation.IsSupervised", fact.NotReported).absent("device.supervised", fact.NotReported)
	d.subject.Supervised = checks.NotKnown
	p := remedy.Make(request(builtin(t, hipaa), nil, d), noon)
	if slices.Contains(keys(p), "allowVideoConferencing") || !slices.Contains(keys(p), "allowCloudBackup") {
		t.Errorf("an iPad that may be unsupervised is sent %v", keys(p))
	}
	if got := task(p, "os_facetime_disable", "A"); got.Kind != remedy.Hands {
		t.Errorf("FaceTime's task is %+v, want one for hands", got)
	}
}

func TestDevicesAreListedInOrder(t *testing.T) {
	p := remedy.Make(request(builtin(t, hipaa), nil, iPad("B"), iPad("C"), iPad("A")), noon)
	if want := []string{"A", "B", "C"}; !slices.Equal(p.Devices, want) {
		t.Errorf("devices are %v, want %v", p.Devices, want)
	}
}

func TestWhatNoProfileMendsIsSaid(t *testing.T) {
	enrolled := iPad("U")
	enrolled.subject.EnrollmentType = "User Enrollment (Device)"
	p := remedy.Make(request(builtin(t, hipaa), nil,
		iPad("A").put("DeviceInformation.IsDeviceLocatorServiceEnabled", true),
		iPad("B").put("DeviceInformation.IsCloudBackupEnabled", true),
		iPad("C").absent(fact.SettingKey(limits, "allowCloudBackup"), fact.Silent),
		mac("M"), enrolled), noon)
	for _, tc := range []struct {
		requirement string
		kind        remedy.Kind
		device      string
	}{
		{"wr_icloud_find_my_not_signed_in", remedy.SignOut, "A"},
		{"wr_icloud_backup_not_in_use", remedy.Hands, "B"},
		{"os_facetime_app_disable", remedy.Hands, "M"},
	} {
		if got := task(p, tc.requirement, tc.device); got.Kind != tc.kind || got.Text == "" {
			t.Errorf("%s: got task %+v, want %s on %s", tc.requirement, got, tc.kind, tc.device)
		}
	}
	for _, want := range []remedy.Task{
		{Kind: remedy.ReEnrol, Devices: []string{"U"}},
		{Kind: remedy.Unknown, Devices: []string{"C"}},
	} {
		if !slices.ContainsFunc(p.ByHand, func(got remedy.Task) bool { return got.Kind == want.Kind && slices.Equal(got.Devices, want.Devices) }) {
			t.Errorf("nothing of kind %s is said of %v", want.Kind, want.Devices)
		}
	}
	if slices.Contains(p.Devices, "U") {
		t.Error("the profile is meant for a User Enrollment, which cannot carry it")
	}
}

func TestAMacGetsWhatOnlyACopyCanProve(t *testing.T) {
	p := remedy.Make(request(builtin(t, hipaa), nil, mac("M")), noon)
	got := claims(p, "M")
	for _, want := range []string{"icloud_drive_disable", "icloud_mail_disable", "icloud_appleid_system_settings_disable", "os_account_modification_disable"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not claimed of a Mac without a profile; claimed are %v", want, got)
		}
	}
	for _, key := range []string{"allowVideoConferencing", "allowCloudBackup"} {
		if slices.Contains(keys(p), key) {
			t.Errorf("%s is set for a Mac, which has no such key", key)
		}
	}
	if types := len(p.Draft.Payloads); types != 2 {
		t.Errorf("%d payloads, want one for each of two types", types)
	}
}

func TestWhatARequiredRowForbidsIsLeftOut(t *testing.T) {
	facetime := builtin(t, "phsa-facetime")
	p := remedy.Make(request(builtin(t, hipaa), []*checks.Baseline{facetime}, iPad("A")), noon)
	got, refused := refusal(p, "allowVideoConferencing")
	if !refused || slices.Contains(keys(p), "allowVideoConferencing") {
		t.Fatalf("FaceTime is switched off where %s requires it: %v", facetime.ID, keys(p))
	}
	if !strings.Contains(got.Why, "wr_facetime_available, which phsa-facetime requires") {
		t.Errorf("it is left out because %q", got.Why)
	}
	if !slices.Contains(keys(p), "allowCloudBackup") {
		t.Error("what nobody forbids is left out too")
	}
	only := baselineOf(t, "ours", "  - {use: wr_facetime_available, level: recommended}\n")
	if p := remedy.Make(request(builtin(t, hipaa), []*checks.Baseline{only}, iPad("A")), noon); !slices.Contains(keys(p), "allowVideoConferencing") {
		t.Error("a recommended row stands in the way")
	}
}

func TestWhatWouldEndAPassIsLeftOut(t *testing.T) {
	needsAccounts := baselineOf(t, "ours", `  - id: wr_accounts_open
    title: Staff can sign in
    source: {key: ours, clause: "1"}
    level: required
    basis: stated
    severity: high
    check: setting["com.apple.applicationaccess"]["allowAccountModification"]
`)
	p := remedy.Make(request(builtin(t, hipaa), []*checks.Baseline{needsAccounts}, iPad("A"), iPad("B")), noon)
	got, refused := refusal(p, "allowAccountModification")
	if !refused || got.Why != "wr_accounts_open of ours passes now and would not any more" || !slices.Equal(got.Devices, []string{"A", "B"}) {
		t.Errorf("refusal of the account freeze: %+v", got)
	}
}

func TestRequirementsThatDisagreeAreBothLeftOut(t *testing.T) {
	wants := func(id, value string) string {
		return `  - id: ` + id + `
    title: Ratings
    source: {key: ours, clause: "1"}
    level: required
    basis: stated
    severity: high
    check: setting["com.apple.applicationaccess"]["ratingApps"] == ` + value + `
    settings: [{domain: com.apple.applicationaccess, key: ratingApps, value: ` + value + `}]
`
	}
	p := remedy.Make(request(baselineOf(t, "ours", wants("wr_low", "100")+wants("wr_high", "300")), nil, iPad("A")), noon)
	if len(p.Sets) != 0 || len(p.Refused) != 2 || p.Refused[0].Why != "wr_high and wr_low want different values" {
		t.Errorf("set %v, refused %+v", keys(p), p.Refused)
	}
}

func TestListsAddUp(t *testing.T) {
	wants := func(id, app string) string {
		return `  - id: ` + id + `
    title: Blocked
    source: {key: ours, clause: "1"}
    level: required
    basis: stated
    severity: high
    check: '"` + app + `" in setting["com.apple.applicationaccess"]["blockedAppBundleIDs"]'
    settings: [{domain: com.apple.applicationaccess, key: blockedAppBundleIDs, value: [` + app + `]}]
`
	}
	p := remedy.Make(request(baselineOf(t, "ours", wants("wr_a", "com.example.b")+wants("wr_b", "com.example.a")), nil, iPad("A")), noon)
	want := []remedy.Set{{Domain: limits, Key: "blockedAppBundleIDs", Value: []string{"com.example.a", "com.example.b"}, Requirements: []string{"wr_a", "wr_b"}}}
	if diff := cmp.Diff(want, p.Sets); diff != "" {
		t.Errorf("sets (-want +got):\n%s", diff)
	}
	if got := claims(p, "A"); len(got) != 2 {
		t.Errorf("claimed are %v, want both", got)
	}
}

func TestWhatASettingAloneDoesNotTurnIsNotSet(t *testing.T) {
	both := baselineOf(t, "ours", `  - use: os_airdrop_disable
  - id: wr_both
    title: No camera and a passcode
    source: {key: ours, clause: "1"}
    level: required
    basis: stated
    severity: high
    check: setting["com.apple.applicationaccess"]["allowCamera"] == false && SecurityInfo.PasscodePresent
    settings: [{domain: com.apple.applicationaccess, key: allowCamera, value: false}]
`)
	p := remedy.Make(request(both, nil, iPad("A").put("SecurityInfo.PasscodePresent", false)), noon)
	if got := keys(p); !slices.Equal(got, []string{"allowAirDrop"}) {
		t.Errorf("set are %v, want allowAirDrop alone", got)
	}
	if got := task(p, "wr_both", "A"); got.Kind != remedy.Hands {
		t.Errorf("the task is %+v, want one for hands", got)
	}
	if got := keys(remedy.Make(request(both, nil, iPad("A")), noon)); !slices.Contains(got, "allowCamera") {
		t.Errorf("with a passcode set are %v, want allowCamera too", got)
	}
}

func TestNoDeviceIsLockedOut(t *testing.T) {
	const knownOnly = "forceWiFiToAllowedNetworksOnly"
	networks := builtin(t, "wpa2-enterprise")
	known := baselineOf(t, "ours", "  - use: os_network_known_only\n  - use: os_airdrop_disable\n")
	for _, tc := range []struct {
		name    string
		target  *checks.Baseline
		devices []*device
		want    bool
		named   []string // in the refusal
	}{
		{"an unproved device is not restricted", known, []*device{iPad("A")}, false, []string{"A"}},
		{"one whose proof fails is not", known, []*device{iPad("A").proves(checks.Fail)}, false, []string{"A"}},
		{"one whose proof is unknown is not", known, []*device{iPad("A").proves(checks.Unknown)}, false, []string{"A"}},
		{"one proof does not outweigh the other", known, []*device{iPad("A").proves(checks.Pass).proves(checks.Unknown)}, false, []string{"A"}},
		{"a proved one is", known, []*device{iPad("A").proves(checks.Pass)}, true, nil},
		{"all that the profile is for must be proved", known, []*device{iPad("A").proves(checks.Pass), iPad("B").setting(knownOnly, true)}, false, []string{"B"}},
		{"a device that the profile is not for need not be", known, []*device{iPad("A").proves(checks.Pass), iPad("B").setting(knownOnly, true).setting("allowAirDrop", false)}, true, nil},
		{"the baseline's own row is no proof when it fails", networks, []*device{iPad("A").proves(checks.Pass)}, false, []string{"A"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := remedy.Make(request(tc.target, nil, tc.devices...), noon)
			if got := slices.Contains(keys(p), knownOnly); got != tc.want {
				t.Fatalf("restricted to known networks: got %t, want %t; refused %+v", got, tc.want, p.Refused)
			}
			got, refused := refusal(p, knownOnly)
			if refused == tc.want || !slices.Equal(got.Devices, tc.named) && !tc.want {
				t.Errorf("refusal %+v, want on account of %v", got, tc.named)
			}
			if refused && !strings.Contains(got.Why, "could not be reached again") {
				t.Errorf("it is refused because %q", got.Why)
			}
		})
	}
}

func TestASharedIPadIsLeftOutOfWhatItDoesNotAllow(t *testing.T) {
	shared := iPad("S").put("device.shared_ipad", true)
	shared.subject.EnrollmentType = "Shared iPad"
	p := remedy.Make(request(builtin(t, hipaa), nil, shared, iPad("A")), noon)
	if slices.Contains(p.Devices, "S") || len(claims(p, "S")) > 0 {
		t.Errorf("the profile with allowCloudDocumentSync is meant for %v", p.Devices)
	}
	got, refused := refusal(p, "allowVideoConferencing")
	if !refused || !slices.Equal(got.Devices, []string{"S"}) || !strings.Contains(got.Why, "allowCloudDocumentSync") {
		t.Errorf("refusal %+v", got)
	}
	alone := remedy.Make(request(builtin(t, hipaa), nil, shared), noon)
	if slices.Contains(keys(alone), "allowCloudDocumentSync") || !slices.Contains(keys(alone), "allowVideoConferencing") {
		t.Errorf("alone it gets %v", keys(alone))
	}
}

func TestLossesAndOrderArePartOfThePlan(t *testing.T) {
	p := remedy.Make(request(builtin(t, hipaa), nil, iPad("A"), iPad("B")), noon)
	for _, want := range []string{"not fully downloaded", "FaceTime disappears", "Accounts stay as they are"} {
		if !slices.ContainsFunc(p.Losses, func(l string) bool { return strings.Contains(l, want) }) {
			t.Errorf("that %q is not said; losses are %q", want, p.Losses)
		}
	}
	at := func(part string) int {
		i := slices.IndexFunc(p.Steps, func(s string) bool { return strings.Contains(s, part) })
		if i < 0 {
			t.Fatalf("no step has %q: %q", part, p.Steps)
		}
		return i
	}
	if pilot := at("Pilot it"); at("Sign personal accounts out") > pilot || at("download the originals") > pilot || at("the other 1 devices") < pilot {
		t.Errorf("the order is %q", p.Steps)
	}
	signIn := func(p remedy.Plan) bool {
		return slices.ContainsFunc(p.Steps, func(s string) bool { return strings.HasPrefix(s, "Sign in to FaceTime") })
	}
	kept := remedy.Make(request(builtin(t, hipaa), []*checks.Baseline{builtin(t, "phsa-facetime")}, iPad("A")), noon)
	if signIn(p) || !signIn(kept) {
		t.Errorf("to sign in to FaceTime first is said when it goes (%t) and when it stays (%t)", signIn(p), signIn(kept))
	}
	if last := p.Steps[len(p.Steps)-1]; !strings.Contains(last, "only what devices answer counts") {
		t.Errorf("the last step is %q", last)
	}
}

func TestAPlanIsTheSameEachTime(t *testing.T) {
	facetime := builtin(t, "phsa-facetime")
	plan := func() string {
		p := remedy.Make(request(builtin(t, hipaa), []*checks.Baseline{facetime}, iPad("B"), iPad("A").unsupervised(), mac("M")), noon)
		words, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		text, err := p.Draft.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(words) + string(text)
	}
	first := plan()
	if strings.Contains(first, "null") {
		t.Error("something in the plan is null")
	}
	for range 10 {
		if again := plan(); again != first {
			t.Fatalf("planned twice, differs:\n%s", cmp.Diff(first, again))
		}
	}
}

func TestNothingToMendIsAnEmptyPlan(t *testing.T) {
	p := remedy.Make(request(baselineOf(t, "ours", "  - use: os_airdrop_disable\n"), nil, iPad("A").setting("allowAirDrop", false)), noon)
	if len(p.Sets)+len(p.Claims)+len(p.ByHand)+len(p.Steps)+len(p.Devices) > 0 || p.Draft.Payloads != nil {
		t.Errorf("a device without a failure gets %+v", p)
	}
}

func TestEveryShippedSettingSaysWhatItCosts(t *testing.T) {
	for _, id := range checks.BuiltinIDs() {
		for _, r := range builtin(t, id).Requirements {
			for _, want := range r.Settings {
				if !remedy.HasLoss(want.Domain, want.Key) {
					t.Errorf("%s: nothing is said of what %s costs", r.ID, want.Key)
				}
			}
		}
	}
	row := limits + "\tallowChat\tMessages ends.\t-\n"
	for name, text := range map[string]string{
		"no header": row, "a column too few": remedy.LossColumns + "\n" + limits + "\tallowChat\n", "an unknown key": remedy.LossColumns + "\n" + limits + "\tallowChats\tx\t-\n",
		"an empty column": remedy.LossColumns + "\n" + limits + "\tallowChat\t\t-\n", "a key twice": remedy.LossColumns + "\n" + row + row,
	} {
		if _, err := remedy.ParseLosses(text); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := remedy.ParseLosses(remedy.LossColumns + "\n" + row); err != nil {
		t.Errorf("a good table is refused: %v", err)
	}
}
