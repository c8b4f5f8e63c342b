package judge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
)

func TestPlatformThatABaselineDoesNotCoverIsNeverMet(t *testing.T) {
	for _, tc := range []struct{ name, product, os string }{
		{"an Apple TV, which has FaceTime and no key for it", "AppleTV14,1", "18.1"},
		{"an Apple Watch", "Watch7,3", "11.1"},
		{"visionOS before the key", "RealityDevice14,1", "1.3"},
		{"an iPad that claims to be older than the key", "iPad14,1", "1.0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			info := dict{"QueryResponses": dict{
				"OSVersion": tc.os, "ProductName": tc.product, "IsSupervised": true, "IsMultiUser": false,
				"IsCloudBackupEnabled": false, "IsDeviceLocatorServiceEnabled": false,
			}}
			o := newWard(t).answers("DeviceInformation", info).
				answers("Restrictions", restrictions("allowAccountModification", "allowVideoConferencing", "allowCloudBackup")).
				answers("ProfileList/all", dict{"ProfileList": []any{}}).judged(nil, hipaa)
			if got := o.Result.Status[hipaa]; got != checks.Undetermined {
				t.Errorf("got %s, want undetermined", got)
			}
			if v := verdict(t, o, hipaa, "wr_device_supervised"); v.Reason != "platform-not-covered" {
				t.Errorf("got %s/%s, want unknown/platform-not-covered", v.Result, v.Reason)
			}
		})
	}
}

func TestAtTheSameTimeLeavingIsTheLastWord(t *testing.T) {
	for _, name := range []string{"CheckOut first", "CheckOut last"} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t)
			out := func() { w.sends(morning, "", dict{"MessageType": "CheckOut", "Topic": "com.apple.mgmt.test"}) }
			if name == "CheckOut first" {
				out()
			}
			w.answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowVideoConferencing"))
			if name == "CheckOut last" {
				out()
			}
			if got := passes(w.judged(nil, hipaa)); len(got) > 0 {
				t.Errorf("got passes %v, want none", got)
			}
		})
	}
}

func TestDeviceThatLeftIsStillNamed(t *testing.T) {
	o := newWard(t).answers("DeviceInformation", iPad).
		sends(morning.Add(time.Hour), "", dict{"MessageType": "CheckOut", "Topic": "com.apple.mgmt.test"}).judged(nil, hipaa)
	s := o.Result.Subject
	if s.Serial != "DMQX0001" || s.Platform != checks.IPadOS || s.Model != "iPad14,1" {
		t.Errorf("got %+v, want the iPad it was", s)
	}
	if v := verdict(t, o, hipaa, "os_facetime_disable"); v.Reason != "checked-out" {
		t.Errorf("got %s/%s, want unknown/checked-out", v.Result, v.Reason)
	}
}

func TestPartialProfileListSaysThatItIsOne(t *testing.T) {
	o := newWard(t).answers("DeviceInformation", iPad).answers("ProfileList", dict{"ProfileList": []any{}}).judged(nil, "wpa2-enterprise")
	v := verdict(t, o, "wpa2-enterprise", "wr_wifi_profiles_not_weak")
	if v.Result != checks.Unknown || v.Reason != "not-the-full-list" || !strings.Contains(v.Message, "installed by hand") {
		t.Errorf("got %s/%s %q, want unknown/not-the-full-list", v.Result, v.Reason, v.Message)
	}
}

func TestLongListsAreJudgedInTime(t *testing.T) {
	ids := make([]any, 0, 60_000)
	for i := range 60_000 {
		ids = append(ids, "com.example.app"+strings.Repeat("x", i%7)+time.Duration(i).String())
	}
	byProfile := dict{}
	for i := range 300 {
		byProfile["p"+time.Duration(i).String()] = dict{"union": dict{"blockedAppBundleIDs": list("com.other.a", "com.other.b")}}
	}
	w := newWard(t).answers("DeviceInformation", iPad).answers("Restrictions", dict{
		"GlobalRestrictions": dict{"union": dict{"blockedAppBundleIDs": list(ids...)}}, "ProfileRestrictions": byProfile,
	})
	done := make(chan checks.Status, 1)
	go func() { done <- w.judged(nil, hipaa).Result.Status[hipaa] }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("a long list kept the judge for more than 20 s: the time is not linear")
	}
}

func TestServersOwnDatesCountForEachDevice(t *testing.T) {
	for _, tc := range []struct {
		name string
		ends time.Time
		want checks.Reason
	}{
		{"the push certificate has ended", now.Add(-time.Hour), "credentials-expired"},
		{"it ends within warn_days", now.Add(10 * 24 * time.Hour), "credentials-expiring"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWard(t).answers("DeviceInformation", iPad)
			w.device.Server = []checks.Expiry{{What: checks.PushCertificate, Detail: "topic", NotAfter: tc.ends}}
			o := w.judged(nil, "wpa2-enterprise")
			if v := verdict(t, o, "wpa2-enterprise", "wr_wifi_credentials_valid"); v.Result != checks.Fail || v.Reason != tc.want {
				t.Errorf("got %s/%s, want fail/%s", v.Result, v.Reason, tc.want)
			}
			if len(o.Result.Expiring) != 1 || o.Result.Expiring[0].What != checks.PushCertificate {
				t.Errorf("got %v, want the push certificate among what expires", o.Result.Expiring)
			}
		})
	}
}
