package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/store/storetest"
)

func TestACheckFindsWhatIsWrong(t *testing.T) {
	tests := []struct{ name, tamper, fault string }{
		{"two newest answers", `DROP INDEX evidence_newest; UPDATE evidence SET newest = 1`, "has more than one newest row"},
		{"another body", `UPDATE evidence SET body = (SELECT body FROM evidence WHERE id = 2) WHERE id = 1`, "evidence 1: its body is not the one"},
		{"no body", `UPDATE evidence SET body = x'' WHERE id = 1`, "evidence 1: its body is not the one"},
		{"a body that was pruned", `UPDATE evidence SET pruned = 1 WHERE id = 1`, "evidence 1 was pruned and has a body"},
		{"no key", `DELETE FROM privacy_key`, "the privacy key is missing"},
		{"no enrollment", `PRAGMA foreign_keys = 0; DELETE FROM enrollment`, "refers to enrollment, where there is none"},
		{"a reversed run", `UPDATE evidence SET last = received - 1 WHERE id = 2`, "evidence 2 ends before it begins"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			s, err := sqlite.OpenState(t.Context(), path)
			check(t, err)
			for i, text := range []string{"a", "b"} {
				check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", text, text, monday().Add(time.Duration(i)*time.Hour))))
			}
			check(t, s.Close())
			found, err := sqlite.CheckState(t.Context(), path, true)
			check(t, err)
			if len(found.Faults) > 0 || found.Evidence != 2 || found.Schema != found.Newest || found.Bytes == 0 {
				t.Fatalf("of a sound file: %+v", found)
			}
			exec(t, path, tt.tamper)
			wantFault(t, tt.fault)(sqlite.CheckState(t.Context(), path, true))
		})
	}
}

func TestACheckFindsWhatIsWrongWithResults(t *testing.T) {
	tests := []struct{ name, tamper, fault string }{
		{"a fail that no page has", `DELETE FROM failing`, "its result is not that of its finding"},
		{"a page with another time", `UPDATE failing SET since = since - 1`, "its result is not that of its finding"},
		{"a verdict beside the list", `DELETE FROM list_verdict WHERE requirement = (SELECT requirement FROM verdict LIMIT 1)`, "it is not one of the list of the device"},
		{"a status that does not follow", `UPDATE device_status SET pass_fresh_until = fail_fresh_until, fail_fresh_until = 0`, "kept as met, its verdicts give not_met"},
		{"an interval that overlaps", `UPDATE verdict_past SET valid_to = valid_to + 999999`, "the open interval overlaps a past one"},
		{"an interval that ends too soon", `UPDATE verdict_past SET valid_to = valid_from - 1`, "ends before it begins"},
		{"evidence that is missing", `PRAGMA foreign_keys = 0; DELETE FROM evidence_set`, "is missing"},
		{"a finding that is missing", `PRAGMA foreign_keys = 0; DELETE FROM finding`, "refers to finding, where there is none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "results.db")
			r, err := sqlite.OpenResults(t.Context(), path)
			check(t, err)
			f := storetest.NewFleet(4, 4, monday())
			check(t, f.Record(t.Context(), r))
			f.Heard(monday().Add(time.Hour))
			for i := range f.Devices { // so that each fails something
				f.Turn(i, 1)
			}
			check(t, f.Record(t.Context(), r))
			check(t, r.Close())
			found, err := sqlite.CheckResults(t.Context(), path)
			check(t, err)
			if len(found.Faults) > 0 || found.Evidence != 4 {
				t.Fatalf("of a sound file: %+v", found)
			}
			exec(t, path, tt.tamper)
			wantFault(t, tt.fault)(sqlite.CheckResults(t.Context(), path))
		})
	}
}

func TestACheckOfABrokenFileIsNoError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := sqlite.OpenState(t.Context(), path)
	check(t, err)
	for i := range 200 {
		check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", fmt.Sprint(i), fmt.Sprint(i), monday().Add(time.Duration(i)*time.Hour))))
	}
	check(t, s.Close())
	data, err := os.ReadFile(path)
	check(t, err)
	for i := len(data) / 2; i < len(data); i++ { // the schema stays
		data[i] = 0xff
	}
	check(t, os.WriteFile(path, data, 0o600))
	found, err := sqlite.CheckState(t.Context(), path, true)
	if err != nil || len(found.Faults) == 0 {
		t.Errorf("faults %q, %v", found.Faults, err)
	}
}

func wantFault(t *testing.T, fault string) func(sqlite.Checked, error) {
	return func(found sqlite.Checked, err error) {
		t.Helper()
		check(t, err)
		if !strings.Contains(strings.Join(found.Faults, "\n"), fault) {
			t.Errorf("faults %q, want one with %q", found.Faults, fault)
		}
	}
}
