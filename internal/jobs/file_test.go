package jobs_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/jobs"
)

func TestFilesThatAreNotOursAreRefused(t *testing.T) {
	for _, test := range []struct {
		name, want string
		prepare    func(t *testing.T, path string)
	}{
		{"another Runner has it", "another wardround works with it", func(t *testing.T, path string) {
			t.Helper()
			runner, err := jobs.Open(t.Context(), path, jobs.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stop(t, runner) })
		}},
		{"a newer wardround wrote it", "written by a newer wardround", func(t *testing.T, path string) {
			t.Helper()
			altered(t, path, "PRAGMA user_version = 99")
		}},
		{"a newer River wrote it", "schema of River is 99", func(t *testing.T, path string) {
			t.Helper()
			altered(t, path, "INSERT INTO river_migration (line, version) VALUES ('main', 99)")
		}},
		{"another program wrote it", "a database of something else", func(t *testing.T, path string) {
			t.Helper()
			altered(t, path, "PRAGMA application_id = 7")
		}},
		{"it is a text", "it is not a database", func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 500)), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"it is a folder", "it is not a file", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "jobs.db")
			test.prepare(t, path)
			runner, err := jobs.Open(t.Context(), path, jobs.Config{})
			if err == nil || runner != nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// altered makes a file of jobs and changes it.
func altered(t *testing.T, path, statement string) {
	t.Helper()
	runner, err := jobs.Open(t.Context(), path, jobs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, runner)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestTheFileIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	runner, err := jobs.Open(t.Context(), path, jobs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, runner)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
}
