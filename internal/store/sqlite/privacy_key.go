package sqlite

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wardround/wardround/mdm"
)

// PrivacyKey is the key that names of users are hashed with.
func (s *State) PrivacyKey() mdm.Key { return s.key }

// privacyKey reads the key. If there is none it makes one, and the users that
// an older version named without it get the names they have under it, in the
// same transaction.
func privacyKey(ctx context.Context, db *sql.DB) (mdm.Key, error) {
	var key mdm.Key
	err := inTx(ctx, db, func(t *txn) error {
		var kept []byte
		found, err := t.row(`SELECT key FROM privacy_key`, nil, []any{&kept})
		switch {
		case err != nil:
			return err
		case found && len(kept) != len(key):
			return errors.New("it has another length")
		case found:
			copy(key[:], kept)
			return nil
		}
		_, _ = rand.Read(key[:]) // never errs, by its contract
		if _, err := t.exec(`INSERT INTO privacy_key (one, key) VALUES (1, ?)`, key[:]); err != nil {
			return err
		}
		return rename(t, key)
	})
	if err != nil {
		return mdm.Key{}, fmt.Errorf("read the privacy key: %w", err)
	}
	return key, nil
}

// rename gives user channels their names under key. Their messages name the
// users without it: no verdict rests on them, so their bodies go.
func rename(t *txn, key mdm.Key) error {
	if _, err := t.exec(`PRAGMA secure_delete = 1`); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE evidence SET body = x'', pruned = last WHERE enrollment IN (SELECT enrollment_key FROM enrollment WHERE parent_id <> '')`)
	if err != nil {
		return err
	}
	for _, column := range []struct{ table, id string }{
		{"enrollment", "id"}, {"ledger", "enrollment"}, {"nano_enrollment", "id"}, {"nano_queue", "enrollment"},
	} {
		var ids []string
		err := t.each(func(r *sql.Rows) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT DISTINCT `+column.id+` FROM `+column.table)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if as := key.Rekeyed(id); as != id {
				if _, err := t.exec(`UPDATE `+column.table+` SET `+column.id+` = ?2 WHERE `+column.id+` = ?1`, id, as); err != nil {
					return err
				}
			}
		}
	}
	return renameMessages(t, key)
}

// renameMessages puts the names into the messages that NanoMDM's storage keeps
// of user channels. Old and new ones are of one length.
func renameMessages(t *txn, key mdm.Key) error {
	for _, column := range []string{"token_update", "user_authenticate", "user_authenticate_digest"} {
		messages := make(map[string][]byte)
		err := t.each(func(r *sql.Rows) error {
			var id string
			var message []byte
			err := r.Scan(&id, &message)
			messages[id] = message
			return err
		}, `SELECT id, `+column+` FROM nano_enrollment WHERE parent_id <> '' AND `+column+` IS NOT NULL`)
		if err != nil {
			return err
		}
		for id, message := range messages {
			if _, err := t.exec(`UPDATE nano_enrollment SET `+column+` = ? WHERE id = ?`, renamed(message, key), id); err != nil {
				return err
			}
		}
	}
	return nil
}

// renamed replaces each name that was made without a key.
func renamed(message []byte, key mdm.Key) []byte {
	const mark, length = ">user-", len(">user-") + 16
	var out []byte
	for {
		i := bytes.Index(message, []byte(mark))
		if i < 0 || i+length > len(message) {
			return append(out, message...)
		}
		as := key.Rekeyed(":" + string(message[i+1:i+length]))
		out = append(append(out, message[:i+1]...), as[1:]...)
		message = message[i+length:]
	}
}
