package fact_test

import (
	"testing"

	"github.com/wardround/wardround/checks/fact"
)

func TestASettingExistsFromItsFirstToItsLastVersion(t *testing.T) {
	const limits = "com.apple.applicationaccess"
	for _, tc := range []struct {
		name, key, platform, os string
		want                    bool
	}{
		{"its first version has it", "allowCloudPrivateRelay", "iOS", "15.0", true},
		{"an earlier one has not", "allowCloudPrivateRelay", "iOS", "14.8.1", false},
		{"a later one has", "allowCloudPrivateRelay", "iOS", "26.1", true},
		{"iPadOS is iOS", "allowCloudPrivateRelay", "iPadOS", "26.1", true},
		{"a platform without it has it in no version", "allowVideoConferencing", "macOS", "26.1", false},
		{"without a version some will do", "allowCloudPrivateRelay", "iOS", "", true},
		{"without a version none will not", "allowVideoConferencing", "macOS", "", false},
		{"a minor version of the last still has it", "allowPhotoStream", "iOS", "16.7.10", true},
		{"the next has not", "allowPhotoStream", "iOS", "17.0", false},
		{"minor versions count", "allowCallRecording", "iOS", "18.0", false},
		{"numbers are no text", "allowCloudBackup", "iOS", "10.3", true},
		{"a version that is none hides nothing", "allowCloudPrivateRelay", "iOS", "beta", true},
	} {
		s, _ := fact.SettingOf(limits, tc.key)
		if got := s.Exists(tc.platform, tc.os); got != tc.want {
			t.Errorf("%s: %s on %s %q: got %t, want %t", tc.name, tc.key, tc.platform, tc.os, got, tc.want)
		}
	}
	facetime, _ := fact.SettingOf(limits, "allowVideoConferencing")
	if !facetime.NeedsSupervision("iPadOS") || facetime.NeedsSupervision("macOS") {
		t.Error("FaceTime's key needs supervision on an iPad, and does not exist on a Mac")
	}
}

func TestACloneIsASetOfItsOwn(t *testing.T) {
	var s fact.Set
	s.Put(fact.Fact{Key: "device.platform", Value: "iOS"})
	c := s.Clone()
	c.Put(fact.Fact{Key: "device.platform", Value: "macOS"})
	c.Put(fact.Fact{Key: "device.os_major", Value: int64(26)})
	if s.Get("device.platform").Value != "iOS" || s.Has("device.os_major") {
		t.Error("what was put into the clone is in the set")
	}
	if new(fact.Set).Clone().Has("device.platform") {
		t.Error("a clone of nothing holds something")
	}
	var empty fact.Set
	empty.Clone().Put(fact.Fact{Key: "device.platform", Value: "iOS"})
}
