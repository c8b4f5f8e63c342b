package nano

import (
	"context"
	"fmt"

	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// A moving enrollment is what another server needs to take one over.
type moving struct {
	id, kind         string
	authenticate     []byte
	userAuthenticate []byte
	userDigest       []byte
	tokenUpdate      []byte
	unlock           []byte
	bootstrap        []byte
}

// RetrieveMigrationCheckins implements storage.StoreMigrator. It sends the
// messages of each enabled device and then of its enabled users, secrets
// included. An error of one enrollment is sent in place of its message.
func (s *store) RetrieveMigrationCheckins(ctx context.Context, out chan<- any) error {
	devices, err := s.enabled(ctx, `parent_id = ''`)
	if err != nil {
		return err
	}
	for _, device := range devices {
		users, err := s.enabled(ctx, `parent_id = ? AND parent_id <> ''`, device)
		if err != nil {
			return err
		}
		for _, id := range append([]string{device}, users...) {
			if err := s.move(ctx, id, out); err != nil {
				return fmt.Errorf("migrate %s: %w", id, err)
			}
		}
	}
	return nil
}

// enabled lists the enabled enrollments of which a condition holds.
func (s *store) enabled(ctx context.Context, condition string, args ...any) (ids []string, err error) {
	err = s.journal.Read(ctx, func(tx mdm.Tx) error {
		return tx.Each(`SELECT id FROM nano_enrollment WHERE enabled = 1 AND `+condition+` ORDER BY id`, args,
			func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				ids = append(ids, id)
				return err
			})
	})
	return ids, err
}

// move sends what there is of one enrollment.
func (s *store) move(ctx context.Context, id string, out chan<- any) error {
	m := moving{id: id}
	err := s.journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT type, authenticate, user_authenticate, user_authenticate_digest, token_update, unlock_token, bootstrap_token
			FROM nano_enrollment WHERE id = ?`, []any{id},
			[]any{&m.kind, &m.authenticate, &m.userAuthenticate, &m.userDigest, &m.tokenUpdate, &m.unlock, &m.bootstrap})
		return err
	})
	if err != nil {
		return err
	}
	for _, raw := range [][]byte{m.authenticate, m.userAuthenticate, m.userDigest, m.withUnlock(), m.bootstrapMessage()} {
		if raw == nil {
			continue
		}
		var message any
		if message, err = nanomdm.DecodeCheckin(raw); err != nil {
			message = fmt.Errorf("decode a message of %s: %w", id, err)
		}
		select {
		case out <- message:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// withUnlock is the TokenUpdate with the unlock token, which came with an
// earlier one.
func (m moving) withUnlock() []byte {
	if m.unlock == nil || m.tokenUpdate == nil {
		return m.tokenUpdate
	}
	doc, err := plist.Parse(m.tokenUpdate, plist.Limits{})
	if err != nil {
		return m.tokenUpdate
	}
	message, ok := doc.Root().Any().(map[string]any)
	if !ok || message["UnlockToken"] != nil {
		return m.tokenUpdate
	}
	message["UnlockToken"] = m.unlock
	if raw := written(message); raw != nil {
		return raw
	}
	return m.tokenUpdate
}

// bootstrapMessage is the message with which the device gave its token.
func (m moving) bootstrapMessage() []byte {
	if m.bootstrap == nil {
		return nil
	}
	key := "UDID"
	if m.kind == string(mdm.UserEnrollmentDevice) {
		key = "EnrollmentID"
	}
	return written(map[string]any{"MessageType": "SetBootstrapToken", key: m.id, "BootstrapToken": m.bootstrap})
}

// written is nil for a message that no property list can hold.
func written(message map[string]any) []byte {
	raw, err := plist.WriteXML(message)
	if err != nil {
		return nil
	}
	return raw
}
