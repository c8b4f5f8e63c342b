package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

var _ store.StatementsKeep = (*Results)(nil)

// Said are the statements that count at a time.
func (r *Results) Said(ctx context.Context, at time.Time) (checks.Statements, error) {
	var said checks.Statements
	err := inTx(ctx, r.read, func(t *txn) (err error) {
		said, err = statementsAt(t, at.Unix())
		return err
	})
	if err != nil {
		return checks.Statements{}, fmt.Errorf("read waivers and attestations: %w", err)
	}
	return said, nil
}

// statementsAt reads the statements that nobody has revoked by a time, and of
// waivers those that were approved, in order of id.
func statementsAt(t *txn, at int64) (said checks.Statements, err error) {
	err = t.each(func(rows *sql.Rows) error {
		var w checks.Waiver
		var device, group string
		var created, expires int64
		err := rows.Scan(&w.ID, &w.Baseline, &w.Requirement, &device, &group, &w.Reason, &w.Owner, &w.Approver, &w.Ticket, &created, &expires)
		w.Created, w.Expires = fromUnix(created), fromUnix(expires)
		i := slices.IndexFunc(said.Waivers, func(o checks.Waiver) bool { return o.ID == w.ID })
		if i < 0 {
			i = len(said.Waivers)
			said.Waivers = append(said.Waivers, w)
		}
		reaches(&said.Waivers[i].Reach, device, group)
		return err
	}, `SELECT id, baseline, requirement, device, group_name, reason, owner, approver, ticket, created, expires FROM waiver
		WHERE approved <= ?1 AND (revoked IS NULL OR revoked > ?1) ORDER BY length(id), id, device, group_name`, at)
	if err != nil {
		return said, err
	}
	err = t.each(func(rows *sql.Rows) error {
		var a checks.Attestation
		var device, group string
		var given, until int64
		err := rows.Scan(&a.ID, &a.Baseline, &a.Requirement, &device, &group, &a.Statement, &a.Author, &a.Digest, &given, &until)
		a.Given, a.Until = fromUnix(given), fromUnix(until)
		i := slices.IndexFunc(said.Attestations, func(o checks.Attestation) bool { return o.ID == a.ID })
		if i < 0 {
			i = len(said.Attestations)
			said.Attestations = append(said.Attestations, a)
		}
		reaches(&said.Attestations[i].Reach, device, group)
		return err
	}, `SELECT id, baseline, requirement, device, group_name, statement, author, evidence_sha256, created, expires FROM attestation
		WHERE revoked IS NULL OR revoked > ?1 ORDER BY length(id), id, device, group_name`, at)
	return said, err
}

// reaches adds what one row names.
func reaches(r *checks.Reach, device, group string) {
	switch {
	case device != "":
		r.Devices = append(r.Devices, device)
	case group != "":
		r.Groups = append(r.Groups, group)
	default:
		r.Organisation = true
	}
}

// statements are those that count at the time of the reading, read once.
func (d *reader) statements() (*checks.Statements, error) {
	if d.said == nil {
		said, err := statementsAt(d.txn, d.now.Unix())
		if err != nil {
			return nil, err
		}
		d.said = &said
	}
	return d.said, nil
}
