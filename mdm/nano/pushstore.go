package nano

import (
	"context"
	"crypto/tls"
	"fmt"
	"strconv"
	"time"

	"github.com/micromdm/nanomdm/cryptoutil"
	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm"
)

// RetrievePushInfo implements storage.PushStore. Ids that are not enrolled, or
// no longer, are left out.
func (s *store) RetrievePushInfo(ctx context.Context, ids []string) (map[string]*nanomdm.Push, error) {
	infos := make(map[string]*nanomdm.Push, len(ids))
	err := s.journal.Read(ctx, func(tx mdm.Tx) error {
		for _, id := range ids {
			p := new(nanomdm.Push)
			var token []byte
			found, err := tx.Row(`SELECT topic, push_magic, push_token FROM nano_enrollment WHERE id = ? AND enabled = 1`,
				[]any{id}, []any{&p.Topic, &p.PushMagic, &token})
			if err != nil {
				return err
			}
			if found {
				p.Token = token
				infos[id] = p
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read push tokens: %w", err)
	}
	return infos, nil
}

// StorePushCert implements storage.PushCertStorer.
func (s *store) StorePushCert(ctx context.Context, certPEM, keyPEM []byte) error {
	topic, err := cryptoutil.TopicFromPEMCert(certPEM)
	if err != nil {
		return err
	}
	return s.journal.Write(ctx, nil, exec(`INSERT INTO nano_push_certificate (topic, certificate, key, version) VALUES (?, ?, ?, 1)
		ON CONFLICT (topic) DO UPDATE SET certificate = excluded.certificate, key = excluded.key, version = version + 1`,
		topic, certPEM, keyPEM))
}

// RetrievePushCert implements storage.PushCertStore.
func (s *store) RetrievePushCert(ctx context.Context, topic string) (*tls.Certificate, string, error) {
	var certPEM, keyPEM []byte
	var version int64
	var found bool
	err := s.journal.Read(ctx, func(tx mdm.Tx) (err error) {
		found, err = tx.Row(`SELECT certificate, key, version FROM nano_push_certificate WHERE topic = ?`,
			[]any{topic}, []any{&certPEM, &keyPEM, &version})
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if !found {
		return nil, "", fmt.Errorf("no push certificate for topic %s", topic)
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, "", fmt.Errorf("push certificate for topic %s: %w", topic, err)
	}
	return &cert, strconv.FormatInt(version, 10), nil
}

// IsPushCertStale implements storage.PushCertStore.
func (s *store) IsPushCertStale(ctx context.Context, topic, staleToken string) (bool, error) {
	var version int64
	err := s.journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT version FROM nano_push_certificate WHERE topic = ?`, []any{topic}, []any{&version})
		return err
	})
	return strconv.FormatInt(version, 10) != staleToken, err
}

// KeepPushCertificate keeps an APNs certificate and its key, both PEM, as
// Server.StorePushCertificate does.
func KeepPushCertificate(ctx context.Context, journal mdm.Journal, certPEM, keyPEM []byte) error {
	if err := (&store{journal: journal}).StorePushCert(ctx, certPEM, keyPEM); err != nil {
		return fmt.Errorf("store the push certificate: %w", err)
	}
	return nil
}

// A PushCertificate is a kept APNs certificate, without its key.
type PushCertificate struct {
	Topic    string
	NotAfter time.Time
}

// PushCertificates lists the push certificates that journal keeps, by topic.
func PushCertificates(ctx context.Context, journal mdm.Journal) ([]PushCertificate, error) {
	var all []PushCertificate
	err := journal.Read(ctx, func(tx mdm.Tx) error {
		return tx.Each(`SELECT topic, certificate, key FROM nano_push_certificate ORDER BY topic`, nil, func(scan func(...any) error) error {
			var topic string
			var certPEM, keyPEM []byte
			if err := scan(&topic, &certPEM, &keyPEM); err != nil {
				return err
			}
			cert, err := tls.X509KeyPair(certPEM, keyPEM)
			if err != nil {
				return fmt.Errorf("push certificate for topic %s: %w", topic, err)
			}
			all = append(all, PushCertificate{topic, cert.Leaf.NotAfter.UTC()})
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list push certificates: %w", err)
	}
	return all, nil
}
