package sqlite

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// A statementKey is the key of a row: a statement has one for each device and
// each group that it names, and one without either if it is for all.
type statementKey struct{ requirement, id, device, group string }

// statements brings the tables in line with what is kept. Rows that stay the
// same are not written; of others what they were is kept.
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
				nullTime(secondOf(w.Revoked)), "",
			}
		})
	}
	if err := c.align(waiverRows(), waivers); err != nil {
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
	if err := c.align(attestationRows(), attestations); err != nil {
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
	table  string // table_past has what its rows were
	values string // columns besides the key
}

// statementKeys are the columns of a key.
const statementKeys = `requirement, id, device, group_name`

const ofStatement = ` WHERE requirement = ?1 AND id = ?2 AND device = ?3 AND group_name = ?4`

func waiverRows() statementRows {
	return statementRows{`waiver`, `baseline, reason, owner, ticket, approver, created, approved, expires, revoked, evidence_sha256`}
}

func attestationRows() statementRows {
	return statementRows{`attestation`, `baseline, statement, author, evidence_sha256, created, expires, revoked, void`}
}

// align makes the rows of a table those of want.
func (c *Recorder) align(rows statementRows, want map[statementKey][]any) error {
	kept, err := c.keptStatements(rows)
	for k, values := range kept {
		if err == nil && !slices.Equal(want[k], values) {
			err = c.endStatement(rows, k)
		}
	}
	for k, values := range want {
		if err == nil && !slices.Equal(kept[k], values) {
			_, err = c.exec(`INSERT INTO `+rows.table+` (`+statementKeys+`, `+rows.values+`, valid_from) VALUES (?, ?, ?, ?`+strings.Repeat(`, ?`, len(values)+1)+`)`,
				append(append(k.args(), values...), c.at)...)
		}
	}
	return err
}

func (c *Recorder) keptStatements(rows statementRows) (map[statementKey][]any, error) {
	kept := make(map[statementKey][]any)
	n := strings.Count(rows.values, ",") + 1
	err := c.each(func(r *sql.Rows) error {
		var k statementKey
		values := make([]any, n)
		dest := []any{&k.requirement, &k.id, &k.device, &k.group}
		for i := range values {
			dest = append(dest, &values[i])
		}
		err := r.Scan(dest...)
		kept[k] = values
		return err
	}, `SELECT `+statementKeys+`, `+rows.values+` FROM `+rows.table)
	return kept, err
}

// endStatement moves a row to the past.
func (c *Recorder) endStatement(rows statementRows, k statementKey) error {
	columns := statementKeys + `, ` + rows.values + `, valid_from`
	_, err := c.exec(`INSERT INTO `+rows.table+`_past (`+columns+`, valid_to) SELECT `+columns+`, ?5 FROM `+rows.table+ofStatement, append(k.args(), c.at)...)
	if err == nil {
		_, err = c.exec(`DELETE FROM `+rows.table+ofStatement, k.args()...)
	}
	return err
}

func (k statementKey) args() []any { return []any{k.requirement, k.id, k.device, k.group} }
