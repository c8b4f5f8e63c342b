package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// What a message costs must not grow with the fleet: every statement that the
// writer runs for one finds its rows by an index.
func TestNoMessageScansATable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openState(t, path)
	asked := func(uuid string) {
		t.Helper()
		_, err := s.Ask(t.Context(), []store.Outstanding{{Enrollment: "D1", Query: "SecurityInfo", CommandUUID: uuid, Sweep: 1, AskedAt: monday()}})
		check(t, err)
	}
	asked("C1")
	refused := storetest.Unread("D1", "junk", monday())
	for i, e := range []mdm.Evidence{
		storetest.CheckIn("D1", "Authenticate", "<key>SerialNumber</key><string>S</string>", monday()),
		storetest.CheckIn("D1", "TokenUpdate", "", monday()),
		storetest.NotNow("D1", "SecurityInfo", "C1", monday()),
		storetest.Answer("D1", "SecurityInfo", "C1", "a", monday()),
		storetest.Answer("D1", "SecurityInfo", "C1", "duplicate", monday()),
		storetest.Answer("D1", "SecurityInfo", "C2", "a", monday()),
		storetest.Answer("D1", "SecurityInfo", "C3", "b", monday()),
		refused,
	} {
		e.Received = e.Received.Add(time.Duration(i) * time.Second)
		check(t, s.Deliver(t.Context(), e))
	}
	s.Seen("D1", monday().Add(time.Hour))
	asked("")
	check(t, s.Forget(t.Context(), "D1", "SecurityInfo"))
	check(t, s.Pushed(t.Context(), []string{"D1"}, nil, monday()))

	asked("C9")
	check(t, s.GiveUp(t.Context(), []string{"C9"}))
	_, err := s.Observed(t.Context(), "D1")
	check(t, err)
	_, err = s.Observations(t.Context(), "D1")
	check(t, err)

	statements := sqlite.Statements(s)
	db := rawDB(t, path)
	looked := 0
	for _, statement := range statements {
		if strings.HasPrefix(statement, "BEGIN") || strings.HasPrefix(statement, "COMMIT") {
			continue
		}
		looked++
		args := make([]any, 0, 20)
		for range 20 {
			args = append(args, nil)
		}
		if n := strings.Count(statement, "?"); !strings.Contains(statement, "?1") {
			args = args[:n]
		} else {
			args = args[:highest(statement)]
		}
		for _, row := range query(t, db, "EXPLAIN QUERY PLAN "+statement, args...) {
			detail := row[3] // of a subquery, its own line says how it finds its rows
			if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "CONSTANT ROW") && !strings.HasPrefix(detail, "SCAN (subquery") {
				t.Errorf("%s\n%s", detail, statement)
			}
		}
	}
	if looked < 16 {
		t.Errorf("looked at %d statements, which is not all", looked)
	}
}

// highest returns the highest number of a parameter ?N.
func highest(statement string) int {
	n := 0
	for i := range len(statement) - 1 {
		if statement[i] == '?' && statement[i+1] >= '1' && statement[i+1] <= '9' {
			n = max(n, int(statement[i+1]-'0'))
		}
	}
	return n
}
