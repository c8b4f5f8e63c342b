package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

var _ store.StatementsKeep = (*Results)(nil)

// Said are the statements that counted at a time, as rounds up to then knew them.
func (r *Results) Said(ctx context.Context, at time.Time) (checks.Statements, error) {
	var said checks.Statements
	err := inTx(ctx, r.read, func(t *txn) error {
		var judged int64
		_, err := t.row(`SELECT as_of FROM meta`, nil, []any{&judged})
		interval := forever
		if at.Unix() < judged {
			interval = at.Unix()
		}
		if err == nil {
			said, err = statementsAt(t, interval, at.Unix())
		}
		return err
	})
	if err != nil {
		return checks.Statements{}, fmt.Errorf("read waivers and attestations: %w", err)
	}
	return said, nil
}

// statementsAt reads the statements as they were known in an interval, forever
// for the open one, that nobody had revoked by a time, and of waivers those that
// were approved, in order of id. An attestation had been given when a round knew
// it, though that may be dated before: devices are judged a while after it began.
func statementsAt(t *txn, interval, at int64) (said checks.Statements, err error) {
	err = t.each(func(rows *sql.Rows) error {
		var w checks.Waiver
		var device, group string
		var created, expires int64
		err := rows.Scan(&w.ID, &w.Baseline, &w.Requirement, &device, &group, &w.Reason, &w.Owner, &w.Approver, &w.Ticket, &created, &expires)
		w.Created, w.Expires = fromUnix(created), fromUnix(expires)
		last := len(said.Waivers) - 1
		if last < 0 || said.Waivers[last].ID != w.ID {
			said.Waivers = append(said.Waivers, w)
			last++
		}
		reaches(&said.Waivers[last].Reach, device, group)
		return err
	}, `SELECT id, baseline, requirement, device, group_name, reason, owner, approver, ticket, created, expires FROM `+waiverRows().versions()+`
		WHERE approved <= ?1 AND (revoked IS NULL OR revoked > ?1) ORDER BY length(id), id, device, group_name`, at, interval)
	if err != nil {
		return said, err
	}
	err = t.each(func(rows *sql.Rows) error {
		var a checks.Attestation
		var device, group string
		var given, until int64
		err := rows.Scan(&a.ID, &a.Baseline, &a.Requirement, &device, &group, &a.Statement, &a.Author, &a.Digest, &given, &until)
		a.Given, a.Until = fromUnix(given), fromUnix(until)
		last := len(said.Attestations) - 1
		if last < 0 || said.Attestations[last].ID != a.ID {
			said.Attestations = append(said.Attestations, a)
			last++
		}
		reaches(&said.Attestations[last].Reach, device, group)
		return err
	}, `SELECT id, baseline, requirement, device, group_name, statement, author, evidence_sha256,
		CASE WHEN valid_from > 0 THEN min(created, valid_from) ELSE created END, expires FROM `+attestationRows().versions()+`
		WHERE revoked IS NULL OR revoked > ?1 ORDER BY length(id), id, device, group_name`, at, interval)
	return said, err
}

// versions are the rows that were known at ?2, or the open ones.
func (r statementRows) versions() string {
	columns := statementKeys + `, ` + r.values + `, valid_from`
	return `(SELECT ` + columns + ` FROM ` + r.table + ` WHERE valid_from <= ?2
		UNION ALL SELECT ` + columns + ` FROM ` + r.table + `_past WHERE valid_from <= ?2 AND valid_to > ?2)`
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
func (d *reader) statements() (*checks.StatementIndex, error) {
	if d.said == nil {
		said, err := statementsAt(d.txn, d.at, d.now.Unix())
		if err != nil {
			return nil, err
		}
		d.said = said.Index()
	}
	return d.said, nil
}
