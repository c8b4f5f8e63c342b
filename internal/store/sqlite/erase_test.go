package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// Zoe's device, and the channel of her account on it.
const (
	zoesDevice  = "00008030-00ZOE00DEVICE"
	zoesSerial  = "ZOESERIAL1"
	zoesTag     = "TAG-OF-ZOE"
	zoesChannel = zoesDevice + ":user-0123456789abcdef"
)

// zoesTraces are what must not be found after she was erased.
func zoesTraces() []string {
	return []string{zoesDevice, zoesSerial, zoesTag, "0123456789abcdef", "zoe-command"}
}

// zoesState has Zoe's device and another.
func zoesState(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.OpenState(t.Context(), path)
	check(t, err)
	at := monday()
	for _, d := range []struct{ id, serial string }{{zoesDevice, zoesSerial}, {"OTHER", "SERIAL2"}} {
		check(t, s.Deliver(t.Context(), storetest.CheckIn(d.id, mdm.Authenticate, `<key>SerialNumber</key><string>`+d.serial+`</string>`, at)))
		check(t, s.Deliver(t.Context(), storetest.CheckIn(d.id, mdm.TokenUpdate, ``, at)))
		_, err := s.Ask(t.Context(), []store.Outstanding{{Enrollment: d.id, Query: "SecurityInfo", CommandUUID: "WR-" + d.id, Sweep: 1, AskedAt: at}})
		check(t, err)
		check(t, s.Deliver(t.Context(), storetest.Answer(d.id, "SecurityInfo", "WR-"+d.id, "fine", at.Add(time.Hour))))
	}
	user := storetest.Answer(zoesChannel, "ProfileList/all", "zoe-command", "hers", at)
	user.Enrollment = mdm.Enrollment{ID: zoesChannel, Type: mdm.SharedIPad, ParentID: zoesDevice}
	check(t, s.Deliver(t.Context(), user))
	check(t, s.ReplaceInventory(t.Context(), []store.Item{{Serial: zoesSerial, Asset: checks.Asset{AssetTag: zoesTag}}, {Serial: "SERIAL2"}}))
	check(t, s.Write(t.Context(), nil, func(tx mdm.Tx) error {
		for _, id := range []string{zoesDevice, zoesChannel} {
			if _, err := tx.Exec(`INSERT INTO nano_enrollment (id, parent_id, type, push_magic) VALUES (?, '', '', 'zoe-command')`, id); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`INSERT INTO nano_certificate VALUES ('c0ffee', ?, 1)`, zoesDevice); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO nano_queue (enrollment, command_uuid, query, command, queued_at) VALUES (?, 'zoe-command', 'SecurityInfo', x'', 1)`, zoesDevice)
		return err
	}))
	check(t, s.Close())
}

// zoesResults are of the same two devices.
func zoesResults(t *testing.T, path string) {
	t.Helper()
	r, err := sqlite.OpenResults(t.Context(), path)
	check(t, err)
	f := storetest.NewFleet(2, 3, monday())
	d := &f.Devices[0]
	seen := f.Seen[d.Subject.ID]
	f.Seen[zoesDevice], f.Inputs[zoesDevice] = seen, f.Inputs[d.Subject.ID]
	d.Subject.ID, d.Subject.Serial = zoesDevice, zoesSerial
	d.Subject.Asset = checks.Asset{AssetTag: zoesTag, Site: "North", Ward: "7", OwnerRole: "nurse", Group: "ward 7"}
	d.Subject.Groups = []string{"ward 7"}
	for i := range d.Verdicts {
		d.Verdicts[i].Device = zoesDevice
	}
	d.Verdicts[0].Observed = "seen on " + zoesSerial
	d.Problems = []checks.Problem{{Path: zoesDevice, Code: "odd", Message: "an answer of " + zoesSerial + " is odd"}}
	user := seen[0]
	user.Enrollment = mdm.Enrollment{ID: zoesChannel, Type: mdm.SharedIPad, ParentID: zoesDevice}
	f.Seen[zoesDevice] = append(seen, user)
	f.Round.Inventory = []store.Item{{Serial: zoesSerial, Asset: checks.Asset{AssetTag: zoesTag}}}
	f.Round.Problems = []checks.Problem{{Path: zoesDevice, Code: "x", Message: "y"}}
	check(t, f.Record(t.Context(), r))
	f.Heard(monday().Add(time.Hour))
	f.Turn(0, 1)
	check(t, f.Record(t.Context(), r))
	check(t, r.Close())
}

// traces lists what of Zoe the files in a folder hold, byte for byte.
func traces(t *testing.T, dir string) (found []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	check(t, err)
	for _, name := range files {
		data, err := os.ReadFile(name)
		check(t, err)
		for _, trace := range zoesTraces() {
			if bytes.Contains(bytes.ToLower(data), bytes.ToLower([]byte(trace))) {
				found = append(found, filepath.Base(name)+": "+trace)
			}
		}
	}
	return found
}

func TestNothingOfAnErasedDeviceIsInAnyFile(t *testing.T) {
	for _, history := range []bool{false, true} {
		t.Run(fmt.Sprint("with its history ", history), func(t *testing.T) {
			dir := t.TempDir()
			state, results := filepath.Join(dir, "state.db"), filepath.Join(dir, "results.db")
			zoesState(t, state)
			zoesResults(t, results)
			if len(traces(t, dir)) < 6 {
				t.Fatalf("traces are only in %v: the test proves nothing", traces(t, dir))
			}
			now := monday().Add(2 * day)

			s, err := sqlite.OpenState(t.Context(), state)
			check(t, err)
			if _, err := s.EraseDevice(t.Context(), zoesSerial, "erased-1", now, false, false); !errors.Is(err, store.ErrEnrolled) {
				t.Errorf("erasing an enrolled device: %v", err)
			}
			check(t, s.Deliver(t.Context(), storetest.CheckIn(zoesDevice, mdm.CheckOut, ``, now)))
			digests := query(t, rawDB(t, state), `SELECT id, hex(sha256), hex(received_sha256), received FROM evidence ORDER BY id`)
			would, err := s.EraseDevice(t.Context(), zoesSerial, "erased-1", now, false, true)
			check(t, err)
			did, err := s.EraseDevice(t.Context(), zoesSerial, "erased-1", now, false, false)
			check(t, err)
			want := store.Erased{Channels: []string{zoesChannel, zoesDevice}, Serials: []string{zoesSerial}, Rows: 6}
			if diff := cmp.Diff([]store.Erased{want, want}, []store.Erased{would, did}); diff != "" {
				t.Errorf("erased (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(digests, query(t, rawDB(t, state), `SELECT id, hex(sha256), hex(received_sha256), received FROM evidence ORDER BY id`)); diff != "" {
				t.Errorf("rows of evidence (-before +after):\n%s", diff)
			}
			enrolled, err := s.Enrollments(t.Context())
			check(t, err)
			if len(enrolled) != 1 || enrolled[0].ID != "OTHER" {
				t.Errorf("enrollments %+v, want the other device alone", enrolled)
			}
			if again, err := s.EraseDevice(t.Context(), zoesSerial, "erased-2", now, false, false); err != nil || len(again.Channels) != 0 || again.Rows != 0 {
				t.Errorf("a second time: %+v, %v", again, err)
			}
			check(t, s.Close())

			r, err := sqlite.OpenResults(t.Context(), results)
			check(t, err)
			rows, err := r.EraseResults(t.Context(), did, "erased-1", now, history, false)
			check(t, err)
			if rows != 2 { // the device, and its row of the inventory
				t.Errorf("erased %d rows of the results", rows)
			}
			rows, err = r.EraseResults(t.Context(), did, "erased-2", now, history, false)
			check(t, err)
			if rows != 0 {
				t.Errorf("a second time: %d rows", rows)
			}
			check(t, r.Close())

			check(t, sqlite.CompactState(t.Context(), state))
			check(t, sqlite.CompactResults(t.Context(), results))
			if found := traces(t, dir); len(found) > 0 {
				t.Errorf("found %v", found)
			}
			wantSound(t, state, results)
			wantVerdicts(t, results, history)
		})
	}
}

// wantSound checks both files.
func wantSound(t *testing.T, state, results string) {
	t.Helper()
	s, err := sqlite.CheckState(t.Context(), state, true)
	check(t, err)
	r, err := sqlite.CheckResults(t.Context(), results)
	check(t, err)
	if len(s.Faults)+len(r.Faults) > 0 {
		t.Errorf("faults %q, %q", s.Faults, r.Faults)
	}
}

// wantVerdicts wants the intervals of the erased device to be closed and
// nameless, or gone, and a round to go on as if it had never been.
func wantVerdicts(t *testing.T, path string, history bool) {
	t.Helper()
	r, db := openResults(t, path), rawDB(t, path)
	intervals := count(t, db, `SELECT count(*) FROM v_history WHERE device_id LIKE 'erased-1%' AND until IS NOT NULL`)
	if want := int64(4); !history && intervals != want || history && intervals != 0 {
		t.Errorf("%d closed intervals of the erased device", intervals)
	}
	if n := count(t, db, `SELECT count(*) FROM _verdict v JOIN device d ON d.device_key = v.device WHERE d.id <> 'device-000001' AND d.device_key <> 0`); n != 0 {
		t.Errorf("%d open verdicts of the erased device", n)
	}
	if got := query(t, db, `SELECT enrolled, met + not_met + undetermined FROM v_headline WHERE group_name = ''`); got[0][0] != "1" || got[0][1] != "1" {
		t.Errorf("headline %v", got)
	}
	f := storetest.NewFleet(2, 3, monday().Add(3*day))
	f.Devices = f.Devices[1:]
	check(t, f.Record(t.Context(), r))
	if n := count(t, db, `SELECT count(*) FROM v_devices`); n != 1 {
		t.Errorf("%d devices after the next round", n)
	}
}

func TestANameThatNobodyHasIsLookedForNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	zoesResults(t, path)
	r, db := openResults(t, path), rawDB(t, path)
	texts := query(t, db, `SELECT text FROM text ORDER BY 1`)
	rows, err := r.EraseResults(t.Context(), store.Erased{Channels: []string{"it", "holds"}, Serials: []string{"it", "ZOESERIAL"}}, "erased-1", monday(), false, false)
	check(t, err)
	if rows != 0 {
		t.Errorf("erased %d rows", rows)
	}
	if diff := cmp.Diff(texts, query(t, db, `SELECT text FROM text ORDER BY 1`)); diff != "" {
		t.Errorf("texts (-before +after):\n%s", diff)
	}
}

func TestAHeldDeviceIsNotErased(t *testing.T) {
	for name, hold := range map[string]store.Hold{
		"by its serial number": {Serial: zoesSerial}, "by its id": {Device: zoesDevice}, "with all": {},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			zoesState(t, path)
			s := openState(t, path)
			hold.Reason, hold.Added = "case 1", monday()
			id, err := s.AddHold(t.Context(), hold)
			check(t, err)
			if _, err := s.EraseDevice(t.Context(), zoesDevice, "erased-1", monday(), true, false); !errors.Is(err, store.ErrHeld) {
				t.Errorf("the device: %v", err)
			}
			if _, err := s.EraseUser(t.Context(), zoesChannel, "erased-1", monday(), true, false); !errors.Is(err, store.ErrHeld) {
				t.Errorf("its user: %v", err)
			}
			check(t, s.ReleaseHold(t.Context(), id, monday()))
			if e, err := s.EraseDevice(t.Context(), zoesDevice, "erased-1", monday(), true, false); err != nil || len(e.Channels) != 2 {
				t.Errorf("once released: %+v, %v", e, err)
			}
		})
	}
}

func TestAnEnrolledDeviceGoesOnAfterItWasErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	zoesState(t, path)
	s, db := openState(t, path), rawDB(t, path)
	e, err := s.EraseDevice(t.Context(), zoesDevice, "erased-1", monday(), true, false)
	check(t, err)
	if !e.Enrolled || e.Rows == 0 {
		t.Errorf("erased %+v", e)
	}
	if n := count(t, db, `SELECT count(*) FROM nano_enrollment WHERE id = ?`, zoesDevice); n != 1 {
		t.Error("the server does not know the device any more")
	}
	if list, err := s.Observations(t.Context(), zoesDevice); err != nil || len(list) != 0 {
		t.Errorf("observations %+v, %v", list, err)
	}
	check(t, s.Deliver(t.Context(), storetest.Answer(zoesDevice, "SecurityInfo", "WR-2", "fine", monday().Add(day))))
	if list, err := s.Observations(t.Context(), zoesDevice); err != nil || len(list) != 1 || !list[0].Since.Equal(monday().Add(day)) {
		t.Errorf("observations %+v, %v: want the new answer, and no run of equal ones from before", list, err)
	}
}

func TestAUserIsErasedAlone(t *testing.T) {
	dir := t.TempDir()
	path, results := filepath.Join(dir, "state.db"), filepath.Join(dir, "results.db")
	zoesState(t, path)
	zoesResults(t, results)
	s, r := openState(t, path), openResults(t, results)
	e, err := s.EraseUser(t.Context(), zoesChannel, "erased-1", monday(), false, false)
	check(t, err)
	if diff := cmp.Diff(store.Erased{Channels: []string{zoesChannel}, Rows: 1}, e); diff != "" {
		t.Errorf("erased (-want +got):\n%s", diff)
	}
	before := count(t, rawDB(t, results), `SELECT count(*) FROM v_current`)
	_, err = r.EraseResults(t.Context(), e, "erased-1", monday().Add(day), false, false)
	check(t, err)
	for _, q := range []string{
		`SELECT count(*) FROM text WHERE instr(text, '0123456789abcdef')`,
		`SELECT count(*) FROM observation o JOIN text t ON t.text_key = o.channel WHERE t.text <> ''`,
	} {
		if n := count(t, rawDB(t, results), q); n != 0 {
			t.Errorf("%s: %d", q, n)
		}
	}
	if n := count(t, rawDB(t, results), `SELECT count(*) FROM v_current`); n != before {
		t.Errorf("%d verdicts, want %d as before", n, before)
	}
	if list, err := s.Observations(t.Context(), zoesDevice); err != nil || len(list) == 0 {
		t.Errorf("observations of the device %+v, %v", list, err)
	}
}

func TestADeviceIsErasedUnderTheIDsItHadBefore(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "results.db")
	r, err := sqlite.OpenResults(t.Context(), path)
	check(t, err)
	f := storetest.NewFleet(2, 3, monday())
	for i, id := range []string{"zoes-first-enrollment", "zoes-second-enrollment"} {
		d := &f.Devices[0]
		old := d.Subject.ID
		f.Seen[id], f.Inputs[id] = f.Seen[old], f.Inputs[old]
		d.Subject.ID, d.Subject.Serial = id, zoesSerial
		for j := range d.Verdicts {
			d.Verdicts[j].Device = id
		}
		f.Heard(monday().Add(time.Duration(i) * time.Hour))
		check(t, f.Record(t.Context(), r))
	}
	rows, err := r.EraseResults(t.Context(), store.Erased{Serials: []string{zoesSerial}}, "erased-1", monday().Add(day), false, false)
	check(t, err)
	if rows == 0 {
		t.Error("nothing was erased")
	}
	check(t, r.Close())
	check(t, sqlite.CompactResults(t.Context(), path))
	data, err := os.ReadFile(path)
	check(t, err)
	for _, trace := range []string{"zoes-first", "zoes-second", zoesSerial} {
		if bytes.Contains(data, []byte(trace)) {
			t.Errorf("found %s", trace)
		}
	}
}
