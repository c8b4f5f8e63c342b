package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// devicesOf are the devices of a JSON report, byte for byte.
func devicesOf(t *testing.T, report string) string {
	t.Helper()
	var doc struct {
		Devices json.RawMessage `json:"devices"`
	}
	if err := json.Unmarshal([]byte(report), &doc); err != nil {
		t.Fatalf("%v: %.200s", err, report)
	}
	return string(doc.Devices)
}

func TestAnExportIsJudgedElsewhereByteForByte(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ward")
	if status, _, errs := wardround(t, "demo", "--dir", dir, "--devices", "14"); status != exitFailures {
		t.Fatalf("demo: got exit status %d: %s", status, errs)
	}
	_, report, _ := wardround(t, "report", "--dir", dir, "--format", "json")
	export := filepath.Join(t.TempDir(), "ward.evidence")
	if status, _, errs := wardround(t, "evidence", "export", "--dir", dir, "-o", export); status != exitOK {
		t.Fatalf("export: got exit status %d: %s", status, errs)
	}
	hidden := filepath.Join(t.TempDir(), "hidden.evidence")
	if status, _, errs := wardround(t, "evidence", "export", "--dir", dir, "--redacted", "-o", hidden); status != exitOK {
		t.Fatalf("export redacted: got exit status %d: %s", status, errs)
	}
	names := namesIn(t, filepath.Join(dir, stateFile))
	if err := os.RemoveAll(dir); err != nil { // nothing but the file is read
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, command := range [][]string{{"evidence", "replay", export}, {"check", export}} {
		status, again, errs := wardround(t, append(command, "--format", "json")...)
		if status != exitFailures {
			t.Errorf("%v: got exit status %d, want 1 as of the report: %s", command, status, errs)
		}
		if got, want := devicesOf(t, again), devicesOf(t, report); got != want {
			t.Errorf("%v judges otherwise:\n%.400s\nwant\n%.400s", command, got, want)
		}
	}
	if status, text, _ := wardround(t, "evidence", "replay", hidden); status != exitFailures || text == "" {
		t.Errorf("replay of the redacted one: got exit status %d", status)
	}
	plain := unpacked(t, hidden)
	for _, name := range names {
		if bytes.Contains(plain, bytes.ToLower([]byte(name))) {
			t.Errorf("the redacted export holds %s", name)
		}
	}
}

// namesIn are the ids and serial numbers of a state.
func namesIn(t *testing.T, file string) (names []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT id FROM enrollment WHERE parent_id = '' AND id <> '' UNION SELECT serial FROM enrollment WHERE serial <> ''`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if rows.Err() != nil || len(names) < 14 {
		t.Fatalf("got %d names, %v", len(names), rows.Err())
	}
	return names
}

// unpacked is all that an export says, in lower case, bodies as text.
func unpacked(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer zip.Close()
	var all []byte
	lines := json.NewDecoder(zip)
	for lines.More() {
		var line map[string]map[string]json.RawMessage
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		for _, members := range line {
			for name, value := range members {
				var body []byte
				if (name == "body" || name == "data") && json.Unmarshal(value, &body) == nil {
					value = body
				}
				all = append(append(all, value...), '\n')
			}
		}
	}
	return bytes.ToLower(all)
}

func TestABaselineThatExtendsAFileIsExported(t *testing.T) {
	own := t.TempDir()
	writeFile(t, filepath.Join(own, "ours.yaml"), []byte(screens("1", true)))
	child := writeFile(t, filepath.Join(own, "ward7.yaml"), []byte("id: ward7\nversion: \"1\"\ntitle: T\nextends: [ours.yaml]\n"))
	b, err := loadBaseline(child)
	if err != nil {
		t.Fatal(err)
	}
	p, who, at := newClinicPast(t), pad("A"), time.Now().UTC().Truncate(time.Hour)
	p.enrol(who, at.Add(-2*time.Hour))
	p.answer(who, at.Add(-time.Hour))
	p.roundBy(at, b)
	dir := p.dir
	p.close()
	_, report, _ := wardround(t, "report", "--dir", dir, "--as-of", at.Format(time.RFC3339), "--format", "json")

	replayed := func(args ...string) {
		t.Helper()
		export := filepath.Join(t.TempDir(), "ward.evidence")
		if status, _, errs := wardround(t, append([]string{"evidence", "export", "--dir", dir, "-o", export}, args...)...); status != exitOK {
			t.Fatalf("export %v: got exit status %d: %s", args, status, errs)
		}
		status, again, errs := wardround(t, "evidence", "replay", export, "--format", "json")
		if got, want := devicesOf(t, again), devicesOf(t, report); status == exitUsage || got != want {
			t.Errorf("%v: got exit status %d %s and\n%.400s\nwant\n%.400s", args, status, errs, got, want)
		}
	}
	replayed("--baseline", child)
	if err := os.RemoveAll(own); err != nil { // what was judged is kept
		t.Fatal(err)
	}
	replayed()

	alter(t, filepath.Join(dir, resultsFile), `DELETE FROM baseline_text`)
	status, _, errs := wardround(t, "evidence", "export", "--dir", dir, "-o", filepath.Join(dir, "x.evidence"))
	if status != exitUsage || !strings.Contains(errs, "was not kept") || !strings.Contains(errs, "--baseline") {
		t.Errorf("without the text: got exit status %d, %s; want 2 and what to name", status, errs)
	}
}

func TestAnExportThatIsNoneIsWrongUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.evidence")
	for name, data := range map[string][]byte{
		"empty": {}, "text": []byte("hello"), "a torn archive": {0x28, 0xb5, 0x2f, 0xfd, 4, 0},
	} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if status, out, errs := wardround(t, "evidence", "replay", file); status != exitUsage || out != "" || errs == "" {
			t.Errorf("%s: got exit status %d, %q, %q; want 2 and why", name, status, out, errs)
		}
	}
	dir := t.TempDir()
	for _, args := range [][]string{
		{"evidence", "export", "--dir", dir, "-o", file},
		{"evidence", "export", "--dir", dir},
		{"evidence", "export", "--dir", dir, "-o", file, "--since", "yesterday"},
		{"evidence", "replay", filepath.Join(dir, "none")},
	} {
		if status, _, errs := wardround(t, args...); status != exitUsage {
			t.Errorf("%v: got exit status %d, %s; want 2", args, status, errs)
		}
	}
}
