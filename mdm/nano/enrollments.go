package nano

import (
	"context"

	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/storage"

	"github.com/wardround/wardround/mdm"
)

// ofDevice selects a device channel and its users.
const ofDevice = `(id = ?1 OR parent_id = ?1 AND parent_id <> '')`

// StoreAuthenticate implements storage.CheckinStore. A device that enrols anew
// begins without tokens, and its users have to come again.
func (s *store) StoreAuthenticate(r *nanomdm.Request, m *nanomdm.Authenticate) error {
	if r.ParentID != "" {
		return storage.ErrDeviceChannelOnly
	}
	return s.write(r, func(tx mdm.Tx) error {
		_, err := tx.Exec(`INSERT INTO nano_enrollment (id, parent_id, type, authenticate) VALUES (?, '', ?, ?)
			ON CONFLICT (id) DO UPDATE SET parent_id = '', type = excluded.type, authenticate = excluded.authenticate, token_update = NULL,
				topic = '', push_magic = '', push_token = NULL, unlock_token = NULL, bootstrap_token = NULL`,
			r.ID, r.Type.String(), m.Raw)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE nano_enrollment SET enabled = 0, tally = 0 WHERE `+ofDevice, r.ID)
		return err
	})
}

// StoreTokenUpdate implements storage.CheckinStore. An unlock token comes with
// the first message of an enrollment and stays when later ones have none.
func (s *store) StoreTokenUpdate(r *nanomdm.Request, m *nanomdm.TokenUpdate) error {
	return s.write(r, exec(`INSERT INTO nano_enrollment (id, parent_id, type, enabled, tally, topic, push_magic, push_token, unlock_token, token_update)
		VALUES (?, ?, ?, 1, 1, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET parent_id = excluded.parent_id, type = excluded.type, enabled = 1, tally = tally + 1,
			topic = excluded.topic, push_magic = excluded.push_magic, push_token = excluded.push_token,
			unlock_token = coalesce(excluded.unlock_token, unlock_token), token_update = excluded.token_update`,
		r.ID, r.ParentID, r.Type.String(), m.Topic, m.PushMagic, []byte(m.Token), orNull(m.UnlockToken), m.Raw))
}

// RetrieveTokenUpdateTally implements storage.TokenUpdateTallyStore.
func (s *store) RetrieveTokenUpdateTally(ctx context.Context, id string) (tally int, err error) {
	err = s.journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT tally FROM nano_enrollment WHERE id = ?`, []any{id}, []any{&tally})
		return err
	})
	return tally, err
}

// StoreUserAuthenticate implements storage.UserAuthenticateStore. The user's
// channel is not valid before its TokenUpdate.
func (s *store) StoreUserAuthenticate(r *nanomdm.Request, m *nanomdm.UserAuthenticate) error {
	column := `user_authenticate`
	if m.DigestResponse != "" { // the second of two
		column = `user_authenticate_digest`
	}
	return s.write(r, exec(`INSERT INTO nano_enrollment (id, parent_id, type, `+column+`) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET parent_id = excluded.parent_id, type = excluded.type, enabled = 0, `+column+` = excluded.`+column,
		r.ID, r.ParentID, r.Type.String(), m.Raw))
}

// Disable implements storage.CheckinStore. NanoMDM calls it for CheckOut, and
// for Authenticate after StoreAuthenticate, which has kept its evidence. The
// users of a device go with it.
func (s *store) Disable(r *nanomdm.Request) error {
	var evidence *mdm.Evidence
	if e := deliveryOf(r).evidence; e != nil && e.Query == mdm.CheckOut {
		evidence = e
	}
	return s.keep(r, evidence,
		exec(`UPDATE nano_enrollment SET enabled = 0, tally = 0 WHERE enabled = 1 AND `+ofDevice, r.ID))
}

// StoreBootstrapToken implements storage.BootstrapTokenStore. A message without
// a token takes it back.
func (s *store) StoreBootstrapToken(r *nanomdm.Request, m *nanomdm.SetBootstrapToken) error {
	if r.ParentID != "" {
		return storage.ErrDeviceChannelOnly
	}
	return s.write(r, exec(`UPDATE nano_enrollment SET bootstrap_token = ?2 WHERE id = ?1`, r.ID, orNull(m.BootstrapToken.BootstrapToken)))
}

// RetrieveBootstrapToken implements storage.BootstrapTokenStore.
func (s *store) RetrieveBootstrapToken(r *nanomdm.Request, _ *nanomdm.GetBootstrapToken) (*nanomdm.BootstrapToken, error) {
	if r.ParentID != "" {
		return nil, storage.ErrDeviceChannelOnly
	}
	if err := s.write(r, nil); err != nil {
		return nil, err
	}
	var token []byte
	err := s.journal.Read(r.Context(), func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT bootstrap_token FROM nano_enrollment WHERE id = ?`, []any{r.ID}, []any{&token})
		return err
	})
	if err != nil || token == nil {
		return nil, err
	}
	return &nanomdm.BootstrapToken{BootstrapToken: token}, nil
}

// orNull keeps no bytes as NULL.
func orNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
