package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

func evidenceCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"evidence comes back as it was kept", keptAsGiven},
		{"an unchanged answer extends its observation", extends},
		{"after a silence longer than MaxGap an equal answer starts another observation", broken},
		{"a changed answer starts another observation, and so does the old one after it", changes},
		{"the same message twice changes nothing", repeats},
		{"a late repeat of an older answer changes nothing", lateRepeat},
		{"a NotNow that comes again is another put-off", notNowAgain},
		{"an observation never moves back", outOfOrder},
		{"a device is read with its user channels and nobody else's", channels},
		{"up to 16 older acknowledged Restrictions come along", olderRestrictions},
		{"at most 16 refused bodies of an enrollment are kept", unreadBound},
		{"a refused body does not hide the answer before it", unreadBeside},
		{"a refused body of nobody known is kept", unreadAnonymous},
		{"evidence that names no enrollment is not kept", nameless},
		{"what is observed is the same without bodies", withoutBodies},
		{"what is not kept is not found", notFound},
		{"fifty senders at once lose nothing", concurrent},
	}
}

func keptAsGiven(t *testing.T, s store.State) {
	full := Answer("D1", "ProfileList/all", "C1", "text", noon().Add(123*time.Millisecond))
	full.Enrollment = mdm.Enrollment{ID: "D1:U1", Type: mdm.User, ParentID: "D1"}
	full.Rewritten, full.Size, full.Refusal = true, 1<<40, "why"
	bare := mdm.Evidence{Enrollment: mdm.Enrollment{ID: "D1", Type: mdm.Device}, Class: mdm.Report, Status: mdm.Idle, Received: noon()}
	deliver(t, s, full, bare)

	full.ID, bare.ID = 1, 2
	bare.Seal() // as keeping it does
	want := []store.Observation{
		{Evidence: full, Since: full.Received, Last: full.Received, Count: 1},
		{Evidence: bare, Since: bare.Received, Last: bare.Received, Count: 1},
	}
	if diff := cmp.Diff(want, observations(t, s, "D1")); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
	got, err := s.EvidenceByDigest(t.Context(), full.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full, got); diff != "" {
		t.Errorf("by digest (-want +got):\n%s", diff)
	}
	if last, err := s.LastEvidence(t.Context()); last != 2 || err != nil {
		t.Errorf("last evidence = %d, %v; want 2", last, err)
	}
}

func extends(t *testing.T, s store.State) {
	a := Answer("D1", mdm.QueryKey(mdm.SecurityInfo), "C1", "same", noon())
	b := Answer("D1", mdm.QueryKey(mdm.SecurityInfo), "C2", "same", noon().Add(time.Hour))
	c := Answer("D1", mdm.QueryKey(mdm.SecurityInfo), "C3", "same", noon().Add(4*time.Hour))
	deliver(t, s, a, b, c)

	a.ID = 1
	want := []store.Observation{{Evidence: a, Since: a.Received, Last: c.Received, LongestGap: 3 * time.Hour, Count: 3}}
	if diff := cmp.Diff(want, observations(t, s, "D1")); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
	if last, err := s.LastEvidence(t.Context()); last != 1 || err != nil {
		t.Errorf("last evidence = %d, %v; want 1: no body is stored for an unchanged answer", last, err)
	}
}

func broken(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.SecurityInfo)
	inTime := noon().Add(store.MaxGap)
	deliver(t, s, Answer("D1", q, "C1", "same", noon()), Answer("D1", q, "C2", "same", inTime))
	late := Answer("D1", q, "C3", "same", inTime.Add(store.MaxGap+time.Millisecond))
	deliver(t, s, late)

	late.ID = 2
	want := []store.Observation{{Evidence: late, Since: late.Received, Last: late.Received, Count: 1}}
	if diff := cmp.Diff(want, observations(t, s, "D1")); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
}

func changes(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.SecurityInfo)
	deliver(t, s, Answer("D1", q, "C1", "a", noon()), Answer("D1", q, "C2", "b", noon().Add(time.Hour)))
	third := Answer("D1", q, "C3", "a", noon().Add(2*time.Hour))
	deliver(t, s, third)

	third.ID = 3
	want := []store.Observation{{Evidence: third, Since: third.Received, Last: third.Received, Count: 1}}
	if diff := cmp.Diff(want, observations(t, s, "D1")); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
}

func repeats(t *testing.T, s store.State) {
	for _, e := range []mdm.Evidence{
		Answer("D1", mdm.QueryKey(mdm.SecurityInfo), "C1", "a", noon()),
		NotNow("D2", mdm.QueryKey(mdm.SecurityInfo), "C2", noon()),
		CheckIn("D3", "TokenUpdate", "", noon()),
		Unread("D4", "junk", noon()),
	} {
		deliver(t, s, e, e)
		if e.CommandUUID != "" && e.Status != mdm.NotNow { // it may come again later, too
			late := e
			late.Received = noon().Add(time.Hour)
			deliver(t, s, late)
		}
		got := observations(t, s, e.Enrollment.ID)
		if len(got) != 1 || got[0].Count != 1 || !got[0].Last.Equal(noon()) {
			t.Errorf("%s %s delivered twice: got %+v, want one receipt", e.Class, e.Status, got)
		}
	}
}

func lateRepeat(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.SecurityInfo)
	a := Answer("D1", q, "C1", "a", noon())
	b := Answer("D1", q, "C2", "b", noon().Add(time.Hour))
	again := a
	again.Received = noon().Add(2 * time.Hour)
	deliver(t, s, a, b, again)

	got := observations(t, s, "D1")
	if len(got) != 1 || got[0].Evidence.CommandUUID != "C2" {
		t.Errorf("got %+v, want the answer to C2 to stay the newest", got)
	}
}

func notNowAgain(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.SecurityInfo)
	deliver(t, s, NotNow("D1", q, "C1", noon()), NotNow("D1", q, "C1", noon().Add(time.Minute)))
	got := observations(t, s, "D1")
	if len(got) != 1 || got[0].Count != 2 || !got[0].Last.Equal(noon().Add(time.Minute)) {
		t.Errorf("got %+v, want two receipts", got)
	}
}

func outOfOrder(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.SecurityInfo)
	deliver(t, s,
		Answer("D1", q, "C1", "a", noon()), Answer("D1", q, "C2", "a", noon().Add(2*time.Hour)), Answer("D1", q, "C3", "a", noon().Add(2*time.Hour-10*time.Minute)))
	got := observations(t, s, "D1")
	if len(got) != 1 || got[0].Count != 3 || !got[0].Last.Equal(noon().Add(2*time.Hour)) || got[0].LongestGap != 2*time.Hour {
		t.Errorf("got %+v, want three receipts that end two hours after noon", got)
	}
}

func channels(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.ProfileList)
	user := Answer("D1:U1", q, "C2", "a", noon())
	user.Enrollment = mdm.Enrollment{ID: "D1:U1", Type: mdm.User, ParentID: "D1"}
	deliver(t, s, Answer("D1", q, "C1", "a", noon()), user, Answer("D10", q, "C3", "a", noon()))

	var got []string
	for _, o := range observations(t, s, "D1") {
		got = append(got, o.Evidence.Enrollment.ID)
	}
	if diff := cmp.Diff([]string{"D1", "D1:U1"}, got); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}
	if got := observations(t, s, "D7"); len(got) != 0 {
		t.Errorf("observations of an unknown device = %+v, want none", got)
	}
}

func olderRestrictions(t *testing.T, s store.State) {
	for i := range 20 {
		uuid := fmt.Sprint("R", i)
		deliver(t, s, Answer("D1", mdm.QueryKey(mdm.Restrictions), uuid, uuid, noon().Add(time.Duration(i)*time.Hour)))
		deliver(t, s, Answer("D1", mdm.QueryKey(mdm.SecurityInfo), "S"+uuid, uuid, noon().Add(time.Duration(i)*time.Hour)))
	}
	got := observations(t, s, "D1")
	if len(got) != 18 {
		t.Fatalf("got %d observations, want 17 of Restrictions and one of SecurityInfo", len(got))
	}
	if uuid := got[0].Evidence.CommandUUID; uuid != "R3" {
		t.Errorf("oldest is %s, want R3: the newest ones are kept in view", uuid)
	}
	for i := 1; i < len(got); i++ {
		if got[i-1].Evidence.ID >= got[i].Evidence.ID {
			t.Errorf("evidence %d before %d, want rising ids", got[i-1].Evidence.ID, got[i].Evidence.ID)
		}
	}
}

func unreadBound(t *testing.T, s store.State) {
	var sums []mdm.Digest
	for i := range 20 {
		e := Unread("D1", fmt.Sprint("junk", i), noon().Add(time.Duration(i)*time.Second))
		sums = append(sums, e.SHA256)
		deliver(t, s, e)
	}
	for i, sum := range sums {
		_, err := s.EvidenceByDigest(t.Context(), sum)
		if gone := errors.Is(err, store.ErrNotFound); gone != (i < 4) {
			t.Errorf("refused body %d: %v", i, err)
		}
	}
}

func unreadBeside(t *testing.T, s store.State) {
	good := Answer("D1", mdm.QueryKey(mdm.SecurityInfo), "C1", "a", noon())
	bad := Unread("D1", "junk", noon().Add(time.Hour))
	bad.Query, bad.Status = good.Query, good.Status
	deliver(t, s, good, bad)
	if got := observations(t, s, "D1"); len(got) != 2 {
		t.Errorf("got %d observations, want the answer and the refused body", len(got))
	}
}

func unreadAnonymous(t *testing.T, s store.State) {
	e := Unread("", "junk", noon())
	e.Enrollment = mdm.Enrollment{}
	deliver(t, s, e)
	if _, err := s.EvidenceByDigest(t.Context(), e.SHA256); err != nil {
		t.Error(err)
	}
	if list, err := s.Enrollments(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("enrollments = %v, %v; want none", list, err)
	}
}

func nameless(t *testing.T, s store.State) {
	e := Answer("", mdm.QueryKey(mdm.SecurityInfo), "C1", "a", noon())
	if err := s.Deliver(t.Context(), e); err == nil {
		t.Error("no error")
	}
	if last, err := s.LastEvidence(t.Context()); last != 0 || err != nil {
		t.Errorf("last evidence = %d, %v; want 0", last, err)
	}
}

func withoutBodies(t *testing.T, s store.State) {
	user := Answer("D1:U1", "ProfileList/all", "C9", "text", noon())
	user.Enrollment = mdm.Enrollment{ID: "D1:U1", Type: mdm.User, ParentID: "D1"}
	deliver(t, s, user, CheckIn("D1", "TokenUpdate", "", noon()), NotNow("D1", security, "C0", noon()), Unread("D1", "junk", noon()),
		Answer("D2", security, "C8", "a", noon()))
	for i := range 3 {
		uuid := fmt.Sprint("R", i)
		deliver(t, s, Answer("D1", mdm.QueryKey(mdm.Restrictions), uuid, uuid, noon().Add(time.Duration(i)*time.Hour)))
	}
	want := observations(t, s, "D1")
	if len(want) != 7 {
		t.Fatalf("%d observations, want 7", len(want))
	}
	for i := range want {
		want[i].Evidence.Body = nil
	}
	got, err := s.Observed(t.Context(), "D1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Observed(ended, "D1"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want that the context has ended", err)
	}
}

func notFound(t *testing.T, s store.State) {
	_, err := s.EvidenceByDigest(t.Context(), sha256.Sum256([]byte("nothing")))
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("err = %v, want ErrNotFound", err)
	}
}

func concurrent(t *testing.T, s store.State) {
	const senders, each = 50, 20
	var wg sync.WaitGroup
	errs := make(chan error, senders*each)
	for sender := range senders {
		wg.Go(func() {
			device := fmt.Sprint("D", sender)
			for i := range each {
				uuid := fmt.Sprint(device, "C", i)
				errs <- s.Deliver(t.Context(), Answer(device, mdm.QueryKey(mdm.SecurityInfo), uuid, fmt.Sprint(i/2), noon().Add(time.Duration(i)*time.Second)))
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	last, err := s.LastEvidence(t.Context())
	if err != nil || last != senders*each/2 {
		t.Errorf("last evidence = %d, %v; want %d: each second answer is unchanged", last, err, senders*each/2)
	}
	list, err := s.Enrollments(t.Context())
	if err != nil || len(list) != senders {
		t.Errorf("%d enrollments, %v; want %d", len(list), err, senders)
	}
	for _, e := range list {
		got := observations(t, s, e.ID)
		want := []store.Observation{{Count: 2, LongestGap: time.Second, Since: noon().Add(18 * time.Second), Last: noon().Add(19 * time.Second)}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(store.Observation{}, "Evidence")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.ID, diff)
		}
	}
}
