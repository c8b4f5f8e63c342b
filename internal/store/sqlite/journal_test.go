package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

var errWith = errors.New("what goes with it fails")

// pragma sets something on the connection that writes.
func pragma(t *testing.T, s *sqlite.State, text string) {
	t.Helper()
	check(t, s.Write(t.Context(), nil, func(tx mdm.Tx) error {
		_, err := tx.Exec(text)
		return err
	}))
}

// queue is what a transport might note with an answer.
func queue(uuid string) func(mdm.Tx) error {
	return func(tx mdm.Tx) error {
		_, err := tx.Exec(`INSERT INTO nano_queue (enrollment, command_uuid, query, command, queued_at) VALUES ('D1', ?, '', x'', 0)`, uuid)
		return err
	}
}

func TestEvidenceAndWhatGoesWithItAreOneTransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openState(t, path)
	e := storetest.Answer("D1", "SecurityInfo", "C1", "a", monday())
	err := s.Write(t.Context(), &e, func(tx mdm.Tx) error { return errors.Join(queue("C1")(tx), errWith) })
	if !errors.Is(err, errWith) {
		t.Errorf("err = %v, want that of the function", err)
	}
	if last, err := s.LastEvidence(t.Context()); last != 0 || err != nil {
		t.Errorf("last evidence = %d, %v; want none", last, err)
	}
	check(t, s.Write(t.Context(), &e, queue("C1")))
	if last, err := s.LastEvidence(t.Context()); last != 1 || err != nil {
		t.Errorf("last evidence = %d, %v; want 1", last, err)
	}
	var uuids []string
	check(t, s.Read(t.Context(), func(tx mdm.Tx) error {
		return tx.Each(`SELECT command_uuid FROM nano_queue`, nil, func(scan func(...any) error) error {
			var uuid string
			err := scan(&uuid)
			uuids = append(uuids, uuid)
			return err
		})
	}))
	if len(uuids) != 1 || uuids[0] != "C1" {
		t.Errorf("noted %v, want C1", uuids)
	}
	if err := s.Read(t.Context(), queue("C2")); err == nil {
		t.Error("Read wrote")
	}
}

func TestOneBadCallCostsTheOthersNothing(t *testing.T) {
	s := openState(t, filepath.Join(t.TempDir(), "state.db"))
	const calls = 100
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			e := storetest.Answer(fmt.Sprint("D", i), "SecurityInfo", fmt.Sprint("C", i), "a", monday())
			with, bad := queue(e.CommandUUID), i%10 == 0
			if bad {
				with = func(mdm.Tx) error { return errWith }
			}
			if err := s.Write(t.Context(), &e, with); bad != errors.Is(err, errWith) || !bad && err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	list, err := s.Enrollments(t.Context())
	check(t, err)
	if got, want := len(list), calls-calls/10; got != want {
		t.Errorf("%d answers were kept, want %d", got, want)
	}
}

func TestAFullDiskKeepsNothingByHalves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openState(t, path)
	check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "C0", "a", monday())))
	pragma(t, s, `PRAGMA max_page_count = 1`) // which SQLite takes for the size there is
	noise := make([]byte, 50_000)
	state := uint32(1)
	for i := range noise { // what does not compress
		state = state*1664525 + 1013904223
		noise[i] = byte(state >> 24)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			e := storetest.Answer(fmt.Sprint("D", i), "Restrictions", fmt.Sprint("C", i+1), string(noise), monday())
			if err := s.Write(t.Context(), &e, queue(e.CommandUUID)); err == nil || !strings.Contains(err.Error(), "full") {
				t.Errorf("answer %d: %v, want that the disk is full", i, err)
			}
		})
	}
	wg.Wait()
	db := rawDB(t, path)
	if n := count(t, db, `SELECT (SELECT count(*) FROM evidence) * 1000 + (SELECT count(*) FROM nano_queue)`); n != 1000 {
		t.Errorf("kept %d (evidence in thousands, and notes), want what was there", n)
	}
	pragma(t, s, `PRAGMA max_page_count = 1000000`)
	e := storetest.Answer("D1", "Restrictions", "C1", string(noise), monday())
	check(t, s.Write(t.Context(), &e, queue("C1")))
}

func TestALockedFileFailsAllAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openState(t, path)
	const timeout = 100 * time.Millisecond
	pragma(t, s, fmt.Sprintf(`PRAGMA busy_timeout = %d`, timeout.Milliseconds()))
	conn, err := rawDB(t, path).Conn(t.Context())
	check(t, err)
	defer conn.Close()
	lock := func(statement string) {
		t.Helper()
		_, err := conn.ExecContext(t.Context(), statement)
		check(t, err)
	}
	lock(`BEGIN IMMEDIATE`)
	start := time.Now()
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			err := s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", fmt.Sprint("C", i), "a", monday()))
			if err == nil || !strings.Contains(err.Error(), "locked") {
				t.Errorf("answer %d: %v, want that the file is locked", i, err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(start); took > 40*timeout {
		t.Errorf("a hundred answers waited %s, as if each waited for itself", took)
	}
	lock(`ROLLBACK`)
	check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "C", "a", monday())))
}

func TestACallerThatLeavesUndoesNothing(t *testing.T) {
	s := openState(t, filepath.Join(t.TempDir(), "state.db"))
	ctx, cancel := context.WithCancel(t.Context())
	e := storetest.Answer("D1", "SecurityInfo", "C1", "a", monday())
	if err := s.Write(ctx, &e, func(tx mdm.Tx) error { cancel(); return queue("C1")(tx) }); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "C2", "b", monday()))) // after it
	if last, err := s.LastEvidence(t.Context()); last != 2 || err != nil {
		t.Errorf("last evidence = %d, %v; want 2", last, err)
	}
}

func TestSightingsAreKnownAtOnceAndWrittenLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := sqlite.OpenState(t.Context(), path)
	check(t, err)
	lastSeen := func(s *sqlite.State) time.Time {
		t.Helper()
		list, err := s.Enrollments(t.Context())
		check(t, err)
		return list[0].LastSeen
	}
	check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "C1", "a", monday())))
	db := rawDB(t, path)
	written := func() time.Time { return time.UnixMilli(count(t, db, `SELECT last_seen FROM enrollment`)).UTC() }

	polled := monday().Add(time.Hour)
	s.Seen("D1", polled)
	s.Seen("D1", monday()) // late
	s.Seen("nobody", polled)
	if got := lastSeen(s); !got.Equal(polled) {
		t.Errorf("last seen %s, want %s", got, polled)
	}
	if got := written(); !got.Equal(monday()) {
		t.Errorf("a poll was written at once: %s", got)
	}
	check(t, s.Deliver(t.Context(), storetest.Answer("D2", "SecurityInfo", "C2", "a", monday())))
	if got := written(); !got.Equal(polled) {
		t.Errorf("not written with the next transaction: %s", got)
	}
	s.Seen("D1", polled.Add(time.Hour))
	for i := range 3000 { // more than one transaction takes
		s.Seen(fmt.Sprint("nobody", i), polled)
	}
	check(t, s.Close())
	if got := lastSeen(openState(t, path)); !got.Equal(polled.Add(time.Hour)) {
		t.Errorf("after it was closed: last seen %s", got)
	}
}
