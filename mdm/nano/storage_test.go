package nano_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/storage"

	"github.com/wardround/wardround/mdm/nano"
)

// A shelf is NanoMDM's storage on a file, with a clock of its own.
type shelf struct {
	storage.AllStorage
	dir  string
	late atomic.Int64 // nanoseconds that the clock is ahead
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{dir: t.TempDir()}
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s.AllStorage = nano.NewStorage(openState(t, s.dir), time.Hour, func() time.Time { return start.Add(time.Duration(s.late.Load())) })
	return s
}

// request is one that NanoMDM's services have resolved to the given enrollment.
func request(ctx context.Context, id string) *nanomdm.Request {
	r := nanomdm.NewRequestWithContext(ctx, nil)
	r.EnrollID = &nanomdm.EnrollID{ID: id, Type: nanomdm.Device}
	if device, _, user := strings.Cut(id, ":"); user {
		r.Type, r.ParentID = nanomdm.User, device
	}
	return r
}

// checkIn decodes a check-in of an enrollment with the given keys.
func checkIn[M any](t *testing.T, id, messageType, keys string) *M {
	t.Helper()
	device, user, isUser := strings.Cut(id, ":")
	if isUser {
		keys += "<key>UserID</key><string>" + user + "</string>"
	}
	m, err := nanomdm.DecodeCheckin(message(device, "<key>MessageType</key><string>"+messageType+"</string>"+keys))
	if err != nil {
		t.Fatal(err)
	}
	typed, ok := m.(*M)
	if !ok {
		t.Fatalf("decoded %T", m)
	}
	return typed
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) authenticate(t *testing.T, id string) {
	t.Helper()
	r := request(t.Context(), id)
	must(t, s.StoreAuthenticate(r, checkIn[nanomdm.Authenticate](t, id, "Authenticate", "<key>Topic</key><string>"+topic+"</string>")))
	must(t, s.ClearQueue(r))
	must(t, s.Disable(r))
}

// tokenUpdate sends a token made of the id, and more keys.
func (s *shelf) tokenUpdate(t *testing.T, id, more string) {
	t.Helper()
	keys := "<key>Topic</key><string>" + topic + "</string><key>PushMagic</key><string>magic of " + id + "</string><key>Token</key><data>AAEC</data>" + more
	must(t, s.StoreTokenUpdate(request(t.Context(), id), checkIn[nanomdm.TokenUpdate](t, id, "TokenUpdate", keys)))
}

func (s *shelf) enroll(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if !strings.Contains(id, ":") {
			s.authenticate(t, id)
		}
		s.tokenUpdate(t, id, "")
	}
}

// pushed lists which of the ids can be pushed.
func (s *shelf) pushed(t *testing.T, ids ...string) []string {
	t.Helper()
	infos, err := s.RetrievePushInfo(t.Context(), ids)
	must(t, err)
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return infos[id] == nil })
}

func (s *shelf) enqueue(t *testing.T, uuid string, ids ...string) map[string]error {
	t.Helper()
	cmd := &nanomdm.Command{CommandUUID: uuid, Raw: []byte("<plist version=\"1.0\"><dict><key>CommandUUID</key><string>" + uuid + "</string></dict></plist>")}
	cmd.Command.RequestType = "Made" + uuid
	failed, err := s.EnqueueCommand(t.Context(), ids, cmd)
	must(t, err)
	return failed
}

// report stores a report and returns the CommandUUID that comes next, as
// NanoMDM's core does.
func (s *shelf) report(t *testing.T, id, uuid, status string) string {
	t.Helper()
	r := request(t.Context(), id)
	must(t, s.StoreCommandReport(r, &nanomdm.CommandResults{CommandUUID: uuid, Status: status}))
	cmd, err := s.RetrieveNextCommand(r, status == "NotNow")
	must(t, err)
	if cmd == nil {
		return ""
	}
	if !strings.Contains(string(cmd.Raw), cmd.CommandUUID) || cmd.Command.RequestType != "Made"+cmd.CommandUUID {
		t.Errorf("command %s: request type %q, %q", cmd.CommandUUID, cmd.Command.RequestType, cmd.Raw)
	}
	return cmd.CommandUUID
}

func (s *shelf) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	return count(t, s.dir, query, args...)
}

// count reads one number from the file.
func count(t *testing.T, dir, query string, args ...any) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "state.db"))
	must(t, err)
	defer db.Close()
	must(t, db.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

func TestUsersAreChannelsOfTheirOwn(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "D", "D:U", "D:V")
	infos, err := s.RetrievePushInfo(t.Context(), []string{"D", "D:U"})
	must(t, err)
	if got := infos["D:U"]; got.PushMagic != "magic of D:U" || got.Topic != topic || got.Token.String() != "000102" {
		t.Errorf("push data of the user: %+v", got)
	}
	s.enqueue(t, "A", "D")
	s.enqueue(t, "B", "D:U")
	for id, want := range map[string]string{"D": "A", "D:U": "B", "D:V": ""} {
		if got := s.report(t, id, "", "Idle"); got != want {
			t.Errorf("%s is handed %q, want %q", id, got, want)
		}
	}
	s.report(t, "D:V", "A", "Acknowledged") // of another channel
	if got := s.report(t, "D", "", "Idle"); got != "A" {
		t.Error("a user answered the command of its device")
	}
}

func TestADeviceThatLeavesTakesItsUsersAlong(t *testing.T) {
	s := newShelf(t)
	all := []string{"D", "D:U", "D:V", "E", "E:U"}
	s.enroll(t, all...)
	must(t, s.Disable(request(t.Context(), "E:U")))
	if diff := cmp.Diff(s.pushed(t, all...), []string{"D", "D:U", "D:V", "E"}); diff != "" {
		t.Errorf("after a user left (-got +want):\n%s", diff)
	}
	must(t, s.Disable(request(t.Context(), "D")))
	if diff := cmp.Diff(s.pushed(t, all...), []string{"E"}); diff != "" {
		t.Errorf("after a device left (-got +want):\n%s", diff)
	}
	for id, want := range map[string]int{"D": 0, "D:U": 0, "E": 1, "nobody": 0} {
		if got, err := s.RetrieveTokenUpdateTally(t.Context(), id); got != want || err != nil {
			t.Errorf("tally of %s: %d, %v; want %d", id, got, err, want)
		}
	}
	s.tokenUpdate(t, "D:U", "")
	if diff := cmp.Diff(s.pushed(t, all...), []string{"D:U", "E"}); diff != "" {
		t.Errorf("after a user came back (-got +want):\n%s", diff)
	}
}

func TestABootstrapTokenIsTheDevices(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "D", "D:U")
	get := func() string {
		t.Helper()
		token, err := s.RetrieveBootstrapToken(request(t.Context(), "D"), nil)
		must(t, err)
		if token == nil {
			return "none"
		}
		return string(token.BootstrapToken)
	}
	set := func(data string) {
		t.Helper()
		m := checkIn[nanomdm.SetBootstrapToken](t, "D", "SetBootstrapToken", "<key>BootstrapToken</key><data>"+data+"</data>")
		must(t, s.StoreBootstrapToken(request(t.Context(), "D"), m))
	}
	var got []string
	got = append(got, get())
	set("c2VjcmV0")
	got = append(got, get())
	set("")
	got = append(got, get())
	set("c2VjcmV0")
	s.authenticate(t, "D")
	got = append(got, get())
	if diff := cmp.Diff(got, []string{"none", "secret", "none", "none"}); diff != "" {
		t.Errorf("before, when set, when taken back, enrolled anew (-got +want):\n%s", diff)
	}
	user := request(t.Context(), "D:U")
	if err := s.StoreBootstrapToken(user, nil); !errors.Is(err, storage.ErrDeviceChannelOnly) {
		t.Errorf("set by a user: %v", err)
	}
	if _, err := s.RetrieveBootstrapToken(user, nil); !errors.Is(err, storage.ErrDeviceChannelOnly) {
		t.Errorf("read by a user: %v", err)
	}
	if err := s.StoreAuthenticate(user, nil); !errors.Is(err, storage.ErrDeviceChannelOnly) {
		t.Errorf("Authenticate of a user: %v", err)
	}
}

func TestAUserIsNotThereBeforeItsToken(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "D", "D:U")
	authenticate := func(digest string) {
		t.Helper()
		m := checkIn[nanomdm.UserAuthenticate](t, "D:U", "UserAuthenticate", digest)
		must(t, s.StoreUserAuthenticate(request(t.Context(), "D:U"), m))
	}
	authenticate("")
	authenticate("<key>DigestResponse</key><string>digest</string>")
	if got := s.pushed(t, "D:U"); len(got) != 0 {
		t.Error("a user is pushed before its TokenUpdate")
	}
	s.tokenUpdate(t, "D:U", "")
	if got := s.pushed(t, "D:U"); len(got) != 1 {
		t.Error("a user is not pushed after its TokenUpdate")
	}
}
