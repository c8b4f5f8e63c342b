package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

const day = 24 * time.Hour

// enrolledWard has one device that is enrolled and one that left, both with
// answers of 200 days in a row, one every ten days; only restrictions changed.
func enrolledWard(t *testing.T, s *sqlite.State) (last time.Time) {
	t.Helper()
	at := monday()
	deliver := func(e mdm.Evidence) { check(t, s.Deliver(t.Context(), e)) }
	for _, id := range []string{"D1", "D2"} {
		deliver(storetest.CheckIn(id, mdm.Authenticate, `<key>SerialNumber</key><string>SERIAL-`+id+`</string>`, at))
		deliver(storetest.CheckIn(id, mdm.TokenUpdate, ``, at))
	}
	for i := range 21 {
		at = monday().Add(time.Duration(i) * 10 * day)
		for _, id := range []string{"D1", "D2"} {
			for _, q := range []mdm.QueryKey{"SecurityInfo", "Restrictions"} {
				deliver(storetest.Answer(id, q, fmt.Sprint(id, q, i), fmt.Sprint("answer ", i), at))
			}
		}
	}
	deliver(storetest.CheckIn("D2", mdm.CheckOut, ``, at))
	return at
}

func prunedOf(list []store.Pruned, stock store.Stock) store.Pruned {
	for _, p := range list {
		if p.Stock == stock {
			return p
		}
	}
	return store.Pruned{}
}

func TestABodyGoesAndItsDigestStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, db := openState(t, path), rawDB(t, path)
	last := enrolledWard(t, s)
	read := func() []store.Observation {
		list, err := s.Observations(t.Context(), "D1")
		check(t, err)
		return list
	}
	const rows = `SELECT id, hex(sha256), hex(received_sha256), received, last FROM evidence ORDER BY id`
	before, kept, now := query(t, db, rows), read(), last.Add(400*day)
	cutoff := now.Add(-90 * day)

	would, err := s.PruneEvidence(t.Context(), cutoff, monday(), now, true)
	check(t, err)
	if n := count(t, db, `SELECT count(*) FROM evidence WHERE pruned IS NOT NULL`); n != 0 {
		t.Errorf("a dry run pruned %d", n)
	}
	did, err := s.PruneEvidence(t.Context(), cutoff, monday(), now, false)
	check(t, err)
	if diff := cmp.Diff(would, did); diff != "" {
		t.Errorf("a dry run says otherwise (-dry +real):\n%s", diff)
	}
	p := prunedOf(did, store.EvidenceBodies)
	// Of D1 stay the newest of four slots and the 16 restrictions before.
	if want := int64(len(before) - 4 - 16); p.Count != want || p.Bytes == 0 || !p.Oldest.Equal(monday()) || p.Through != int64(len(before)) {
		t.Errorf("pruned %+v, want %d of %d", p, want, len(before))
	}
	if diff := cmp.Diff(before, query(t, db, rows)); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(kept, read()); diff != "" {
		t.Errorf("what judging reads of an enrolled device (-before +after):\n%s", diff)
	}
	if n := count(t, db, `SELECT count(*) FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE n.id = 'D2' AND length(body) > 0`); n != 0 {
		t.Errorf("%d bodies of a device that left are kept", n)
	}
	again, err := s.PruneEvidence(t.Context(), cutoff, monday(), now, false)
	check(t, err)
	if p := prunedOf(again, store.EvidenceBodies); p.Count != 0 {
		t.Errorf("a second time pruned %+v", p)
	}
	check(t, s.Deliver(t.Context(), storetest.Answer("D2", "SecurityInfo", "new", "answer 20", now)))
	if list, err := s.Observations(t.Context(), "D2"); err != nil || len(list) != 1 || len(list[0].Evidence.Body) == 0 {
		t.Errorf("after it came back: %+v, %v", list, err)
	}
}

func TestAHoldBeatsEachTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, db := openState(t, path), rawDB(t, path)
	now := enrolledWard(t, s).Add(4000 * day)
	gone := func() int64 { return count(t, db, `SELECT count(*) FROM evidence WHERE pruned IS NOT NULL`) }
	prune := func() {
		_, err := s.PruneEvidence(t.Context(), now.Add(-90*day), now.Add(-3000*day), now, false)
		check(t, err)
	}
	all, err := s.AddHold(t.Context(), store.Hold{Reason: "inquiry", Added: now})
	check(t, err)
	rows := count(t, db, `SELECT count(*) FROM evidence`)
	prune()
	if gone() != 0 || count(t, db, `SELECT count(*) FROM evidence`) != rows {
		t.Error("something was pruned under a hold on all devices")
	}
	one, err := s.AddHold(t.Context(), store.Hold{Serial: "serial-d2", Reason: "case 1", Added: now})
	check(t, err)
	check(t, s.ReleaseHold(t.Context(), all, now))
	prune()
	const ofD2 = `SELECT count(*) FROM evidence e JOIN enrollment n ON n.enrollment_key = e.enrollment WHERE n.id = 'D2' AND pruned IS NULL`
	if n := count(t, db, ofD2); n != rows/2+1 && n != (rows+1)/2 {
		t.Errorf("%d bodies of the held device are left of %d", n, rows)
	}
	check(t, s.ReleaseHold(t.Context(), one, now))
	if err := s.ReleaseHold(t.Context(), one, now); err == nil {
		t.Error("a hold was released twice")
	}
	prune()
	if n := count(t, db, ofD2); n > 1 { // the newest row stays, from which ids rise
		t.Errorf("%d bodies of the device are left", n)
	}
	if last, err := s.LastEvidence(t.Context()); err != nil || last != rows {
		t.Errorf("the last evidence is %d, %v; want %d as before", last, err, rows)
	}
	holds, err := s.Holds(t.Context())
	check(t, err)
	if len(holds) != 2 || holds[0].Released.IsZero() || holds[1].Reason != "case 1" {
		t.Errorf("holds %+v", holds)
	}
}

func TestHistoryGoesByItsTimeAndHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := storetest.NewFleet(4, 3, monday())
	check(t, f.Record(t.Context(), r))
	for i := range 4 { // past intervals of device 0 and 1, and a device that leaves
		f.Heard(monday().Add(time.Duration(i+1) * day))
		f.Turn(0, 0)
		f.Turn(1, 1)
		f.Devices[0].Verdicts[0].Observed = fmt.Sprint("seen on day ", i)
		if i == 1 {
			f.Devices = f.Devices[:3]
		}
		check(t, f.Record(t.Context(), r))
	}
	read := func() [][]string {
		return query(t, db, `SELECT device_id, requirement, result, since FROM v_current ORDER BY 1, 2`)
	}
	current, past := read(), count(t, db, `SELECT count(*) FROM verdict_past`)
	before := f.At.Add(time.Hour)
	holds := []store.Hold{{Device: "device-000000"}, {Device: "device-000001", Released: f.At}}

	would, err := r.PruneHistory(t.Context(), before, holds, true)
	check(t, err)
	did, err := r.PruneHistory(t.Context(), before, holds, false)
	check(t, err)
	for i, p := range would {
		if p != did[i] {
			t.Errorf("dry %+v, real %+v", p, did[i])
		}
	}
	if n := count(t, db, `SELECT count(*) FROM verdict_past`); n != count(t, db, `SELECT count(*) FROM verdict_past WHERE device = (SELECT device_key FROM device WHERE id = 'device-000000')`) || n == 0 || n == past {
		t.Errorf("%d of %d past intervals are left, want those of the held device", n, past)
	}
	if n := count(t, db, `SELECT count(*) FROM device WHERE id = 'device-000003'`); n != 0 {
		t.Error("a device that left and has no history is still there")
	}
	if diff := cmp.Diff(current, read()); diff != "" {
		t.Errorf("what is current (-before +after):\n%s", diff)
	}
	if n := count(t, db, `SELECT count(*) FROM text WHERE text = 'seen on day 1'`); n != 1 {
		t.Error("a text that the history of a held device mentions is gone")
	}
	if _, err := r.PruneHistory(t.Context(), before, nil, false); err != nil {
		t.Error(err)
	}
	if n := count(t, db, `SELECT count(*) FROM text WHERE text = 'seen on day 1'`); n != 0 {
		t.Error("a text that nothing mentions is still there")
	}
	// What is kept goes on as if nothing had been pruned.
	f.Heard(f.At.Add(time.Hour))
	kept, err := f.Keep(t.Context(), r)
	check(t, err)
	if kept != len(f.Devices) {
		t.Errorf("kept %d of %d devices", kept, len(f.Devices))
	}
	found, err := sqlite.CheckResults(t.Context(), path)
	check(t, err)
	if len(found.Faults) > 0 {
		t.Errorf("faults %q", found.Faults)
	}
	if p, err := r.PruneHistory(t.Context(), f.At.Add(day), []store.Hold{{}}, false); err != nil || len(p) != 0 {
		t.Errorf("under a hold on all: %+v, %v", p, err)
	}
}
