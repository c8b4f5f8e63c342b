package nano

import (
	"context"
	"strings"
	"sync"

	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm"
)

// maxOwners bounds the cache of certificates: about 20 MB.
const maxOwners = 1 << 17

// Owners remembers which certificate a device has, so that a report needs no
// query for it. It is safe for concurrent use.
type owners struct {
	mu      sync.RWMutex
	hashes  map[string]string // by device id; guarded by mu
	changes int               // guarded by mu
}

func newOwners() *owners { return &owners{hashes: make(map[string]string)} }

// has reports whether hash is known to be of the certificate of a device, and
// how many changes there were by then.
func (o *owners) has(id, hash string) (known bool, changes int) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	known = hash != "" && o.hashes[id] == hash
	return known, o.changes
}

// add notes what was read from the storage after has gave changes. It may have
// changed since: then it is not noted.
func (o *owners) add(id, hash string, changes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changes != changes {
		return
	}
	if len(o.hashes) >= maxOwners {
		clear(o.hashes)
	}
	o.hashes[id] = hash
}

// change forgets the certificate of a device. It is called before and after
// the storage is changed.
func (o *owners) change(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changes++
	delete(o.hashes, id)
}

// HasCertHash implements storage.CertAuthStore: of any device, at any time.
func (s *store) HasCertHash(r *nanomdm.Request, hash string) (bool, error) {
	return s.exists(r.Context(), `SELECT 1 FROM nano_certificate WHERE hash = ?`, strings.ToLower(hash))
}

// EnrollmentHasCertHash implements storage.CertAuthStore.
func (s *store) EnrollmentHasCertHash(r *nanomdm.Request, _ string) (bool, error) {
	return s.exists(r.Context(), `SELECT 1 FROM nano_certificate WHERE id = ? AND current = 1`, r.ID)
}

// IsCertHashAssociated implements storage.CertAuthStore. A certificate that was
// replaced is no longer the device's.
func (s *store) IsCertHashAssociated(r *nanomdm.Request, hash string) (bool, error) {
	hash = strings.ToLower(hash)
	known, changes := s.owners.has(r.ID, hash)
	if known {
		return true, nil
	}
	found, err := s.exists(r.Context(), `SELECT 1 FROM nano_certificate WHERE hash = ? AND id = ? AND current = 1`, hash, r.ID)
	if found {
		s.owners.add(r.ID, hash, changes)
	}
	return found, err
}

// AssociateCertHash implements storage.CertAuthStore.
func (s *store) AssociateCertHash(r *nanomdm.Request, hash string) error {
	hash = strings.ToLower(hash)
	s.owners.change(r.ID)
	defer s.owners.change(r.ID)
	return s.keep(r, nil, func(tx mdm.Tx) error {
		if _, err := tx.Exec(`UPDATE nano_certificate SET current = 0 WHERE id = ? AND current = 1`, r.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO nano_certificate (hash, id, current) VALUES (?, ?, 1)
			ON CONFLICT (hash) DO UPDATE SET id = excluded.id, current = 1`, hash, r.ID)
		return err
	})
}

// EnrollmentFromHash implements storage.CertAuthRetriever. It knows replaced
// certificates too: authorization is not by this.
func (s *store) EnrollmentFromHash(ctx context.Context, hash string) (id string, err error) {
	err = s.journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT id FROM nano_certificate WHERE hash = ?`, []any{strings.ToLower(hash)}, []any{&id})
		return err
	})
	return id, err
}

// exists reports whether a query of one column of integers has a row.
func (s *store) exists(ctx context.Context, query string, args ...any) (found bool, err error) {
	err = s.journal.Read(ctx, func(tx mdm.Tx) (err error) {
		var one int
		found, err = tx.Row(query, args, []any{&one})
		return err
	})
	return found, err
}
