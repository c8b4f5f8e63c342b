package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
)

// sharedIPad makes a data folder with a Shared iPad that checked out, on which
// zoe@clinic.example and max@clinic.example had sessions.
func sharedIPad(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	send := func(pairs string) {
		t.Helper()
		body := `<plist version="1.0"><dict><key>UDID</key><string>IPAD1</string>` + pairs + `</dict></plist>`
		e, _, err := state.PrivacyKey().Receive([]byte(body), time.Now())
		if err == nil {
			err = state.Deliver(t.Context(), e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const session = `<key>MessageType</key><string>TokenUpdate</string><key>UserID</key><string>` + mdm.SharedIPadUserID + `</string><key>UserShortName</key><string>%s</string>`
	send(`<key>MessageType</key><string>Authenticate</string><key>SerialNumber</key><string>DMPSHARED1</string>`)
	send(fmt.Sprintf(session, "zoe@clinic.example"))
	send(fmt.Sprintf(session, "max@clinic.example"))
	send(`<key>MessageType</key><string>CheckOut</string>`)
	if err := state.ReplaceInventory(t.Context(), []store.Item{{Serial: "DMPSHARED1"}}); err != nil {
		t.Fatal(err)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	results, err := sqlite.OpenResults(t.Context(), filepath.Join(dir, resultsFile))
	if err == nil {
		err = results.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func keepHouse(t *testing.T, args ...string) (status int, output string) {
	t.Helper()
	var out bytes.Buffer
	status = run(context.WithoutCancel(t.Context()), args, strings.NewReader(""), &out, &out)
	return status, out.String()
}

func channelsOf(t *testing.T, dir string) (ids []string) {
	t.Helper()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	enrolled, err := state.Enrollments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range enrolled {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestAUserIsErasedByTheAccountThatNobodyKept(t *testing.T) {
	dir := sharedIPad(t)
	before := channelsOf(t, dir)
	if len(before) != 3 || strings.Contains(strings.Join(before, ""), "zoe") {
		t.Fatalf("channels %v", before)
	}
	for _, device := range []string{"dmpshared1", "IPAD1"} { // by the serial number, then a second time
		status, out := keepHouse(t, "privacy", "erase", "--user", device+":zoe@clinic.example", "--yes", "--dir", dir)
		want := "nothing of it is kept"
		if device != "IPAD1" {
			want = "erased: 0 devices and 1 users of state.db with 1 rows"
		}
		if status != exitOK || !strings.Contains(out, want) {
			t.Errorf("erasing Zoe of %s: status %d, %s", device, status, out)
		}
	}
	after := channelsOf(t, dir)
	if len(after) != 2 || after[0] != "IPAD1" {
		t.Errorf("channels %v, want the device and Max", after)
	}
	gone := before[1]
	if after[1] == gone {
		gone = before[2]
	}
	for _, name := range []string{stateFile, resultsFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(strings.TrimPrefix(gone, "IPAD1:"))) {
			t.Errorf("%s still has %s", name, gone)
		}
	}
}

func TestNothingIsErasedWhileAnotherWorksWithTheFolder(t *testing.T) {
	dir := sharedIPad(t)
	unlock, err := lockFolder(filepath.Join(dir, lockFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"privacy", "erase", "--device", "DMPSHARED1", "--yes"}, {"db", "prune", "--vacuum"}, {"db", "migrate"},
	} {
		if status, out := keepHouse(t, append(args, "--dir", dir)...); status != exitUsage || !strings.Contains(out, "stop serve first") {
			t.Errorf("%v: status %d, %s", args, status, out)
		}
	}
	for _, args := range [][]string{{"db", "prune"}, {"db", "check"}, {"db", "backup", filepath.Join(t.TempDir(), "b")}, {"db", "hold", "list"}} {
		if status, out := keepHouse(t, append(args, "--dir", dir)...); status != exitOK {
			t.Errorf("%v, which disturbs nobody: status %d, %s", args, status, out)
		}
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(t.TempDir(), "public.db")
	t.Setenv("WARDROUND_SNAPSHOT_PATH", public)
	status, out := keepHouse(t, "privacy", "erase", "--device", "DMPSHARED1", "--yes", "--dir", dir)
	if status != exitOK || !strings.Contains(out, "erased: 1 devices and 2 users of state.db with 5 rows") {
		t.Errorf("status %d, %s", status, out)
	}
	if _, err := os.Stat(public); err != nil {
		t.Errorf("the published snapshot was not made anew: %v", err)
	}
	if ids := channelsOf(t, dir); len(ids) != 0 {
		t.Errorf("channels %v", ids)
	}
}
