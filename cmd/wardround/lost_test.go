package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
)

// lostWard keeps what a device said around a loss.
func lostWard(t testing.TB, at time.Time) string {
	t.Helper()
	dir := t.TempDir()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	p := pad("D1")
	deliver := func(when time.Time, query mdm.QueryKey, uuid string, message keys) {
		t.Helper()
		message["CommandUUID"], message["Status"] = uuid, "Acknowledged"
		e, _, err := mdm.Receive(p.body(t, message), when)
		if err != nil {
			t.Fatal(err)
		}
		e.Asked(query)
		if err := state.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for day := range 3 {
		for q, reply := range p.replies() {
			deliver(at.AddDate(0, 0, day-3), q, string(q)+string(rune('0'+day)), reply)
		}
	}
	backedUp := p.replies()["DeviceInformation"]
	backedUp["QueryResponses"].(keys)["IsCloudBackupEnabled"] = true
	deliver(at.Add(time.Hour), "", "WR-later", backedUp)
	deliver(at.Add(2*time.Hour), "DeviceLock", "theirs", keys{})
	err = state.ReplaceInventory(t.Context(), []store.Item{{Serial: "SND1", Asset: checks.Asset{AssetTag: "TAG-1", Ward: "7"}}})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestThePageOfALostDeviceComesFromWhatIsKept(t *testing.T) {
	at := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	dir := lostWard(t, at)
	var out, errs bytes.Buffer
	opts := lostOptions{since: "2026-11-20 22:00", zone: "UTC", format: "json"}
	if err := runLost(t.Context(), "D1", opts, Config{Dir: dir}, at.AddDate(0, 0, 2), &out, &errs); err != nil {
		t.Fatal(err)
	}
	var page struct {
		Device struct {
			ID string `json:"id"`
		} `json:"device"`
		Contact struct {
			Before, After struct {
				At struct{ UTC string }
			}
		} `json:"contact"`
		Commands struct {
			Named []struct{ Does, Outcome string }
		} `json:"commands"`
		Facts []struct{ Key, Value, State string } `json:"facts"`
		Later []struct {
			Name, Value string
			Changed     bool
		} `json:"later"`
	}
	if err := json.Unmarshal(out.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	if page.Contact.Before.At.UTC != "2026-11-19T22:00:00Z" || page.Contact.After.At.UTC != "2026-11-20T23:00:00Z" {
		t.Errorf("got contact %+v, want a day before the loss and an hour after", page.Contact)
	}
	if len(page.Commands.Named) != 1 || page.Commands.Named[0].Does != "lock" {
		t.Errorf("got commands %+v, want the lock that another server sent", page.Commands.Named)
	}
	for _, f := range page.Facts {
		if f.Key == "DeviceInformation.IsCloudBackupEnabled" && (f.Value != "no" || f.State != "known") {
			t.Errorf("got iCloud Backup %+v at the loss, want what was answered before it", f)
		}
	}
	found := false
	for _, l := range page.Later {
		found = found || l.Name == "iCloud Backup on" && l.Value == "yes" && l.Changed
	}
	if !found {
		t.Errorf("got later answers %+v, want that it was turned on", page.Later)
	}
	if strings.Contains(out.String(), "TAG-1") {
		t.Error("a device that never told its serial number in a check-in has no row in the inventory")
	}
}

func TestUnlikeNames(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		near       bool
	}{
		{"a letter wrong", "TAG-17", "TAG-71", true},
		{"in another case", "tag-1", "TAG-12", true},
		{"cut off", "DMPX", "DMPX000117", true},
		{"nothing alike", "TAG-1", "C02SIM000001", false},
		{"three letters off", "abcdef", "abcxyz", false},
		{"too short to be like anything", "a", "b", false},
		{"nothing", "", "x", false},
	} {
		if got := unlikeness(c.a, c.b) <= farthest; got != c.near {
			t.Errorf("%s: got near %v, want %v", c.name, got, c.near)
		}
	}
}

func TestWhichEnrollmentIsMeant(t *testing.T) {
	enrollment := func(id string, enabled bool, seen time.Time) store.Enrolled {
		return store.Enrolled{Enrollment: mdm.Enrollment{ID: id, Type: mdm.Device}, Serial: "SN", Enabled: enabled, LastSeen: seen}
	}
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	for _, c := range []struct {
		name, called, want string
		enrolled           []store.Enrolled
		others             int
	}{
		{"the one that stands", "SN", "B", []store.Enrolled{enrollment("A", false, late), enrollment("B", true, early)}, 1},
		{"of those that ended the last", "SN", "B", []store.Enrolled{enrollment("A", false, early), enrollment("B", false, late)}, 1},
		{"the one that was named", "A", "A", []store.Enrolled{enrollment("A", false, early), enrollment("B", true, late)}, 1},
		{"the only one", "SN", "A", []store.Enrolled{enrollment("A", false, early)}, 0},
		{"two that stand are told apart by their ids", "SN", "", []store.Enrolled{enrollment("A", true, early), enrollment("B", true, late)}, 0},
	} {
		got, others, err := chooseEnrollment(c.enrolled, c.called)
		if got.ID != c.want || len(others) != c.others || (err != nil) != (c.want == "") {
			t.Errorf("%s: got %q, %v, %v, want %q and %d others", c.name, got.ID, others, err, c.want, c.others)
		}
	}
}
