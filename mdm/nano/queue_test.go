package nano_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm/nano"
)

func TestOneCommandForManyIsAnsweredByEach(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "D", "E")
	failed := s.enqueue(t, "A", "D", "nobody", "E")
	if len(failed) != 1 || !errors.Is(failed["nobody"], nano.ErrNotEnrolled) {
		t.Errorf("failed: %v, want nobody alone", failed)
	}
	if got := s.report(t, "D", "A", "Acknowledged"); got != "" {
		t.Errorf("D is handed %q", got)
	}
	if got := s.report(t, "E", "", "Idle"); got != "A" {
		t.Errorf("E is handed %q, want A: only D has answered", got)
	}
}

func TestTheQueueKeepsItsOrder(t *testing.T) {
	type step struct{ uuid, status, want string }
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"first come, first served", []step{
			{"", "Idle", "A"}, {"A", "Acknowledged", "B"}, {"B", "Error", "C"}, {"C", "CommandFormatError", ""},
		}},
		{"what is put off makes way and comes last", []step{
			{"", "Idle", "A"}, {"A", "NotNow", "B"}, {"B", "Acknowledged", "C"}, {"C", "Acknowledged", "A"}, {"A", "Acknowledged", ""},
		}},
		{"NotNow is the last word of a session", []step{
			{"", "Idle", "A"}, {"A", "NotNow", "B"}, {"B", "NotNow", "C"}, {"C", "NotNow", ""}, {"", "Idle", "A"},
		}},
		{"what was put off is offered again after an answer", []step{
			{"", "Idle", "A"},
			{"A", "NotNow", "B"},
			{"B", "NotNow", "C"},
			{"C", "Acknowledged", "A"},
			{"A", "NotNow", ""},
			{"", "Idle", "A"},
			{"A", "Acknowledged", "B"},
			{"B", "Acknowledged", ""},
		}},
		{"answers out of order take what they name", []step{
			{"", "Idle", "A"}, {"B", "Acknowledged", "A"}, {"X", "Acknowledged", "A"}, {"A", "Acknowledged", "C"}, {"A", "Acknowledged", "C"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShelf(t)
			s.enroll(t, "D")
			for _, uuid := range []string{"A", "B", "C"} {
				s.enqueue(t, uuid, "D")
			}
			for i, step := range tt.steps {
				if got := s.report(t, "D", step.uuid, step.status); got != step.want {
					t.Fatalf("step %d, %s %s: handed %q, want %q", i, step.uuid, step.status, got, step.want)
				}
			}
		})
	}
}

func TestAnAnswerWhoseSenderHungUpIsKept(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "D")
	s.enqueue(t, "A", "D")
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	must(t, s.StoreCommandReport(request(ctx, "D"), &nanomdm.CommandResults{CommandUUID: "A", Status: "Acknowledged"}))
	if got := s.report(t, "D", "", "Idle"); got != "" {
		t.Errorf("handed %q, which was answered", got)
	}
}

func TestACommandIsQueuedOnceUnderItsCommandUUID(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "D")
	s.enqueue(t, "A", "D")
	if failed := s.enqueue(t, "A", "D"); len(failed) != 0 {
		t.Errorf("failed: %v", failed)
	}
	if got := s.report(t, "D", "A", "Acknowledged"); got != "" {
		t.Errorf("handed %q", got)
	}
	s.enqueue(t, "A", "D")
	if got := s.report(t, "D", "", "Idle"); got != "" {
		t.Errorf("handed %q, which was answered", got)
	}
}

func TestANewEnrollmentHasAnEmptyQueue(t *testing.T) {
	s := newShelf(t)
	s.enroll(t, "D", "D:U", "E")
	s.enqueue(t, "A", "D", "D:U", "E")
	must(t, s.ClearQueue(request(t.Context(), "D:U")))
	if got := s.report(t, "D", "", "Idle"); got != "A" {
		t.Errorf("the queue of a user took that of its device along: handed %q", got)
	}
	s.enqueue(t, "B", "D:U")
	must(t, s.ClearQueue(request(t.Context(), "D")))
	for id, want := range map[string]string{"D": "", "D:U": "", "E": "A"} {
		if got := s.report(t, id, "", "Idle"); got != want {
			t.Errorf("%s is handed %q, want %q", id, got, want)
		}
	}
}

func TestCommandsThatAreDoneArePrunedByAge(t *testing.T) {
	s := newShelf(t) // which retains for an hour
	s.enroll(t, "D")
	for i := range 1200 {
		s.enqueue(t, fmt.Sprint("A", i), "D")
	}
	must(t, s.ClearQueue(request(t.Context(), "D")))
	s.enqueue(t, "B", "D")
	s.report(t, "D", "X", "Acknowledged")
	if got := s.count(t, `SELECT count(*) FROM nano_queue`); got != 1201 {
		t.Errorf("kept %d, want all: none is an hour old", got)
	}
	if got := s.count(t, `SELECT sum(length(command)) FROM nano_queue WHERE done_at IS NOT NULL`); got != 0 {
		t.Errorf("%d bytes of commands that are done", got)
	}
	s.late.Store(int64(2 * time.Hour))
	for range 3 { // a few at a time, so that no device waits
		s.report(t, "D", "X", "Acknowledged")
	}
	if got := s.count(t, `SELECT count(*) FROM nano_queue`); got != 1 {
		t.Errorf("kept %d, want the one that waits", got)
	}
}
