package mscp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/mscp"
)

// withErrors is a checkout with every error that is known of the source.
func withErrors(t *testing.T) mscp.Options {
	o := second("ios")
	o.Repo, o.Baseline = copied(t, "second"), "errors"
	const head = "title: A title\ndiscussion: Words.\ntags: [errors]\nplatforms:\n  iOS:\n    '26.0': {}\nreferences:\n  nist: {cce: {ios_26: [CCE-40000-0]}}\n"
	for id, rest := range map[string]string{
		"os_messages_app_disable":          "ddm_info: {declarationtype: a, ddm_value: {DeniedBinaries: [{SigningID: com.apple.Mail}]}}\n",
		"os_on_device_dictation_enforce":   "ddm_info: {declarationtype: a, ddm_key: ForceOnDeviceOnlyTranslation, ddm_value: true}\n",
		"os_on_device_translation_enforce": "ddm_info: {declarationtype: a, ddm_key: ForceOnDeviceOnlyTranslation, ddm_value: false}\n",
		"os_siri_server_logging_disable":   "mobileconfig_info:\n  - PayloadType: com.apple.applicationaccess\n    PayloadContent: [{allowSiriServerLogging: false}]\n",
		"os_call_again_disable":            "mobileconfig_info:\n  - PayloadType: com.apple.applicationaccess\n    PayloadContent: [{allowVideoConferenceingRemoteControl: false}]\n",
	} {
		put(t, o.Repo, "src/mscp/data/rules/os", id+".yaml", "id: "+id+"\n"+head+rest)
	}
	put(t, o.Repo, "src/mscp/data/rules/icloud/icloud_photos_disable.yaml", "id: icloud_photos_disable\n"+
		strings.Replace(head, "references:\n", "references:\n  cis: {benchmark: {ios_26: [AIOS-18-003450, 2.2.1]}}\n", 1)+
		"mobileconfig_info:\n  - PayloadType: com.apple.applicationaccess\n    PayloadContent: [{allowCloudPhotoLibrary: false}]\n")
	return o
}

func TestKnownErrorsAreNamed(t *testing.T) {
	r, b := imported(t, withErrors(t))
	var told []string
	for _, w := range r.Warnings {
		if w.Known {
			told = append(told, w.String())
		}
		if w.Corrected {
			t.Errorf("corrected without being asked: %s", w)
		}
	}
	all := strings.Join(told, "\n")
	for _, want := range []string{
		"os_messages_app_disable: its declaration denies com.apple.Mail",
		"os_on_device_dictation_enforce: its declaration sets ForceOnDeviceOnlyTranslation",
		"os_on_device_translation_enforce: its declaration turns off",
		"os_siri_server_logging_disable: it sets allowSiriServerLogging, which Apple's schema does not list",
		"os_call_again_disable: it sets allowVideoConferenceingRemoteControl",
		"icloud_photos_disable: it lists the STIG number AIOS-18-003450 as one of CIS",
		"CCE-40000-0 is the number of icloud_photos_disable and os_call_again_disable",
		"CCE numbers that are still placeholders: 1",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not told; told are\n%s", want, all)
		}
		if !strings.Contains(b.Discussion, strings.SplitN(want, " and ", 2)[0]) || !strings.Contains(string(r.Data), "# Note: "+want) {
			t.Errorf("%q is not in the file", want)
		}
	}
	if q := requirement(t, b, "os_call_again_disable"); q.Kind != checks.Manual || q.Reason != checks.ReasonSourceError {
		t.Errorf("a rule with a misspelt key is %s/%s, want it not judged", q.Kind, q.Reason)
	}
}

func TestKnownErrorsAreCorrectedWhereAsked(t *testing.T) {
	o := withErrors(t)
	o.Fix = true
	_, b := imported(t, o)
	call := requirement(t, b, "os_call_again_disable")
	if call.Check != `setting["com.apple.applicationaccess"]["allowVideoConferencingRemoteControl"] == false` || !call.Platforms[0].Supervised {
		t.Errorf("check %q, platforms %+v, want Apple's key and its supervision", call.Check, call.Platforms)
	}
	if !strings.Contains(call.Discussion, "Corrected on import: the key is allowVideoConferencingRemoteControl.") {
		t.Errorf("the correction is not noted: %q", call.Discussion)
	}
	photos := requirement(t, b, "icloud_photos_disable")
	if !slices.Equal(photos.References["cis"], []string{"2.2.1"}) || !slices.Equal(photos.References["stig"], []string{"AIOS-18-003450"}) {
		t.Errorf("references %v, want the STIG number among those of STIG", photos.References)
	}

	ios := second("ios")
	ios.Fix = true
	_, b = imported(t, ios)
	recording := requirement(t, b, "os_call_recording_disable")
	if !recording.Platforms[0].Supervised || len(recording.References["cce"]) != 0 {
		t.Errorf("platforms %+v, CCE %v, want supervision and no placeholder", recording.Platforms, recording.References["cce"])
	}
	mac := second("macos")
	mac.Fix = true
	_, b = imported(t, mac)
	if q := requirement(t, b, "os_facetime_app_disable"); !strings.Contains(q.Check, `"/System/Applications/FaceTime.app"`) {
		t.Errorf("check %q, want the path of today", q.Check)
	}
}
