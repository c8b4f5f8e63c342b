package checks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// A claim is what one requirement says of a device: result/reason, and
// /assurance of a pass or, where it matters, /severity; and part of the
// observed text.
type claim struct {
	name        string
	device      *device
	requirement string
	want        string
	observed    string
}

func hold(t *testing.T, baseline string, claims []claim) {
	t.Helper()
	for _, tt := range claims {
		t.Run(tt.name, func(t *testing.T) {
			v, ok := tt.device.judge(t, baseline)[tt.requirement]
			if !ok {
				t.Fatalf("%s has no %s", baseline, tt.requirement)
			}
			got := string(v.Result) + "/" + string(v.Reason)
			if v.Result == checks.Pass {
				got += "/" + string(v.Assurance)
			} else if strings.Count(tt.want, "/") == 2 {
				got += "/" + string(v.Severity)
			}
			if got != tt.want {
				t.Errorf("verdict = %s, want %s; observed: %s", got, tt.want, v.Observed)
			}
			if !strings.Contains(v.Observed, tt.observed) {
				t.Errorf("observed = %q, want %q in it", v.Observed, tt.observed)
			}
		})
	}
}

func unsupervised() *device {
	d := iPad().put("DeviceInformation.IsSupervised", false, "DeviceInformation")
	d.Supervised = checks.No
	return d
}

func shared() *device {
	d := iPad().restricted().put("device.shared_ipad", true, "DeviceInformation")
	d.EnrollmentType = "Shared iPad"
	return d
}

func userEnrolled() *device {
	d := iPad().put("device.enrollment_type", "User Enrollment (Device)", "Authenticate")
	d.EnrollmentType, d.Serial = "User Enrollment (Device)", ""
	return d
}

func iPhone(number bool) *device {
	d := iPad().put("device.model_family", "iPhone", "DeviceInformation").put("device.has_phone_number", number, "DeviceInformation")
	d.Platform = checks.IOS
	return d
}

func (d *device) on(os string) *device {
	d.OS = os
	return d
}

// forbiddenSince is when backups were first seen forbidden in backedUp.
var forbiddenSince = noon.AddDate(0, -1, 0)

func backedUp(date time.Time) *device {
	return iPad().restricted().put("device.cloud_backup_dated", true, "DeviceInformation").
		put("DeviceInformation.LastCloudBackupDate", date, "DeviceInformation").
		put("device.cloud_backup_forbidden_since", forbiddenSince, "Restrictions")
}

// declares puts a restriction of a Mac as the catalog tells it.
func (d *device) declares(key string, value any) *device {
	d.set.Put(fact.Fact{
		Key: fact.SettingKey(restrictions, key), Value: value, Hold: fact.Declared,
		ImposedBy: []string{"mac.cloud"}, Sources: answer("ProfileList/all"),
	})
	return d
}
