package sqlite

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// A statementKey is the key of a row: a statement has one for each device and
// each group that it names, and one without either if it is for all.
type statementKey struct{ requirement, id, device, group string }

// statements brings the tables in line with what is kept. Rows that stay the
// same are not written.
func (c *Recorder) statements(r store.Round) error {
	waivers := make(map[statementKey][]any)
	for _, w := range r.Waivers {
		approved := secondOf(w.Approved)
		switch {
		case !r.Approval:
			approved = w.Created.Unix()
		case w.ApprovedBy == w.AddedBy: // nobody else has
			approved = 0
		}
		eachPlace(w.Requirement, w.ID, w.Reach, func(k statementKey) {
			waivers[k] = []any{
				w.Baseline, w.Reason, w.Owner, w.Ticket, cmp.Or(w.Approver, w.ApprovedBy), w.Created.Unix(), nullTime(approved), w.Expires.Unix(),
				nullTime(secondOf(w.Revoked)),
			}
		})
	}
	if err := align(c.txn, waiverRows(), waivers); err != nil {
		return fmt.Errorf("waivers: %w", err)
	}
	attestations := make(map[statementKey][]any)
	for _, a := range r.Attestations {
		text := attestationText(a)
		var err error
		eachPlace(a.Requirement, a.ID, a.Reach, func(k statementKey) {
			var void string
			if k.device != "" && err == nil {
				void, err = c.contradiction(a, k.device)
			}
			attestations[k] = []any{a.Baseline, a.Statement, cmp.Or(a.Author, a.AddedBy), a.Digest, text.From, text.Until, nullTime(text.Revoked), void}
		})
		if err != nil {
			return fmt.Errorf("attestations: %w", err)
		}
	}
	if err := align(c.txn, attestationRows(), attestations); err != nil {
		return fmt.Errorf("attestations: %w", err)
	}
	return nil
}

// eachPlace calls f with the keys of a statement.
func eachPlace(requirement, id string, r checks.Reach, f func(statementKey)) {
	for _, device := range r.Devices {
		f(statementKey{requirement, id, device, ""})
	}
	for _, group := range r.Groups {
		f(statementKey{requirement, id, "", group})
	}
	if r.Organisation {
		f(statementKey{requirement, id, "", ""})
	}
}

func nullTime(second int64) any {
	if second == 0 {
		return nil
	}
	return second
}

// contradiction is what a device that an attestation names says to the contrary;
// empty: nothing.
func (c *Recorder) contradiction(a store.Attestation, device string) (void string, err error) {
	if !a.Counts(fromUnix(c.asOf)) || secondOf(a.Until) <= c.asOf && !a.Until.IsZero() {
		return "", nil
	}
	_, err = c.row(`SELECT v.observed FROM device d CROSS JOIN v_current v ON v.device_key = d.device_key
		WHERE d.gone_since IS NULL AND (d.id = ?1 OR d.serial = ?1 COLLATE NOCASE AND d.serial <> '')
			AND v.requirement = ?2 AND ?3 IN ('', v.baseline) AND v.reason = ?4 LIMIT 1`,
		[]any{device, a.Requirement, a.Baseline, string(checks.ReasonAttestationVoid)}, []any{&void})
	return void, err
}

// statementRows is how the rows of a table are read and written.
type statementRows struct {
	values            int // besides the key
	read, write, drop string
}

const ofStatement = ` WHERE requirement = ?1 AND id = ?2 AND device = ?3 AND group_name = ?4`

func waiverRows() statementRows {
	return statementRows{
		values: 9,
		read:   `SELECT requirement, id, device, group_name, baseline, reason, owner, ticket, approver, created, approved, expires, revoked FROM waiver`,
		write: `INSERT OR REPLACE INTO waiver (requirement, id, device, group_name, baseline, reason, owner, ticket, approver, created, approved, expires, revoked,
			evidence_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')`,
		drop: `DELETE FROM waiver` + ofStatement,
	}
}

func attestationRows() statementRows {
	return statementRows{
		values: 8,
		read:   `SELECT requirement, id, device, group_name, baseline, statement, author, evidence_sha256, created, expires, revoked, void FROM attestation`,
		write: `INSERT OR REPLACE INTO attestation (requirement, id, device, group_name, baseline, statement, author, evidence_sha256, created, expires, revoked, void)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		drop: `DELETE FROM attestation` + ofStatement,
	}
}

// align makes the rows of a table those of want.
func align(t *txn, rows statementRows, want map[statementKey][]any) error {
	kept := make(map[statementKey][]any)
	err := t.each(func(r *sql.Rows) error {
		var k statementKey
		values := make([]any, rows.values)
		dest := []any{&k.requirement, &k.id, &k.device, &k.group}
		for i := range values {
			dest = append(dest, &values[i])
		}
		err := r.Scan(dest...)
		kept[k] = values
		return err
	}, rows.read)
	for k := range kept {
		if _, stays := want[k]; !stays && err == nil {
			_, err = t.exec(rows.drop, k.args()...)
		}
	}
	for k, values := range want {
		if err == nil && !slices.Equal(kept[k], values) {
			_, err = t.exec(rows.write, append(k.args(), values...)...)
		}
	}
	return err
}

func (k statementKey) args() []any { return []any{k.requirement, k.id, k.device, k.group} }
