package sqlite_test

import (
	"encoding/json"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

const dashboards = "../../../docs/dashboards/"

// sqlite3Program is Debian's sqlite3. Where CI says that it must be there, a
// missing one is a failure.
func sqlite3Program(t *testing.T) string {
	t.Helper()
	program, err := osexec.LookPath("sqlite3")
	if err == nil {
		return program
	}
	if strings.Contains(os.Getenv("WARDROUND_TEST_MUST_RUN"), "sqlite3") {
		t.Fatal("sqlite3 not installed")
	}
	t.Skip("sqlite3 not installed")
	return ""
}

// A question is one query of a dashboard.
type question struct{ name, sql string }

// grafanaQuestions are the queries of all panels and variables.
func grafanaQuestions(t *testing.T) []question {
	t.Helper()
	text, err := os.ReadFile(dashboards + "grafana.json")
	check(t, err)
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ QueryText, RawQueryText string }
		}
		Templating struct {
			List []struct {
				Name, Type string
				Query      any
			}
		}
	}
	check(t, json.Unmarshal(text, &board))
	var all []question
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			if q.QueryText != q.RawQueryText {
				t.Errorf("panel %s: its two texts differ", p.Title)
			}
			all = append(all, question{"panel " + p.Title, q.QueryText})
		}
	}
	for _, v := range board.Templating.List {
		if q, ok := v.Query.(map[string]any); ok {
			all = append(all, question{"variable " + v.Name, fmt.Sprint(q["queryText"])})
		}
	}
	return all
}

// readmeQuestions are the blocks of SQL in the page beside the dashboard.
func readmeQuestions(t *testing.T) []question {
	t.Helper()
	text, err := os.ReadFile(dashboards + "README.md")
	check(t, err)
	var all []question
	for i, block := range strings.Split(string(text), "```sql\n")[1:] {
		sql, _, ok := strings.Cut(block, "```")
		if !ok {
			t.Fatalf("block %d of the README does not end", i+1)
		}
		all = append(all, question{fmt.Sprintf("README %d", i+1), sql})
	}
	return all
}

// interpolate puts values where Grafana does.
func interpolate(sql, baseline, group string, now time.Time) string {
	return strings.NewReplacer(
		"${baseline:sqlstring}", "'"+baseline+"'", "${group:sqlstring}", "'"+strings.ReplaceAll(group, "'", "''")+"'",
		"$__from", fmt.Sprint(now.Add(-30*24*time.Hour).UnixMilli()), "$__to", fmt.Sprint(now.UnixMilli()),
	).Replace(sql)
}

func TestEachQueryOfTheDashboardsRuns(t *testing.T) {
	program := sqlite3Program(t)
	path := filepath.Join(t.TempDir(), "results.db")
	r := openResults(t, path)
	now := time.Now()
	f := mixed(now.Add(-time.Hour))
	f.Devices[0].Subject.Groups = []string{"ward 7", "nurses' iPads"}
	f.Devices[0].Expiring = []checks.Expiry{{What: "identity", Detail: "issued by Clinic CA", NotAfter: now.Add(time.Hour)}}
	f.Round.Inventory = []store.Item{{Serial: "AAA"}, {Serial: "BBB", Asset: checks.Asset{Group: "ward 7"}}}
	last := f.At
	f.At = last.Add(-72 * time.Hour)
	check(t, f.Record(t.Context(), r))
	f.Heard(last)
	check(t, f.Record(t.Context(), r))

	ask := func(q question, group string) string {
		sql := interpolate(q.sql, "base", group, now)
		if strings.Contains(sql, "$") {
			t.Errorf("%s: nobody fills in %s", q.name, sql[strings.Index(sql, "$"):])
			return ""
		}
		cmd := osexec.CommandContext(t.Context(), program, "-bail", "-header", "-cmd", ".timeout 5000", "file:"+path+"?mode=ro", sql)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s\n%s", q.name, err, out, sql)
		}
		return string(out)
	}
	asked := append(grafanaQuestions(t), readmeQuestions(t)...)
	if len(asked) < 15 {
		t.Errorf("found %d queries, which cannot be all", len(asked))
	}
	for _, q := range asked {
		all := ask(q, "")
		if strings.Count(all, "\n") < 2 && !strings.Contains(q.sql, "'hipaa-no-facetime'") {
			t.Errorf("%s shows nothing of a fleet that has some of all:\n%s", q.name, all)
		}
		ask(q, "nurses' iPads")
	}
}
