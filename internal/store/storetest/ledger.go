package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

const security = mdm.QueryKey(mdm.SecurityInfo)

func enrollmentCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"a device is enabled by its token and disabled by its checkout", enabled},
		{"a checkout takes the user channels along", checkOutUsers},
		{"devices come before their users, in order of id", enrolledOrder},
		{"Authenticate tells the serial number", serial},
		{"a device is enrolled from its first token after its last Authenticate", enrolledAt},
		{"the last TokenUpdate tells whether a device is in Setup Assistant", awaiting},
	}
}

func ledgerCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"a query that is outstanding is not asked again", askTwice},
		{"an answer of any kind settles it", settled},
		{"NotNow leaves it outstanding, and it is never queued again", putOff},
		{"a refused body consumes its command", unreadSettles},
		{"a late second answer does not settle it anew", secondAnswer},
		{"a forgotten query can be asked again", forgotten},
		{"a report can come before its CommandUUID is known", adopted},
		{"a device that enrols anew owes nothing", enrolledAnew},
		{"a push is noted on what is outstanding", pushed},
		{"why a push failed is noted until one succeeds", pushFailed},
		{"of several queries those that are outstanding are not asked again", askSeveral},
		{"a lost command is no longer outstanding, and its query can be asked again", givenUp},
		{"a late answer to a lost command is evidence, and settles no other", lateAnswer},
		{"nothing that was answered is lost", answeredIsNotLost},
	}
}

func enrolled(t *testing.T, s store.State) []store.Enrolled {
	t.Helper()
	list, err := s.Enrollments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func enabled(t *testing.T, s store.State) {
	for i, step := range []struct {
		message string
		want    bool
	}{{"Authenticate", false}, {"TokenUpdate", true}, {"CheckOut", false}, {"Authenticate", false}, {"TokenUpdate", true}} {
		at := noon().Add(time.Duration(i) * time.Minute)
		deliver(t, s, CheckIn("D1", step.message, "", at))
		want := []store.Enrolled{{
			Enrollment: mdm.Enrollment{ID: "D1", Type: mdm.Device}, FirstSeen: noon(), LastSeen: at, Enabled: step.want,
		}}
		if i > 0 && step.message != "Authenticate" {
			want[0].EnrolledAt = noon().Add(time.Duration(i/3*3+1) * time.Minute)
		}
		if diff := cmp.Diff(want, enrolled(t, s)); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.message, diff)
		}
	}
}

func checkOutUsers(t *testing.T, s store.State) {
	user := CheckIn("D1:U1", "TokenUpdate", "", noon())
	user.Enrollment = mdm.Enrollment{ID: "D1:U1", Type: mdm.User, ParentID: "D1"}
	deliver(t, s, CheckIn("D1", "TokenUpdate", "", noon()), user, CheckIn("D2", "TokenUpdate", "", noon()), CheckIn("D1", "CheckOut", "", noon()))
	for _, e := range enrolled(t, s) {
		if e.Enabled != (e.ID == "D2") {
			t.Errorf("%s enabled = %t", e.ID, e.Enabled)
		}
	}
}

func enrolledOrder(t *testing.T, s store.State) {
	user := CheckIn("A:U1", "TokenUpdate", "", noon())
	user.Enrollment = mdm.Enrollment{ID: "A:U1", Type: mdm.User, ParentID: "A"}
	deliver(t, s, user, CheckIn("B", "TokenUpdate", "", noon()), CheckIn("A", "TokenUpdate", "", noon()))
	var got []string
	for _, e := range enrolled(t, s) {
		got = append(got, e.ID)
	}
	if diff := cmp.Diff([]string{"A", "A:U1", "B"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func serial(t *testing.T, s store.State) {
	deliver(t, s, CheckIn("D1", "Authenticate", `<key>Topic</key><string>com.apple.mgmt.x</string><key>SerialNumber</key><string>C02X</string>`, noon()))
	if got := enrolled(t, s); len(got) != 1 || got[0].Serial != "C02X" {
		t.Errorf("got %+v, want serial C02X", got)
	}
}

func enrolledAt(t *testing.T, s store.State) {
	user := CheckIn("D1:U1", "TokenUpdate", "", noon().Add(5*time.Minute))
	user.Enrollment = mdm.Enrollment{ID: "D1:U1", Type: mdm.User, ParentID: "D1"}
	want := func(what string, device, user time.Time) {
		t.Helper()
		list := enrolled(t, s)
		if got := list[0].EnrolledAt; !got.Equal(device) {
			t.Errorf("%s: got device enrolled at %v, want %v", what, got, device)
		}
		if got := list[1].EnrolledAt; !got.Equal(user) {
			t.Errorf("%s: got user enrolled at %v, want %v", what, got, user)
		}
	}
	deliver(t, s, CheckIn("D1", "Authenticate", "", noon()), CheckIn("D1", "TokenUpdate", "", noon().Add(time.Minute)),
		CheckIn("D1", "TokenUpdate", "<key>x</key><true/>", noon().Add(2*time.Minute)), user)
	want("at first", noon().Add(time.Minute), user.Received)
	deliver(t, s, CheckIn("D1", "Authenticate", "", noon().Add(time.Hour)))
	want("after another Authenticate", time.Time{}, time.Time{})
	deliver(t, s, CheckIn("D1", "TokenUpdate", "<key>x</key><true/>", noon().Add(2*time.Hour)))
	want("after the token of that", noon().Add(2*time.Hour), time.Time{})
}

func awaiting(t *testing.T, s store.State) {
	for i, step := range []struct {
		message, keys string
		want          bool
	}{
		{"Authenticate", "", false},
		{"TokenUpdate", "<key>AwaitingConfiguration</key><true/>", true},
		{"TokenUpdate", "<key>AwaitingConfiguration</key><false/>", false},
		{"TokenUpdate", "<key>AwaitingConfiguration</key><true/>", true},
		{"TokenUpdate", "", false},
		{"TokenUpdate", "<key>AwaitingConfiguration</key><true/>", true},
		{"Authenticate", "", false},
	} {
		deliver(t, s, CheckIn("D1", step.message, step.keys, noon().Add(time.Duration(i)*time.Minute)))
		if got := enrolled(t, s)[0].Awaiting; got != step.want {
			t.Errorf("after step %d: awaiting = %t, want %t", i, got, step.want)
		}
	}
}

func ask(t *testing.T, s store.State, o store.Outstanding) bool {
	t.Helper()
	asked, err := s.Ask(t.Context(), []store.Outstanding{o})
	if err != nil {
		t.Fatal(err)
	}
	return len(asked) == 1
}

func outstanding(t *testing.T, s store.State, sweep int64) []store.Outstanding {
	t.Helper()
	list, err := s.Outstandings(t.Context(), sweep)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func question(device, uuid string) store.Outstanding {
	return store.Outstanding{Enrollment: device, Query: security, CommandUUID: uuid, Sweep: 1, AskedAt: noon()}
}

func askTwice(t *testing.T, s store.State) {
	if !ask(t, s, question("D1", "C1")) {
		t.Error("the first Ask returned false")
	}
	if ask(t, s, question("D1", "C2")) {
		t.Error("the second Ask returned true")
	}
	other := question("D1", "C3")
	other.Query = "ProfileList/all"
	if !ask(t, s, other) || !ask(t, s, question("D2", "C4")) {
		t.Error("another query or another device is not outstanding")
	}
	want := []store.Outstanding{other, question("D1", "C1"), question("D2", "C4")}
	if diff := cmp.Diff(want, outstanding(t, s, 0)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
}

func settled(t *testing.T, s store.State) {
	for _, status := range []mdm.Status{mdm.Acknowledged, mdm.Error, mdm.CommandFormatError} {
		o := question("D1", "C"+string(status))
		if !ask(t, s, o) {
			t.Fatalf("%s: Ask returned false, the one before was answered", status)
		}
		e := Answer("D1", security, o.CommandUUID, "a", noon().Add(time.Minute))
		e.Status = status
		deliver(t, s, e)
		if got := outstanding(t, s, 0); len(got) != 0 {
			t.Errorf("after %s: outstanding %+v, want none", status, got)
		}
		o.AnsweredAt, o.Status = e.Received, status
		rows := outstanding(t, s, 1)
		if diff := cmp.Diff(o, rows[len(rows)-1]); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", status, diff)
		}
	}
}

func putOff(t *testing.T, s store.State) {
	o := question("D1", "C1")
	ask(t, s, o)
	deliver(t, s, NotNow("D1", security, "C1", noon()), NotNow("D1", security, "C1", noon().Add(time.Hour)))
	if ask(t, s, question("D1", "C2")) {
		t.Error("a query that was put off was asked again")
	}
	o.Status, o.NotNow = mdm.NotNow, 2
	if diff := cmp.Diff([]store.Outstanding{o}, outstanding(t, s, 0)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
	deliver(t, s, Answer("D1", security, "C1", "a", noon().Add(2*time.Hour)))
	if got := outstanding(t, s, 0); len(got) != 0 {
		t.Errorf("after the answer: outstanding %+v, want none", got)
	}
}

func unreadSettles(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	e := Unread("D1", "junk", noon())
	e.CommandUUID = "C1"
	deliver(t, s, e)
	if got := outstanding(t, s, 0); len(got) != 0 {
		t.Errorf("outstanding %+v, want none", got)
	}
}

func secondAnswer(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	deliver(t, s, Answer("D1", security, "C1", "a", noon()), Answer("D1", security, "C1", "b", noon().Add(time.Hour)))
	if got := outstanding(t, s, 1); len(got) != 1 || !got[0].AnsweredAt.Equal(noon()) {
		t.Errorf("got %+v, want one row answered at noon", got)
	}
}

func forgotten(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	if err := s.Forget(t.Context(), "D1", security); err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(t.Context(), "D1", security); err != nil {
		t.Errorf("to forget what is not there: %v", err)
	}
	if !ask(t, s, question("D1", "C2")) {
		t.Error("Ask returned false")
	}
}

func adopted(t *testing.T, s store.State) {
	ask(t, s, question("D1", ""))
	ask(t, s, question("D2", ""))
	deliver(t, s, NotNow("D1", security, "C1", noon()), Answer("D1", security, "C1", "a", noon().Add(time.Minute)))
	if diff := cmp.Diff([]store.Outstanding{question("D2", "")}, outstanding(t, s, 0)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
}

func enrolledAnew(t *testing.T, s store.State) {
	deliver(t, s, CheckIn("D1", "TokenUpdate", "", noon()))
	ask(t, s, question("D1", "C1"))
	deliver(t, s, CheckIn("D1", "Authenticate", "", noon().Add(time.Hour)))
	if got := outstanding(t, s, 0); len(got) != 0 {
		t.Errorf("outstanding %+v, want none: the server has emptied the queue", got)
	}
	if got := outstanding(t, s, 1); len(got) != 1 || !got[0].AnsweredAt.IsZero() {
		t.Errorf("the sweep has %+v, want its unanswered row", got)
	}
	if !ask(t, s, question("D1", "C2")) {
		t.Error("Ask returned false")
	}
}

func pushed(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	ask(t, s, question("D2", "C2"))
	if err := s.Pushed(t.Context(), []string{"D2", "D3"}, nil, noon().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	want := question("D2", "C2")
	want.LastPush = noon().Add(time.Second)
	if diff := cmp.Diff([]store.Outstanding{question("D1", "C1"), want}, outstanding(t, s, 0)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
}

func pushFailed(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	ask(t, s, question("D2", "C2"))
	push := func(failed map[string]error, at time.Time) {
		t.Helper()
		if err := s.Pushed(t.Context(), []string{"D1", "D2"}, failed, at); err != nil {
			t.Fatal(err)
		}
	}
	push(nil, noon())
	push(map[string]error{"D1": errors.New("BadDeviceToken" + strings.Repeat("ü", 10_000))}, noon().Add(time.Minute))
	rows := outstanding(t, s, 0)
	if got := rows[0]; !strings.HasPrefix(got.LastError, "BadDeviceToken") || len(got.LastError) > 1000 || !utf8.ValidString(got.LastError) || !got.LastPush.Equal(noon()) {
		t.Errorf("got %.50q, last push %v; want the beginning of the error and the push before it", got.LastError, got.LastPush)
	}
	if got := rows[1]; got.LastError != "" || !got.LastPush.Equal(noon().Add(time.Minute)) {
		t.Errorf("got %+v, want the second push of the other device", got)
	}
	push(nil, noon().Add(2*time.Minute))
	if got := outstanding(t, s, 0)[0]; got.LastError != "" || !got.LastPush.Equal(noon().Add(2*time.Minute)) {
		t.Errorf("got %+v, want the third push and no error", got)
	}
}

func askSeveral(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	asked := []store.Outstanding{question("D1", "C2"), question("D1", "C3"), question("D1", "C4")}
	asked[1].Query, asked[2].Query = "ProfileList/all", "ProfileList/all"
	got, err := s.Ask(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(asked[1:2], got); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]store.Outstanding{asked[1], question("D1", "C1")}, outstanding(t, s, 0)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
	if got, err := s.Ask(t.Context(), nil); len(got) != 0 || err != nil {
		t.Errorf("no query: got %v, %v", got, err)
	}
}

func giveUp(t *testing.T, s store.State, uuids ...string) {
	t.Helper()
	if err := s.GiveUp(t.Context(), uuids); err != nil {
		t.Fatal(err)
	}
}

func givenUp(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	ask(t, s, question("D2", "C2"))
	giveUp(t, s, "C1", "unknown", "")
	if diff := cmp.Diff([]store.Outstanding{question("D2", "C2")}, outstanding(t, s, 0)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
	if !ask(t, s, question("D1", "C3")) {
		t.Error("its query was not recorded again")
	}
	lost := question("D1", "C1")
	lost.Lost = true
	if diff := cmp.Diff([]store.Outstanding{lost, question("D1", "C3"), question("D2", "C2")}, outstanding(t, s, 1)); diff != "" {
		t.Errorf("of the sweep (-want +got):\n%s", diff)
	}
}

func lateAnswer(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	giveUp(t, s, "C1")
	ask(t, s, question("D1", "C2"))
	late := Answer("D1", security, "C1", "a", noon().Add(time.Minute))
	deliver(t, s, late)
	if diff := cmp.Diff([]mdm.Digest{late.SHA256}, current(t, s, "D1")); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]store.Outstanding{question("D1", "C2")}, outstanding(t, s, 0)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
	if row := outstanding(t, s, 1)[0]; !row.Lost || row.Status != mdm.Acknowledged || !row.AnsweredAt.Equal(late.Received) {
		t.Errorf("got %+v, want the lost row with its late answer", row)
	}
}

func answeredIsNotLost(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	deliver(t, s, Answer("D1", security, "C1", "a", noon()))
	giveUp(t, s, "C1")
	if row := outstanding(t, s, 1)[0]; row.Lost {
		t.Errorf("got %+v, want it not lost", row)
	}
}
