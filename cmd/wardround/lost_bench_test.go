package main

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkLost writes the page of one device of 100,000, each with ten answers.
func BenchmarkLost(b *testing.B) {
	at := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	dir := lostWard(b, at)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, stateFile))
	if err != nil {
		b.Fatal(err)
	}
	const fleet = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) `
	for _, statement := range []string{
		`INSERT INTO enrollment (id, type, parent_id, serial, first_seen, last_seen, enabled) ` + fleet + `SELECT 'X' || i, 'Device', '', 'SNX' || i, 0, 0, 1 FROM n`,
		`INSERT INTO inventory (serial, asset_tag, site, ward, owner_role, group_name) ` + fleet + `SELECT 'SNX' || i, 'TAG-X' || i, 's', 'w', 'r', 'g' FROM n`,
		`INSERT INTO evidence (enrollment, class, query, status, newest, command_uuid, received, size, rewritten, sha256, received_sha256, canonical, refusal,
			last, last_command_uuid, last_received_sha256, longest_gap, count, body)
			SELECT n.enrollment_key, 'report', 'Q' || k.value, 'Acknowledged', 1, n.id || k.value, 0, 9, 0, x'00', x'00', x'00', '', 0, '', x'00', 0, 1, zeroblob(300)
			FROM enrollment n, json_each('[1,2,3,4,5,6,7,8,9,10]') k WHERE n.id LIKE 'X%'`,
		`INSERT INTO ledger (enrollment, query, command_uuid, sweep, asked_at, status, notnow)
			SELECT n.id, 'Q' || k.value, 'L' || n.id || k.value, 1, 0, '', 0 FROM enrollment n, json_each('[1,2,3,4]') k WHERE n.id LIKE 'X%'`,
	} {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	opts := lostOptions{since: "2026-11-20 22:00", zone: "UTC", format: "html"}
	for b.Loop() {
		var out, errs bytes.Buffer
		if err := runLost(b.Context(), "SND1", opts, Config{Dir: dir}, at.AddDate(0, 0, 2), &out, &errs); err != nil {
			b.Fatal(err)
		}
	}
}
