package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// MaxAge is that of the verdicts of a Fleet.
const MaxAge = 48 * time.Hour

// A Fleet is what a round writes, ready to record.
type Fleet struct {
	At      time.Time
	Round   store.Round
	Devices []checks.DeviceResult
	Seen    map[string][]store.Seen // by device
	Inputs  map[string]mdm.Digest   // by device
}

// NewFleet judges n devices against one baseline of the given number of
// requirements, all last heard of at the given time: each device has one
// device channel and six observations, and about one verdict in ten fails.
func NewFleet(n, requirements int, at time.Time) *Fleet {
	b := &checks.Baseline{ID: "base", Version: "1.0", Digest: "d1", Title: "A baseline"}
	for i := range requirements {
		b.Requirements = append(b.Requirements, checks.Requirement{
			ID: fmt.Sprintf("req_%03d", requirements-i), Title: fmt.Sprintf("Requirement %d", i), Level: checks.Required, Severity: severity(i),
		})
	}
	f := &Fleet{At: at, Seen: make(map[string][]store.Seen), Inputs: make(map[string]mdm.Digest), Round: store.Round{Tool: "v0.1.0", Baselines: []*checks.Baseline{b}, Cursor: int64(n)}}
	for i := range n {
		f.addDevice(i, b)
	}
	f.total()
	return f
}

// NewFleetOf is a fleet of one device: the i-th that NewFleet makes, against
// the baseline of another fleet.
func NewFleetOf(i int, like *Fleet, at time.Time) *Fleet {
	f := &Fleet{At: at, Round: like.Round, Seen: make(map[string][]store.Seen, 1), Inputs: make(map[string]mdm.Digest, 1)}
	f.addDevice(i, like.Round.Baselines[0])
	f.total()
	return f
}

func severity(i int) checks.Severity {
	return []checks.Severity{checks.High, checks.Medium, checks.Low}[i%3]
}

func queries() []mdm.RequestType {
	return []mdm.RequestType{
		mdm.DeviceInformation, mdm.SecurityInfo, mdm.ProfileList, mdm.Restrictions, mdm.InstalledApplicationList, mdm.CertificateList,
	}
}

func (f *Fleet) addDevice(i int, b *checks.Baseline) {
	id := fmt.Sprintf("device-%06d", i)
	f.Inputs[id] = sha256.Sum256([]byte(id))
	for _, q := range queries() {
		f.Seen[id] = append(f.Seen[id], store.Seen{
			Enrollment: mdm.Enrollment{ID: id, Type: mdm.Device}, Query: mdm.QueryKey(q), Status: mdm.Acknowledged,
			SHA256: sha256.Sum256([]byte(id + string(q))), Since: f.At, Last: f.At, Count: 1,
		})
	}
	d := checks.DeviceResult{
		Subject: checks.Subject{
			ID: id, Serial: fmt.Sprintf("SERIAL%06d", i), Platform: checks.IPadOS, OS: "18.1", Model: "iPad14,1",
			Supervised: checks.Yes, EnrollmentType: string(mdm.Device),
		},
		Asked: true, Answered: true,
		Expiring: []checks.Expiry{{What: "identity", Detail: "issued by Clinic CA", NotAfter: f.At.Add(100*24*time.Hour + time.Hour)}},
	}
	for j, q := range b.Requirements {
		d.Verdicts = append(d.Verdicts, f.verdict(id, b.ID, q, (i*31+j*7)%10 == 0, j))
	}
	d.Status = map[string]checks.Status{b.ID: checks.StatusOf(d.Verdicts)}
	f.Devices = append(f.Devices, d)
}

func (f *Fleet) verdict(device, baseline string, q checks.Requirement, fails bool, j int) checks.Verdict {
	v := checks.Verdict{
		Device: device, Baseline: baseline, Requirement: q.ID, Result: checks.Pass, Reason: "as-required", Assurance: checks.Enforced,
		Level: q.Level, Severity: q.Severity, Expected: q.Title + " holds", Observed: "it holds", Message: "It is as required.", MaxAge: MaxAge,
	}
	if fails {
		v.Result, v.Reason, v.Assurance, v.Observed = checks.Fail, "setting-not-in-force", "", "it does not hold"
		v.Message, v.NextStep = "The setting is not in force.", "Install the profile."
	}
	v.Evidence = []checks.EvidenceRef{f.Ref(device, j%len(f.Seen[device])), f.Ref(device, 0)}
	v.FreshUntil = f.At.Add(MaxAge)
	return v
}

// Ref points to the i-th observation of a device.
func (f *Fleet) Ref(device string, i int) checks.EvidenceRef {
	s := f.Seen[device][i]
	return checks.EvidenceRef{Query: string(s.Query), Key: string(s.Query), SHA256: hex.EncodeToString(s.SHA256[:]), Collected: s.Last}
}

// Heard moves the fleet to a round at which every device has given the same
// answers again.
func (f *Fleet) Heard(at time.Time) {
	for i := range f.Devices {
		d := &f.Devices[i]
		seen := f.Seen[d.Subject.ID]
		for j := range seen {
			seen[j].Last, seen[j].Count = at, seen[j].Count+1
		}
		for j := range d.Verdicts {
			v := &d.Verdicts[j]
			v.FreshUntil = at.Add(MaxAge)
			for k := range v.Evidence {
				v.Evidence[k].Collected = at
			}
		}
	}
	f.At = at
}

// Turn makes one verdict fail, or pass again.
func (f *Fleet) Turn(device, verdict int) {
	d := &f.Devices[device]
	old := d.Verdicts[verdict]
	q := f.Round.Baselines[0].Requirements[verdict]
	d.Verdicts[verdict] = f.verdict(old.Device, old.Baseline, q, old.Result == checks.Pass, verdict)
	f.total()
}

// total adds up statuses and headline.
func (f *Fleet) total() {
	b := f.Round.Baselines[0]
	result := checks.BaselineResult{ID: b.ID, Version: b.Version, Digest: b.Digest, Title: b.Title}
	for i := range f.Devices {
		d := &f.Devices[i]
		d.Status[b.ID] = checks.StatusOf(d.Verdicts)
		result.Headline.Add(d.Verdicts)
		result.Headline.Expected++
		if d.Asked {
			result.Headline.Asked++
		}
		if d.Answered {
			result.Headline.Answered++
		}
	}
	f.Round.Results = []checks.BaselineResult{result}
}

// Record writes the fleet as one round.
func (f *Fleet) Record(ctx context.Context, r store.Results) error {
	return f.round(ctx, r, func(rec store.Recorder, d checks.DeviceResult) error {
		return rec.Device(ctx, d, f.Inputs[d.Subject.ID], f.Seen[d.Subject.ID])
	})
}

// Keep writes the fleet as one round in which each device is kept that can be,
// and returns how many were.
func (f *Fleet) Keep(ctx context.Context, r store.Results) (kept int, err error) {
	err = f.round(ctx, r, func(rec store.Recorder, d checks.DeviceResult) error {
		id := d.Subject.ID
		ok, err := rec.Keep(ctx, id, f.Inputs[id], f.Seen[id])
		if err != nil || ok {
			kept++
			return err
		}
		return rec.Device(ctx, d, f.Inputs[id], f.Seen[id])
	})
	return kept, err
}

func (f *Fleet) round(ctx context.Context, r store.Results, write func(store.Recorder, checks.DeviceResult) error) (err error) {
	rec, err := r.Begin(ctx, f.At)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rec.Discard()) }()
	for _, d := range f.Devices {
		if err := write(rec, d); err != nil {
			return err
		}
	}
	return rec.Commit(ctx, f.Round)
}

func record(t *testing.T, r store.Results, f *Fleet) {
	t.Helper()
	if err := f.Record(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func devices(t *testing.T, r store.Results, now time.Time) []checks.DeviceResult {
	t.Helper()
	var list []checks.DeviceResult
	err := r.EachDevice(t.Context(), now, func(d checks.DeviceResult) error {
		list = append(list, d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func baselines(t *testing.T, r store.Results, now time.Time) []checks.BaselineResult {
	t.Helper()
	list, err := r.BaselineResults(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ward is an inventory of which two devices of a Fleet are, five are not
// enrolled, and one more is not due yet.
func ward() []store.Item {
	var items []store.Item
	for i, serial := range []string{"AAA", "BBB", "CCC", "DDD", "EEE", "LATER", "SERIAL000000", "SERIAL000002"} {
		items = append(items, store.Item{Serial: serial, Asset: checks.Asset{AssetTag: fmt.Sprint("T-", i), Site: "North", Group: "ward 7"}})
	}
	items[1].ExpectedBy = noon()
	items[5].ExpectedBy = noon().Add(24 * time.Hour)
	return items
}

// variety is a fleet in which every field of a verdict has several values.
func variety() *Fleet {
	f := NewFleet(3, 8, noon())
	d := &f.Devices[1]
	d.Subject = checks.Subject{ID: d.Subject.ID, Platform: checks.UnknownPlatform, Supervised: checks.NotKnown, Groups: []string{"ward 7", "a", "ward 7 north"}}
	d.Answered, d.Expiring = false, nil
	d.RejudgeAt = noon().Add(time.Hour)
	d.Problems = []checks.Problem{{Path: "b.example", Code: "ambiguous-match", Message: "two fit"}, {Path: "a.mobileconfig", Code: "unreadable", Message: "it is empty"}}
	f.Devices[0].Problems = d.Problems[:1:1]
	f.Devices[0].Subject.Groups = []string{"ward 7"}
	f.Devices[0].Subject.Asset = checks.Asset{AssetTag: "T-1", Site: "North", Ward: "7", OwnerRole: "nurse", Group: "ward 7"}
	f.Devices[2].Expiring = []checks.Expiry{
		{What: "identity", Detail: "issued by Clinic CA", NotAfter: noon().Add(-time.Hour)},
		{What: "identity", Detail: "issued by Clinic CA", NotAfter: noon().Add(time.Hour)},
		{What: "radius-anchor", Detail: "CN=Clinic RADIUS \"CA\"", NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	}
	user := mdm.Enrollment{ID: d.Subject.ID + ":user-1", Type: mdm.User, ParentID: d.Subject.ID}
	seen := f.Seen[d.Subject.ID]
	seen[2].Enrollment = user
	older := seen[3]
	older.SHA256, older.Last = mdm.Digest{1}, noon().Add(-time.Hour)
	f.Seen[d.Subject.ID] = append(seen, older)

	v := d.Verdicts
	v[0].Evidence = nil
	v[1].Evidence[0].Collected = noon().Add(-time.Hour) // no observation: an imported file
	v[1].FreshUntil = noon().Add(MaxAge - time.Hour)
	v[2].FreshUntil, v[2].RejudgeAt = time.Time{}, noon().Add(time.Minute)
	v[3].FreshUntil, v[3].RejudgeAt = noon().Add(time.Minute), noon().Add(time.Minute)
	v[4].Evidence = append(v[4].Evidence, f.Ref(d.Subject.ID, 6)) // the older Restrictions
	v[4].Result, v[4].Reason, v[4].Assurance = checks.Unknown, "silent", ""
	v[5].Result, v[5].Level, v[5].Severity, v[5].MaxAge = checks.NotApplicable, checks.Informational, "", 0
	v[5].FreshUntil = time.Time{}
	v[6].Result, v[6].Reason, v[6].NextStep = checks.NotChecked, checks.ReasonNotAttested, "\x00 \"quoted\"\nlines ü"
	v[7].Result, v[7].RejudgeAt = checks.Error, v[7].FreshUntil
	f.total()
	f.Round.Inventory = ward()
	f.Round.Results[0].Headline.Expected = 8 // those of the inventory that are due, and the device without a serial number
	f.Round.Results[0].Organisation = []checks.Verdict{
		{Baseline: "base", Requirement: "wr_governance_baa_signed", Result: checks.NotChecked, Reason: "not-attested", Level: checks.Required, Severity: checks.High},
		{Baseline: "base", Requirement: "wr_governance_audit_logs", Result: checks.NotChecked, Reason: "not-attested", Level: checks.Recommended, Severity: checks.Low},
	}
	f.Round.Sweep = store.Sweep{ID: 4, Started: noon().Add(-time.Minute), Ended: noon(), Asked: 3, Answered: 2, Silent: 1}
	f.Round.Problems = []checks.Problem{{Path: "a.mobileconfig", Code: "unreadable", Message: "it is empty"}}
	return f
}
