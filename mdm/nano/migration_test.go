package nano_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	nanomdm "github.com/micromdm/nanomdm/mdm"
)

// moved runs a migration and says what came, one line a message.
func (s *shelf) moved(t *testing.T) []string {
	t.Helper()
	messages, done := make(chan any), make(chan error, 1)
	go func() {
		done <- s.RetrieveMigrationCheckins(t.Context(), messages)
		close(messages)
	}()
	var got []string
	for m := range messages {
		switch m := m.(type) {
		case *nanomdm.Authenticate:
			got = append(got, fmt.Sprint("Authenticate ", m.UDID, m.EnrollmentID))
		case *nanomdm.UserAuthenticate:
			got = append(got, fmt.Sprint("UserAuthenticate ", m.UDID, ":", m.UserID, " ", m.DigestResponse))
		case *nanomdm.TokenUpdate:
			raw, err := nanomdm.DecodeCheckin(m.Raw) // what another server is sent
			must(t, err)
			got = append(got, fmt.Sprintf("TokenUpdate %s%s:%s %s", m.UDID, m.EnrollmentID, m.UserID, raw.(*nanomdm.TokenUpdate).UnlockToken))
		case *nanomdm.SetBootstrapToken:
			got = append(got, fmt.Sprintf("SetBootstrapToken %s%s %s", m.UDID, m.EnrollmentID, string(m.BootstrapToken.BootstrapToken)))
		default:
			t.Errorf("sent: %v", m)
		}
	}
	must(t, <-done)
	return got
}

func TestMigrationSendsWhatAnotherServerNeeds(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "GONE", "B:U")
	must(t, s.Disable(request(t.Context(), "GONE")))
	s.authenticate(t, "ONLY-AUTHENTICATE")
	s.authenticate(t, "B")
	s.tokenUpdate(t, "B", "<key>UnlockToken</key><data>dW5sb2Nr</data>")
	s.tokenUpdate(t, "B", "") // later ones have no unlock token
	bootstrap := checkIn[nanomdm.SetBootstrapToken](t, "B", "SetBootstrapToken", "<key>BootstrapToken</key><data>Ym9vdA==</data>")
	must(t, s.StoreBootstrapToken(request(t.Context(), "B"), bootstrap))
	for _, digest := range []string{"", "<key>DigestResponse</key><string>digest</string>"} {
		m := checkIn[nanomdm.UserAuthenticate](t, "B:U", "UserAuthenticate", digest)
		must(t, s.StoreUserAuthenticate(request(t.Context(), "B:U"), m))
	}
	s.tokenUpdate(t, "B:U", "")
	s.enroll(t, "B:V", "A")
	must(t, s.Disable(request(t.Context(), "B:V")))

	want := []string{
		"Authenticate A", "TokenUpdate A: ",
		"Authenticate B", "TokenUpdate B: unlock", "SetBootstrapToken B boot",
		"UserAuthenticate B:U ", "UserAuthenticate B:U digest", "TokenUpdate B:U ",
	}
	if diff := cmp.Diff(s.moved(t), want); diff != "" {
		t.Errorf("sent (-got +want):\n%s", diff)
	}
}

func TestMigrationOfAUserEnrollmentNamesNoUDID(t *testing.T) {
	s := newShelf(t)
	r := request(t.Context(), "X")
	r.Type = nanomdm.UserEnrollmentDevice
	for _, m := range []string{"Authenticate", "TokenUpdate"} {
		raw := fmt.Appendf(nil, `<plist version="1.0"><dict><key>MessageType</key><string>%s</string><key>EnrollmentID</key><string>X</string></dict></plist>`, m)
		decoded, err := nanomdm.DecodeCheckin(raw)
		must(t, err)
		switch m := decoded.(type) {
		case *nanomdm.Authenticate:
			must(t, s.StoreAuthenticate(r, m))
		case *nanomdm.TokenUpdate:
			must(t, s.StoreTokenUpdate(r, m))
		}
	}
	token := new(nanomdm.SetBootstrapToken)
	must(t, token.SetTokenString("Ym9vdA=="))
	must(t, s.StoreBootstrapToken(r, token))
	want := []string{"Authenticate X", "TokenUpdate X: ", "SetBootstrapToken X boot"}
	if diff := cmp.Diff(s.moved(t), want); diff != "" {
		t.Errorf("sent (-got +want):\n%s", diff)
	}
	if got := s.count(t, `SELECT count(*) FROM nano_enrollment WHERE type = 'User Enrollment (Device)'`); got != 1 {
		t.Error("the type was not kept")
	}
}

func TestMigrationEndsWhenNobodyListens(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "A")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.RetrieveMigrationCheckins(ctx, make(chan any)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
