package notify_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
)

// name is what must not get through: of a person, of a device, or said by one.
const name = "Anna Muster"

// anything makes devices of every sort, with names wherever one could be.
func anything(r *rand.Rand) []checks.DeviceResult {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var devices []checks.DeviceResult
	for i := range 1 + r.IntN(8) {
		d := checks.DeviceResult{
			Subject: checks.Subject{
				ID: fmt.Sprint(name, i), Serial: pick("", name+"WXYZ", "QXYZ"), OS: name, Build: name, Model: name, EnrollmentType: name, Profiles: name,
				Groups: []string{pick("ward", "theatre", "loan")},
				Asset:  checks.Asset{AssetTag: pick("", fmt.Sprint("A-", i)), Site: name, Ward: pick("", "3b", "2a"), OwnerRole: name, Group: pick("", "ward")},
			},
			Problems: []checks.Problem{{Path: name, Code: name, Message: name}},
			Status:   map[string]checks.Status{name: checks.Met},
		}
		for range r.IntN(3) {
			d.Expiring = append(d.Expiring, checks.Expiry{What: pick("identity", "radius-anchor"), Detail: name, NotAfter: monday().AddDate(0, 0, r.IntN(60)-10)})
		}
		for q := range r.IntN(6) {
			v := checks.Verdict{
				Device: name, Baseline: "base", Requirement: fmt.Sprint("wr_", q), Reason: name, Assurance: name, Expected: name, Observed: name, Message: name, NextStep: name,
				Result:   checks.Result(pick("pass", "fail", "unknown", "notapplicable", "notchecked", "error")),
				Level:    checks.Level(pick("required", "recommended", "informational")),
				Severity: checks.Severity(pick("low", "medium", "high")),
				Evidence: []checks.EvidenceRef{{Query: name, Key: name, SHA256: name}},
			}
			if r.IntN(4) == 0 {
				v.Waiver = &checks.StatementRef{
					ID: pick("W-1", "W-2"), State: checks.StatementState(pick("in-force", "expired")), Until: monday().AddDate(0, 0, r.IntN(60)), Digest: name,
				}
			}
			d.Verdicts = append(d.Verdicts, v)
		}
		devices = append(devices, d)
	}
	return devices
}

// anySnapshot is one of such devices.
func anySnapshot(r *rand.Rand, at time.Time) *notify.Snapshot {
	s := notify.NewSnapshot(at)
	h := checks.Headline{Expected: r.IntN(20), Enrolled: r.IntN(20), Judged: r.IntN(20)}
	s.AddBaseline(checks.BaselineResult{ID: "base", Title: name, Digest: name, Headline: h, Organisation: []checks.Verdict{
		{Baseline: "base", Requirement: "wr_policy", Result: []checks.Result{checks.Fail, checks.Pass}[r.IntN(2)], Level: checks.Required, Severity: checks.Low, Observed: name},
	}}, map[string]string{"wr_1": "FaceTime is off"})
	for _, d := range anything(r) {
		s.AddDevice(d, at.Add(-time.Duration(r.IntN(400))*time.Hour))
	}
	s.Server = []checks.Expiry{{What: checks.PushCertificate, Detail: name, NotAfter: monday().AddDate(0, 0, r.IntN(60))}}
	s.Lost, s.Canary = r.IntN(2), []notify.Canary{notify.NoCanary, notify.CanaryFails, notify.CanaryPasses}[r.IntN(3)]
	return s
}

func TestEqualSnapshotsHaveNothingToTell(t *testing.T) {
	for seed := range uint64(500) {
		s := anySnapshot(rand.New(rand.NewPCG(seed, 1)), monday())
		again := anySnapshot(rand.New(rand.NewPCG(seed, 1)), monday())
		if events := compare(t, s, again, notify.Config{Zone: "UTC"}); len(events) != 0 {
			t.Fatalf("seed %d: got %+v, want none", seed, events)
		}
	}
}

func TestWhatChangedBackIsToldTheOtherWayRound(t *testing.T) {
	count := func(events []notify.Event) map[notify.Kind]int {
		n := make(map[notify.Kind]int)
		for _, e := range events {
			n[e.Kind]++
		}
		return n
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		pass := func() *notify.Snapshot {
			var list []checks.DeviceResult
			for i := range 1 + r.IntN(5) {
				list = append(list, ipad(fmt.Sprint(i), []checks.Result{checks.Pass, checks.Fail}[r.IntN(2)], []checks.Result{checks.Pass, checks.Fail}[r.IntN(2)]))
			}
			for i := len(list); i < 5; i++ {
				list = append(list, ipad(fmt.Sprint(i), checks.Pass, checks.Pass))
			}
			return round(monday(), list...)
		}
		a, b := pass(), pass()
		there, back := count(compare(t, a, b, notify.Config{})), count(compare(t, b, a, notify.Config{}))
		if there[notify.NewlyFailing] != back[notify.Fixed] || there[notify.Fixed] != back[notify.NewlyFailing] {
			t.Fatalf("seed %d: there %v, back %v", seed, there, back)
		}
	}
}

func TestNoNameGetsThrough(t *testing.T) {
	told := 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 3))
		before, after := anySnapshot(r, monday().AddDate(0, 0, -1)), anySnapshot(r, monday())
		events := compare(t, before, after, notify.Config{Zone: "UTC"})
		told += len(events)
		m := notify.MessageOf(notify.Changes, 10, before.At, after.At, events...)
		j, err := json.Marshal(m)
		check(t, err)
		all, err := json.Marshal(events)
		check(t, err)
		for _, text := range []string{m.Subject(), m.Text(notify.MaxMail, time.UTC), string(j), string(all)} {
			if strings.Contains(text, "Anna") || strings.Contains(text, "Muster") || strings.Contains(text, "QXYZ") {
				t.Fatalf("seed %d: %s", seed, text)
			}
		}
	}
	if told < 500 {
		t.Errorf("only %d events were told of: this proves little", told)
	}
}
