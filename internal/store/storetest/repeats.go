package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

func repeatCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"another answer to an answered command is kept and never the newest", otherAnswer},
		{"another answer to somebody else's command is a duplicate too", otherAnswerUnasked},
		{"a duplicate of Restrictions is no older answer", duplicateRestrictions},
		{"at most 16 duplicates of an enrollment are kept", duplicateBound},
		{"a readable answer after a refused one counts", readableAfterUnread},
		{"a refused body after an answer takes nothing back", unreadAfterAnswer},
		{"the ledger learns of refused bodies that are not kept", unreadBeyondBound},
		{"nobody answers for another enrollment", answerForAnother},
		{"an answer that came long before the last receipt starts another observation", clockRanAhead},
		{"what a clock that ran ahead dated stays behind what came since", aheadAndSince},
	}
}

// found reports whether evidence is kept.
func found(t *testing.T, s store.State, e mdm.Evidence) bool {
	t.Helper()
	_, err := s.EvidenceByDigest(t.Context(), e.SHA256)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// current lists the texts' digests that an enrollment's verdicts rest on.
func current(t *testing.T, s store.State, device string) []mdm.Digest {
	t.Helper()
	var sums []mdm.Digest
	for _, o := range observations(t, s, device) {
		sums = append(sums, o.Evidence.SHA256)
	}
	return sums
}

func otherAnswer(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	first := Answer("D1", security, "C1", "first", noon())
	second := Answer("D1", security, "C1", "second", noon().Add(time.Hour))
	failed := Answer("D1", security, "C1", "failed", noon().Add(2*time.Hour))
	failed.Status = mdm.Error
	deliver(t, s, first, second, second, failed)
	if diff := cmp.Diff([]mdm.Digest{first.SHA256, failed.SHA256}[:1], current(t, s, "D1")); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
	if !found(t, s, second) || !found(t, s, failed) {
		t.Error("a duplicate was not kept")
	}
	row := outstanding(t, s, 1)[0]
	if row.Status != mdm.Acknowledged || !row.AnsweredAt.Equal(noon()) {
		t.Errorf("the ledger has %+v, want the first answer", row)
	}
}

func otherAnswerUnasked(t *testing.T, s store.State) {
	first := Answer("D1", security, "theirs", "first", noon())
	second := Answer("D1", security, "theirs", "second", noon().Add(time.Hour))
	deliver(t, s, first, second)
	if diff := cmp.Diff([]mdm.Digest{first.SHA256}, current(t, s, "D1")); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
	// One that extended an observation is known by it.
	deliver(t, s, Answer("D1", security, "theirs-2", "first", noon().Add(2*time.Hour)), Answer("D1", security, "theirs-2", "third", noon().Add(3*time.Hour)))
	if diff := cmp.Diff([]mdm.Digest{first.SHA256}, current(t, s, "D1")); diff != "" {
		t.Errorf("current after the second command (-want +got):\n%s", diff)
	}
}

func duplicateRestrictions(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.Restrictions)
	deliver(t, s, Answer("D1", q, "C1", "first", noon()), Answer("D1", q, "C1", "again", noon().Add(time.Hour)))
	if got := observations(t, s, "D1"); len(got) != 1 {
		t.Errorf("got %d observations, want the first alone", len(got))
	}
}

func duplicateBound(t *testing.T, s store.State) {
	deliver(t, s, Answer("D1", security, "C1", "first", noon()))
	kept := 0
	for i := range 20 {
		deliver(t, s, Answer("D1", security, "C1", fmt.Sprint(i), noon().Add(time.Duration(i)*time.Second)))
	}
	for i := range 20 {
		if found(t, s, Answer("D1", security, "C1", fmt.Sprint(i), noon())) {
			kept++
		}
	}
	if kept != 16 {
		t.Errorf("%d duplicates are kept, want 16", kept)
	}
	if !found(t, s, Answer("D1", security, "C1", "first", noon())) {
		t.Error("the answer is gone")
	}
}

// refusedBody is a body that could not be read, and that answered a command.
func refusedBody(device, uuid, text string, at time.Time) mdm.Evidence {
	e := Unread(device, text, at)
	e.CommandUUID, e.Query = uuid, security
	return e
}

func readableAfterUnread(t *testing.T, s store.State) {
	for i, asked := range []bool{true, false} {
		device, uuid := fmt.Sprint("D", i), fmt.Sprint("C", i)
		if asked {
			ask(t, s, question(device, uuid))
		}
		good := Answer(device, security, uuid, "good", noon().Add(time.Hour))
		deliver(t, s, refusedBody(device, uuid, "junk", noon()), good)
		if got := current(t, s, device); len(got) != 2 || got[1] != good.SHA256 {
			t.Errorf("asked %t: the readable answer is not current", asked)
		}
	}
	if row := outstanding(t, s, 1)[0]; row.Status != mdm.Acknowledged {
		t.Errorf("the ledger has %+v, want it acknowledged", row)
	}
}

func unreadAfterAnswer(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	good := Answer("D1", security, "C1", "good", noon())
	deliver(t, s, good, refusedBody("D1", "C1", "junk", noon().Add(time.Hour)))
	if got := current(t, s, "D1"); len(got) != 2 || got[0] != good.SHA256 {
		t.Error("the answer is not current")
	}
	if row := outstanding(t, s, 1)[0]; row.Status != mdm.Acknowledged || !row.AnsweredAt.Equal(noon()) {
		t.Errorf("the ledger has %+v, want the answer", row)
	}
}

func unreadBeyondBound(t *testing.T, s store.State) {
	for i := range 20 {
		uuid := fmt.Sprint("C", i)
		o := question("D1", uuid)
		o.Query = mdm.QueryKey(fmt.Sprint("Q", i))
		ask(t, s, o)
		deliver(t, s, refusedBody("D1", uuid, uuid, noon().Add(time.Duration(i)*time.Second)))
	}
	if got := outstanding(t, s, 0); len(got) != 0 {
		t.Errorf("%d commands are outstanding, want none: each was answered with rubbish", len(got))
	}
}

func answerForAnother(t *testing.T, s store.State) {
	ask(t, s, question("D1", "C1"))
	deliver(t, s, Answer("D2", security, "C1", "a", noon()))
	if got := outstanding(t, s, 0); len(got) != 1 {
		t.Error("another device settled it")
	}
	good := Answer("D1", security, "C1", "b", noon().Add(time.Second))
	deliver(t, s, good)
	if diff := cmp.Diff([]mdm.Digest{good.SHA256}, current(t, s, "D1")); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
	if got := outstanding(t, s, 0); len(got) != 0 {
		t.Error("its own answer did not settle it")
	}
}

func clockRanAhead(t *testing.T, s store.State) {
	ahead := noon().Add(365 * 24 * time.Hour)
	deliver(t, s, Answer("D1", security, "C1", "a", noon()), NotNow("D1", security, "N1", ahead),
		Answer("D1", security, "C2", "b", ahead), Answer("D1", security, "C3", "b", ahead.Add(time.Hour)))
	first := Answer("D1", security, "C4", "b", noon().Add(time.Hour))
	again := Answer("D1", security, "C5", "b", noon().Add(3*time.Hour))
	put := NotNow("D1", security, "N1", noon().Add(2*time.Hour)) // the same bytes as before
	deliver(t, s, first, put, again)

	first.ID, put.ID = 4, 5
	want := []store.Observation{
		{Evidence: first, Since: first.Received, Last: again.Received, LongestGap: 2 * time.Hour, Count: 2},
		{Evidence: put, Since: put.Received, Last: put.Received, Count: 1},
	}
	if diff := cmp.Diff(want, observations(t, s, "D1")); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
	bare, err := s.Observed(t.Context(), "D1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Evidence.Body = nil
	}
	if diff := cmp.Diff(want, bare); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func aheadAndSince(t *testing.T, s store.State) {
	q := mdm.QueryKey(mdm.Restrictions)
	ahead := noon().Add(365 * 24 * time.Hour)
	ask(t, s, question("D1", "C9"))
	asked := Answer("D1", security, "C9", "a", ahead)
	first := Answer("D1", q, "C1", "a", ahead)
	now := Answer("D1", q, "C2", "a", noon())
	deliver(t, s, asked, first, now)

	repeatOf := func(e mdm.Evidence) mdm.Evidence {
		e.Received = noon().Add(time.Hour)
		return e
	}
	deliver(t, s, repeatOf(asked), repeatOf(first), repeatOf(now))
	other := Answer("D1", q, "C1", "b", noon().Add(2*time.Hour)) // another answer to the command of the first
	deliver(t, s, other)
	var got []string
	for _, o := range observations(t, s, "D1") {
		if o.Count != 1 {
			t.Errorf("%s has %d receipts, want 1: the same bytes came again", o.Evidence.CommandUUID, o.Count)
		}
		got = append(got, o.Evidence.CommandUUID)
	}
	if diff := cmp.Diff([]string{"C9", "C1", "C2"}, got); diff != "" {
		t.Errorf("observations by command (-want +got):\n%s", diff)
	}
	if !found(t, s, other) {
		t.Error("the duplicate was not kept")
	}
}
