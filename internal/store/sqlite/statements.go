package sqlite

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

var _ store.Statements = (*State)(nil)

// The kinds of statements in the table.
const (
	waiverKind      = "waiver"
	attestationKind = "attestation"
)

// A statementAct is what the act of a statement says: Content is the digest of
// the row, keyed with its salt.
type statementAct struct {
	store.StatementAct
	Content string `json:"content"`
}

// Declare keeps changes of statements with their acts.
func (s *State) Declare(ctx context.Context, at time.Time, actor string, changes []store.Declaration) ([]string, error) {
	var ids []string
	err := s.writer.do(ctx, func(t *txn) error {
		ids = nil // this may run twice
		for _, c := range changes {
			id, err := declare(t, at, actor, c)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keep statements: %w", err)
	}
	return ids, nil
}

func declare(t *txn, at time.Time, actor string, c store.Declaration) (string, error) {
	var kind, id string
	var known int64
	var text statementText
	switch {
	case c.Waiver != nil:
		kind, id, known, text = waiverKind, c.Waiver.ID, c.Waiver.Act, waiverText(*c.Waiver)
	case c.Attestation != nil:
		kind, id, known, text = attestationKind, c.Attestation.ID, c.Attestation.Act, attestationText(*c.Attestation)
	default:
		return "", errors.New("there is nothing in a declaration")
	}
	if id == "" {
		var err error
		if id, err = nextStatement(t, kind); err != nil {
			return "", err
		}
	}
	var last int64
	if _, err := t.row(`SELECT coalesce(max(act), 0) FROM statement WHERE kind = ? AND id = ?`, []any{kind, id}, []any{&last}); err != nil {
		return "", err
	}
	if last != known {
		return "", fmt.Errorf("%s %s: %w", kind, id, store.ErrStatementChanged)
	}
	body, err := json.Marshal(text)
	if err != nil {
		return "", err
	}
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never errs, by its contract
	act := text.act(c.Action)
	act.ID = id
	data, err := chain.Canonical(statementAct{act, contentOf(salt, body)})
	if err != nil {
		return "", err
	}
	acted, err := keepAct(t, store.Act{At: at, Kind: actKind(kind, c.Action), Actor: actor, Body: data, Salt: chain.NewSalt()})
	if err != nil {
		return "", err
	}
	_, err = t.exec(`INSERT INTO statement (act, kind, id, salt, body) VALUES (?, ?, ?, ?, ?)`, acted, kind, id, salt, body)
	return id, err
}

// contentOf is what an act has of a body.
func contentOf(salt, body []byte) string {
	sum := hmac.New(sha256.New, salt)
	sum.Write(body)
	return hex.EncodeToString(sum.Sum(nil))
}

func actKind(kind, action string) string {
	switch revoked := action == store.StatementRevoked; {
	case kind == waiverKind && revoked:
		return store.ActWaiverRevoked
	case kind == waiverKind:
		return store.ActWaiver
	case revoked:
		return store.ActAttestationRevoked
	}
	return store.ActAttestation
}

// nextStatement is the next free id. Those that a file gave are no numbers of
// ours, or are counted as such.
func nextStatement(t *txn, kind string) (string, error) {
	letter := strings.ToUpper(kind[:1]) + "-"
	last := 0
	err := t.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		if n, wrong := strconv.Atoi(strings.TrimPrefix(id, letter)); wrong == nil && n < 1<<30 {
			last = max(last, n)
		}
		return err
	}, `SELECT DISTINCT id FROM statement WHERE kind = ? AND id LIKE ?`, kind, letter+"%")
	return letter + strconv.Itoa(last+1), err
}

// Waivers lists the waivers as they are now.
func (s *State) Waivers(ctx context.Context) ([]store.Waiver, error) {
	var all []store.Waiver
	err := s.eachStatement(ctx, waiverKind, func(id string, act int64, text statementText) {
		all = append(all, text.waiver(id, act))
	})
	slices.SortFunc(all, func(a, b store.Waiver) int { return byID(a.ID, b.ID) })
	return all, err
}

// Attestations lists the attestations as they are now.
func (s *State) Attestations(ctx context.Context) ([]store.Attestation, error) {
	var all []store.Attestation
	err := s.eachStatement(ctx, attestationKind, func(id string, act int64, text statementText) {
		all = append(all, text.attestation(id, act))
	})
	slices.SortFunc(all, func(a, b store.Attestation) int { return byID(a.ID, b.ID) })
	return all, err
}

// byID puts W-2 before W-10.
func byID(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }

func (s *State) eachStatement(ctx context.Context, kind string, f func(id string, act int64, text statementText)) error {
	rows, err := s.read.QueryContext(ctx, `SELECT id, max(act), body FROM statement WHERE kind = ? GROUP BY id`, kind)
	if err == nil {
		err = drain(rows, func(r *sql.Rows) error {
			var id string
			var act int64
			var body sql.RawBytes
			var text statementText
			err := r.Scan(&id, &act, &body)
			if err == nil {
				err = json.Unmarshal(body, &text)
			}
			if err == nil {
				f(id, act, text)
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("list %ss: %w", kind, err)
	}
	return nil
}

// StatementFaults names the statements that are not what their acts were made
// of, and those of which one is without the other.
func (s *State) StatementFaults(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT coalesce(a.id, 0), coalesce(a.kind, ''), coalesce(a.body, x''), s.act IS NOT NULL,
			coalesce(s.kind, ''), coalesce(s.id, ''), coalesce(s.salt, x''), coalesce(s.body, x''),
			EXISTS (SELECT 1 FROM act e WHERE e.kind = ? AND e.id > a.id)
		FROM act a FULL JOIN statement s ON s.act = a.id WHERE s.act IS NOT NULL OR a.kind IN (?, ?, ?, ?) ORDER BY coalesce(a.id, s.act)`,
		store.ActErasure, store.ActWaiver, store.ActWaiverRevoked, store.ActAttestation, store.ActAttestationRevoked)
	var faults []string
	if err == nil {
		err = drain(rows, func(r *sql.Rows) error {
			var d declared
			if err := r.Scan(&d.act, &d.actKind, &d.said, &d.kept, &d.kind, &d.id, &d.salt, &d.body, &d.erasedSince); err != nil {
				return err
			}
			if name := d.fault(); name != "" {
				faults = append(faults, name)
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("compare statements with their acts: %w", err)
	}
	return faults, nil
}

// A declared is a statement beside its act, one of which may not be there.
type declared struct {
	act         int64
	actKind     string
	said        sql.RawBytes // the act's body
	kept        bool         // there is a row of the statement
	kind, id    string
	salt, body  sql.RawBytes
	erasedSince bool // somebody was erased after the act
}

// fault names the statement if it and its act do not belong together.
func (d declared) fault() string {
	var act statementAct
	var text statementText
	unread := json.Unmarshal(d.said, &act)
	if !d.kept {
		kind := waiverKind
		if d.actKind == store.ActAttestation || d.actKind == store.ActAttestationRevoked {
			kind = attestationKind
		}
		return kind + " " + cmp.Or(act.ID, fmt.Sprintf("of act %d", d.act))
	}
	name := d.kind + " " + d.id
	if unread != nil || json.Unmarshal(d.body, &text) != nil || act.ID != d.id || actKind(d.kind, act.Action) != d.actKind {
		return name
	}
	told := text.act(act.Action)
	told.ID = d.id
	switch {
	case told != act.StatementAct, (act.Action == store.StatementRevoked) != (text.Revoked != 0):
	case len(d.salt) == 0 && d.erasedSince: // the rest cannot be compared any more
		return ""
	case act.Content == contentOf(d.salt, d.body):
		return ""
	}
	return name
}

// unnameStatements takes names out of all statements, former ones too. Their
// digests cannot be compared any more.
func unnameStatements(t *txn, names []string, tombstone string) error {
	changed := make(map[int64][]byte)
	err := t.each(func(rows *sql.Rows) error {
		var act int64
		var body []byte
		if err := rows.Scan(&act, &body); err != nil {
			return err
		}
		var text statementText
		if err := json.Unmarshal(body, &text); err != nil {
			return err
		}
		if !text.unname(names, tombstone) {
			return nil
		}
		var err error
		changed[act], err = json.Marshal(text)
		return err
	}, `SELECT act, body FROM statement`)
	for act, body := range changed {
		if err == nil {
			_, err = t.exec(`UPDATE statement SET salt = x'', body = ?2 WHERE act = ?1`, act, body)
		}
	}
	if err != nil {
		return fmt.Errorf("statements: %w", err)
	}
	return nil
}
