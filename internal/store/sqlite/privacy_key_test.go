package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
)

func TestThePrivacyKeyStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	first, err := sqlite.OpenState(t.Context(), path)
	check(t, err)
	key := first.PrivacyKey()
	check(t, first.Close())
	if key == (mdm.Key{}) {
		t.Error("there is no key")
	}
	if again := openState(t, path); again.PrivacyKey() != key {
		t.Error("another key when the file was opened again")
	}
	if other := openState(t, filepath.Join(t.TempDir(), "state.db")); other.PrivacyKey() == key {
		t.Error("another file has the same key")
	}
}

// A file of a version that hashed without a key: its users get the names that
// their next message will come under.
func TestUsersAreRenamedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	zoe := mdm.Enrollment{ID: "D1:zoe@clinic.example", Type: mdm.SharedIPad, ParentID: "D1"}
	old := zoe.Private().ID
	name := strings.TrimPrefix(old, "D1:")
	olderState(t, path, []string{
		`INSERT INTO enrollment (id, type, parent_id, first_seen, last_seen, enabled) VALUES ('D1', 'Device', '', 1, 2, 1), ('` + old + `', 'Shared iPad', 'D1', 1, 2, 1)`,
		`INSERT INTO evidence (enrollment, class, query, status, newest, command_uuid, received, size, rewritten, sha256, received_sha256, canonical, refusal,
			last, last_command_uuid, last_received_sha256, longest_gap, count, body)
			SELECT enrollment_key, 'checkin', 'TokenUpdate', '', 1, '', 1, 0, 0, zeroblob(32), zeroblob(32), zeroblob(32), '', 1, '', zeroblob(32), 0, 1, x'616263' FROM enrollment`,
		`INSERT INTO ledger (enrollment, query, command_uuid, sweep, asked_at, status, notnow) VALUES ('` + old + `', 'ProfileList/all', 'C1', 1, 1, '', 0)`,
		`INSERT INTO nano_enrollment (id, parent_id, type, token_update) VALUES ('` + old + `', 'D1', 'Shared iPad', CAST('<string>` + name + `</string><string>D1</string>' AS BLOB)), ('D1', '', 'Device', x'00')`,
		`INSERT INTO nano_queue (enrollment, command_uuid, query, command, queued_at) VALUES ('` + old + `', 'C1', 'ProfileList/all', x'', 1)`,
	}, "0001_evidence.sql", "0002_nanomdm.sql", "0003_rounds.sql")

	for range 2 {
		s, err := sqlite.OpenState(t.Context(), path)
		check(t, err)
		want := s.PrivacyKey().Private(zoe).ID
		check(t, s.Close())
		db := rawDB(t, path)
		for _, q := range []string{
			`SELECT id FROM enrollment WHERE parent_id = 'D1'`, `SELECT enrollment FROM ledger`, `SELECT id FROM nano_enrollment WHERE parent_id = 'D1'`,
			`SELECT enrollment FROM nano_queue`,
		} {
			if got := query(t, db, q)[0][0]; got != want || got == old {
				t.Errorf("%s: %s, want %s", q, got, want)
			}
		}
		message := query(t, db, `SELECT CAST(token_update AS TEXT) FROM nano_enrollment WHERE parent_id = 'D1'`)[0][0]
		if wantMessage := "<string>" + strings.TrimPrefix(want, "D1:") + "</string><string>D1</string>"; message != wantMessage {
			t.Errorf("the message is %s, want %s", message, wantMessage)
		}
		if got := query(t, db, `SELECT length(body), pruned IS NOT NULL FROM evidence ORDER BY id`); got[0][0] != "3" || got[1][0] != "0" || got[1][1] != "1" {
			t.Errorf("bodies %v, want that of the user gone alone", got)
		}
	}
}
