package judge_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

type dict = map[string]any

const udid = "00008120-000A1B2C3D4E5F60"

// morning is when every answer of these tests came, now when it is judged.
var (
	morning = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	now     = morning.Add(2 * time.Hour)
)

// A ward builds one device from the messages it sent.
type ward struct {
	t      testing.TB
	device judge.Device
}

func newWard(t testing.TB) *ward { return &ward{t: t, device: judge.Device{ID: udid}} }

// sends files a message as a transport would: through Receive.
func (w *ward) sends(at time.Time, asked mdm.QueryKey, message dict) *ward {
	w.t.Helper()
	message = maps.Clone(message)
	if _, ok := message["EnrollmentID"]; !ok {
		message["UDID"] = udid
	}
	body, err := plist.WriteXML(message)
	if err != nil {
		w.t.Fatalf("write message: %v", err)
	}
	e, envelope, err := mdm.Receive(body, at)
	if err != nil {
		w.t.Fatalf("receive: %v", err)
	}
	enrollment, ok := envelope.Enrollment()
	if !ok {
		w.t.Fatal("message without an identity")
	}
	e.Enrollment = enrollment
	e.ID = int64(len(w.device.Observations) + 1)
	e.Asked(asked)
	w.device.Observations = append(w.device.Observations, judge.Observation{Evidence: e, Since: at, Last: at})
	return w
}

func (w *ward) answers(asked mdm.QueryKey, payload dict) *ward {
	w.t.Helper()
	message := dict{"Status": "Acknowledged", "CommandUUID": "WR-1"}
	maps.Copy(message, payload)
	return w.sends(morning, asked, message)
}

func (w *ward) owes(q mdm.QueryKey, notNow bool) *ward {
	w.device.Unanswered = append(w.device.Unanswered, judge.Question{Query: q, NotNow: notNow})
	return w
}

func (w *ward) judged(catalog judge.Catalog, baselines ...string) judge.Outcome {
	w.t.Helper()
	if len(baselines) == 0 {
		baselines = checks.BuiltinIDs()
	}
	var loaded []*checks.Baseline
	for _, id := range baselines {
		b, err := checks.Builtin(id)
		if err != nil {
			w.t.Fatalf("baseline %s: %v", id, err)
		}
		loaded = append(loaded, b)
	}
	return judge.Judge(w.device, catalog, loaded, now)
}

func verdict(t *testing.T, o judge.Outcome, baseline, requirement string) checks.Verdict {
	t.Helper()
	i := slices.IndexFunc(o.Result.Verdicts, func(v checks.Verdict) bool {
		return v.Baseline == baseline && v.Requirement == requirement
	})
	if i < 0 {
		t.Fatalf("no verdict for %s %s", baseline, requirement)
	}
	return o.Result.Verdicts[i]
}

var iPad = dict{"QueryResponses": dict{
	"OSVersion": "18.7.2", "ProductName": "iPad14,1", "ModelName": "iPad mini", "SerialNumber": "DMQX0001", "IsSupervised": true, "IsMultiUser": false,
	"IsCloudBackupEnabled": false, "IsDeviceLocatorServiceEnabled": false, "iTunesStoreAccountIsActive": false, "AwaitingConfiguration": false,
}}

var mac = dict{"QueryResponses": dict{
	"OSVersion": "26.1", "ProductName": "Mac14,2", "ModelName": "MacBook Air", "SerialNumber": "C02X0001", "IsSupervised": true,
}}

// restrictions is an answer in which the named keys are false and in force, set
// by one profile.
func restrictions(keys ...string) dict {
	bools := dict{}
	for _, k := range keys {
		bools[k] = dict{"value": false}
	}
	return dict{
		"GlobalRestrictions":  dict{"restrictedBool": bools},
		"ProfileRestrictions": dict{"ca.example.restrictions": dict{"restrictedBool": bools}},
	}
}
