package judge_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

// answering is a device that enrolled and answered.
func answering(t testing.TB) *ward {
	w := newWard(t).sends(morning.Add(-time.Hour), "", dict{"MessageType": "Authenticate", "Topic": "com.apple.mgmt.test", "ProductName": "iPad14,1"})
	return w.answers("DeviceInformation", iPad).answers("Restrictions", restrictions("allowCloudBackup")).answers("SecurityInfo", dict{"SecurityInfo": dict{}})
}

func TestInputsAreTheSameWhenTheSameIsAnsweredAgain(t *testing.T) {
	before := judge.Inputs(answering(t).device, now)
	w := answering(t)
	for i := range w.device.Observations[1:] {
		o := &w.device.Observations[i+1]
		o.Last, o.Evidence.Body = now.Add(-time.Duration(i)*time.Minute), nil // in another order, and without bodies
	}
	if judge.Inputs(w.device, now.Add(time.Hour)) != before {
		t.Error("the same answers, later and in another order, are other inputs")
	}
}

func TestInputsAreOthersWhenSomethingElseIsKnown(t *testing.T) {
	before := judge.Inputs(answering(t).device, now)
	ofUser := dict{"GlobalRestrictions": dict{}, "UserID": "7A1C0000-0000-4000-8000-000000000001", "UserShortName": "clinic"}
	last := func(w *ward) *judge.Observation { return &w.device.Observations[len(w.device.Observations)-1] }
	for claim, change := range map[string]func(w *ward){
		"it is another device":                 func(w *ward) { w.device.ID = "another" },
		"the inventory says something else":    func(w *ward) { w.device.Asset.Ward = "7" },
		"the server's dates are known":         func(w *ward) { w.device.Server = []checks.Expiry{{What: "x", NotAfter: now}} },
		"a question is outstanding":            func(w *ward) { w.owes("ProfileList/all", false) },
		"an answer came":                       func(w *ward) { w.answers("ProfileList/all", dict{"ProfileList": []any{}}) },
		"a user's channel said something":      func(w *ward) { w.answers("Restrictions", ofUser) },
		"an answer has other bytes":            func(w *ward) { last(w).Evidence.SHA256[0]++ },
		"an answer has another status":         func(w *ward) { last(w).Evidence.Status = mdm.Error },
		"an answer began at another time":      func(w *ward) { last(w).Since = morning.Add(-time.Minute) },
		"an answer is dated in the future":     func(w *ward) { last(w).Last = now.Add(time.Minute) },
		"it enrolled anew after all answers":   func(w *ward) { w.device.Observations[0].Last = morning.Add(time.Minute) },
		"it enrolled anew before all answers":  func(w *ward) { w.device.Observations[0].Last = morning.Add(-time.Minute) },
		"an answer is from before it enrolled": func(w *ward) { last(w).Last = morning.Add(-2 * time.Hour) },
	} {
		w := answering(t)
		change(w)
		if judge.Inputs(w.device, now) == before {
			t.Errorf("%s: the same inputs", claim)
		}
	}
	put := answering(t)
	put.owes("Restrictions", false)
	off := answering(t)
	off.owes("Restrictions", true)
	if judge.Inputs(put.device, now) == judge.Inputs(off.device, now) {
		t.Error("what was put off and what was not answered are the same inputs")
	}
}

// A refusal that came after an answer counts, and one that came before does not.
func TestInputsTellWhichOfTwoAnswersIsNewer(t *testing.T) {
	refused := func(last time.Duration) judge.Device {
		w := answering(t).sends(morning, "Restrictions", dict{"Status": "Error", "CommandUUID": "WR-1"})
		w.device.Observations[len(w.device.Observations)-1].Last = morning.Add(last)
		return w.device
	}
	if judge.Inputs(refused(time.Minute), now) == judge.Inputs(refused(-time.Minute), now) {
		t.Error("a newer refusal and an older one are the same inputs")
	}
	if judge.Inputs(refused(time.Minute), now) != judge.Inputs(refused(time.Hour), now) {
		t.Error("by how much it is newer makes other inputs")
	}
}

func TestFactsThatChangeByThemselvesSayWhen(t *testing.T) {
	soon, late := newAuthority(t, 1, "Old RADIUS CA", now.Add(5*time.Hour)), newAuthority(t, 2, "New RADIUS CA", now.AddDate(1, 0, 0))
	judged := func(anchors ...authority) checks.DeviceResult {
		wifi := clinicWiFi(t, nil, false, anchors...)
		return newWard(t).answers("DeviceInformation", iPad).answers("ProfileList/all", wifi.lists()).judged(wifi, wpa2).Result
	}
	if got := judged(soon, late).RejudgeAt; !got.Equal(now.Add(5 * time.Hour)) {
		t.Errorf("judged again at %s, want when one anchor of two ends and counts no more", got)
	}
	if got := judged(soon).RejudgeAt; !got.IsZero() {
		t.Errorf("judged again at %s, want never: the only anchor counts after its end", got)
	}
}

func TestSubjectCarriesWhatTheInventorySays(t *testing.T) {
	w := answering(t)
	w.device.Asset = checks.Asset{AssetTag: "T-1", Ward: "7", Group: "ward 7"}
	s := w.judged(nil, hipaa).Result.Subject
	if diff := cmp.Diff(w.device.Asset, s.Asset); diff != "" {
		t.Errorf("asset (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ward 7"}, s.Groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if got := answering(t).judged(nil, hipaa).Result.Subject.Groups; got != nil {
		t.Errorf("groups %v, want none without an inventory", got)
	}
}
