package sqlite

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

var _ store.Register = (*State)(nil)

// Act keeps an act and returns its id once that is durable.
func (s *State) Act(ctx context.Context, a store.Act) (id int64, err error) {
	a.Salt = chain.NewSalt()
	if a.Body, err = chain.Canonical(json.RawMessage(a.Body)); err == nil {
		err = s.writer.do(ctx, func(t *txn) error {
			id, err = keepAct(t, a)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("keep an act: %w", err)
	}
	return id, nil
}

// keepAct keeps an act whose body is canonical.
func keepAct(t *txn, a store.Act) (id int64, err error) {
	if err := fitsTheChain(a); err != nil {
		return 0, err
	}
	_, err = t.row(`INSERT INTO act (at, kind, actor, body, salt) VALUES (?, ?, ?, ?, ?) RETURNING id`,
		[]any{a.At.UnixMilli(), a.Kind, a.Actor, []byte(a.Body), a.Salt[:]}, []any{&id})
	return id, err
}

// fitsTheChain tries whether an entry can be made of a: later, in a round, it
// would be too late to say.
func fitsTheChain(a store.Act) error {
	body, err := a.Entry(func(time.Time) (int64, error) { return 0, nil })
	if err != nil {
		return err
	}
	first, err := chain.Begin(a.At, chain.Genesis{Chain: chain.NewID()})
	if err != nil {
		return err
	}
	_, err = first.Append(a.At, body)
	return err
}

// ActsAfter lists the acts with higher ids.
func (s *State) ActsAfter(ctx context.Context, id int64) ([]store.Act, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, at, kind, actor, body, salt FROM act WHERE id > ? ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	var list []store.Act
	err = drain(rows, func(r *sql.Rows) error {
		var a store.Act
		var at int64
		var body, salt []byte
		err := r.Scan(&a.ID, &at, &a.Kind, &a.Actor, &body, &salt)
		a.At, a.Body = fromMilli(at), body
		copy(a.Salt[:], salt)
		list = append(list, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	return list, nil
}

// Consume sums up evidence for a round, and sees to it that its digests stay.
func (s *State) Consume(ctx context.Context, after, through int64) (chain.Tally, error) {
	// First the mark: what goes after it leaves its digests, and what went
	// before it is in no tally.
	err := s.writer.do(ctx, func(t *txn) error {
		_, err := t.exec(`UPDATE consumed SET through = ?1 WHERE one = 1 AND through < ?1`, through)
		return err
	})
	if err != nil {
		return chain.Tally{}, fmt.Errorf("consume evidence: %w", err)
	}
	return s.Consumed(ctx, after, through)
}

// Consumed sums up evidence, and what is left of that which was dropped.
func (s *State) Consumed(ctx context.Context, after, through int64) (chain.Tally, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, sha256, received_sha256, received FROM evidence WHERE id > ?1 AND id <= ?2
		UNION ALL SELECT id, sha256, received_sha256, received FROM evidence_gone WHERE id > ?1 AND id <= ?2 ORDER BY id`, after, through)
	if err != nil {
		return chain.Tally{}, fmt.Errorf("sum up evidence: %w", err)
	}
	sum := chain.NewEvidenceDigest()
	err = drain(rows, func(r *sql.Rows) error {
		var row chain.EvidenceRow
		var kept, came sql.RawBytes
		var at int64
		if err := r.Scan(&row.ID, &kept, &came, &at); err != nil {
			return err
		}
		if len(kept) != len(row.SHA256) || len(came) != len(row.ReceivedSHA256) {
			sum.Text("a digest of another length") // so that the tally is another
		}
		copy(row.SHA256[:], kept)
		copy(row.ReceivedSHA256[:], came)
		row.Received = fromMilli(at)
		sum.Evidence(row)
		return nil
	})
	if err != nil {
		return chain.Tally{}, fmt.Errorf("sum up evidence: %w", err)
	}
	return sum.Tally(), nil
}

// errOtherBody is the fault of a body that its digest was not taken of.
var errOtherBody = errors.New("its body is not the one that its digest was taken of")

// EachBody compares bodies with their digests.
func (s *State) EachBody(ctx context.Context, through int64, f func(id int64, fault error) error) error {
	rows, err := s.read.QueryContext(ctx, `SELECT id, sha256, pruned IS NOT NULL, body FROM evidence WHERE id <= ? ORDER BY id`, through)
	if err != nil {
		return fmt.Errorf("read the bodies of evidence: %w", err)
	}
	var told error // what f returned, which is its own affair
	var plain []byte
	err = drain(rows, func(r *sql.Rows) error {
		var id int64
		var pruned bool
		var sum, body sql.RawBytes
		if err := r.Scan(&id, &sum, &pruned, &body); err != nil {
			return err
		}
		var fault error
		plain = plain[:0]
		if len(body) > 0 {
			plain, fault = s.unzip.DecodeAll(body, plain)
		}
		got := sha256.Sum256(plain)
		switch {
		case pruned && len(body) == 0:
			fault = store.ErrNotFound
		case fault != nil || !bytes.Equal(got[:], sum):
			fault = errOtherBody
		}
		told = f(id, fault)
		return told
	})
	if err != nil && told == nil {
		return fmt.Errorf("read the bodies of evidence: %w", err)
	}
	return told
}

// Pseudonyms stand for persons and devices in the chain.
func (s *State) Pseudonyms(ctx context.Context) (chain.Pseudonyms, error) {
	var secret []byte
	find := func(row *sql.Row) error {
		err := row.Scan(&secret)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	}
	err := find(s.read.QueryRowContext(ctx, `SELECT secret FROM chain_secret`))
	if err == nil && secret == nil {
		made := make([]byte, 32)
		_, _ = rand.Read(made) // never errs, by its contract
		err = s.writer.do(ctx, func(t *txn) error {
			_, err := t.row(`INSERT INTO chain_secret (one, secret) VALUES (1, ?) ON CONFLICT DO UPDATE SET secret = secret RETURNING secret`,
				[]any{made}, []any{&secret})
			return err
		})
	}
	if err != nil {
		return chain.Pseudonyms{}, fmt.Errorf("read the secret of the chain: %w", err)
	}
	return chain.NewPseudonyms(secret)
}
