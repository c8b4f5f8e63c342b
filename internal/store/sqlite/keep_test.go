package sqlite_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
	"github.com/wardround/wardround/mdm"
)

// A finder finds the same of a device again and again, at other times: what
// judging the same answers would give.
type finder struct {
	*storetest.Fleet
	rests map[string][]rest // by device, of each verdict
}

// A rest is what a verdict rests on.
type rest struct {
	seen    []int // observations by place; the first known ones count towards its age
	known   int
	fixed   time.Duration // age of an imported file among its evidence at the beginning; 0: none
	maxAge  time.Duration
	result  checks.Result
	level   checks.Level
	rejudge time.Duration // after the beginning; 0: never, below 0 with freshness
	less    time.Duration // by how much it is fresh for less than that says
}

func newFinder(rnd *rand.Rand, devices, requirements int) *finder {
	f := &finder{Fleet: storetest.NewFleet(devices, requirements, monday()), rests: make(map[string][]rest)}
	for i := range f.Devices {
		id := f.Devices[i].Subject.ID
		user := mdm.Enrollment{ID: id + ":user", Type: mdm.User, ParentID: id}
		f.Seen[id] = append(f.Seen[id], store.Seen{Enrollment: user, Query: "ProfileList/all", Status: mdm.Acknowledged, SHA256: sha256.Sum256([]byte(id)), Since: f.At, Last: f.At, Count: 1})
		for range requirements {
			r := rest{
				seen:   rnd.Perm(len(f.Seen[id]))[:rnd.IntN(4)],
				maxAge: []time.Duration{storetest.MaxAge, 30 * time.Hour, 100 * time.Hour}[rnd.IntN(3)],
				result: []checks.Result{checks.Pass, checks.Pass, checks.Fail, checks.Unknown, checks.NotApplicable}[rnd.IntN(5)],
				level:  []checks.Level{checks.Required, checks.Required, checks.Recommended}[rnd.IntN(3)],
			}
			r.known = len(r.seen)
			if rnd.IntN(4) == 0 && r.known > 0 {
				r.known--
			}
			if rnd.IntN(20) == 0 {
				r.fixed = time.Duration(1+rnd.IntN(20)) * time.Hour
			}
			if rnd.IntN(30) == 0 {
				r.rejudge = time.Duration(rnd.IntN(100)-30) * time.Hour
			}
			if rnd.IntN(60) == 0 {
				r.less = time.Hour
			}
			f.rests[id] = append(f.rests[id], r)
		}
	}
	return f
}

// find judges all devices at f.At.
func (f *finder) find() {
	for i := range f.Devices {
		d := &f.Devices[i]
		for j := range d.Verdicts {
			d.Verdicts[j] = f.verdict(d.Subject.ID, d.Verdicts[j], f.rests[d.Subject.ID][j])
		}
		d.Status["base"] = checks.StatusOf(d.Verdicts)
	}
}

func (f *finder) verdict(id string, was checks.Verdict, r rest) checks.Verdict {
	v := checks.Verdict{
		Device: id, Baseline: was.Baseline, Requirement: was.Requirement, Severity: was.Severity,
		Result: r.result, Reason: checks.Reason("reason-" + string(r.result)), Level: r.level, Observed: "seen", MaxAge: r.maxAge,
	}
	var oldest time.Time
	age := func(at time.Time) {
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	for n, i := range r.seen {
		ref := f.Ref(id, i)
		if ref.Missing = n >= r.known; !ref.Missing {
			age(ref.Collected)
		}
		v.Evidence = append(v.Evidence, ref)
	}
	if r.fixed > 0 {
		at := monday().Add(-r.fixed)
		v.Evidence = append(v.Evidence, checks.EvidenceRef{Query: "Restrictions", Key: "Restrictions", SHA256: "imported", Collected: at})
		age(at)
	}
	if (r.result == checks.Pass || r.result == checks.Fail) && !oldest.IsZero() {
		v.FreshUntil = oldest.Add(r.maxAge - r.less)
	}
	switch {
	case r.rejudge > 0:
		v.RejudgeAt = monday().Add(r.rejudge)
	case r.rejudge < 0:
		v.RejudgeAt = v.FreshUntil
	}
	return v.AsOf(f.At)
}

// TestToKeepIsToFindTheSameAgain is the proof that Keep writes what Device
// would have written: two files, one written by each, hold the same rows.
func TestToKeepIsToFindTheSameAgain(t *testing.T) {
	const (
		devices, requirements = 30, 8
		ahead                 = 365 * 24 * time.Hour
	)
	var kept, of int
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		f := newFinder(rnd, devices, requirements)
		paths := [2]string{filepath.Join(dir, "kept.db"), filepath.Join(dir, "found.db")}
		keeping, finding := openResults(t, paths[0]), openResults(t, paths[1])
		keepingDB, findingDB := rawDB(t, paths[0]), rawDB(t, paths[1])
		for round := range 14 {
			f.find()
			n, err := f.Keep(t.Context(), keeping)
			check(t, err)
			check(t, f.Record(t.Context(), finding))
			if round > 0 {
				kept, of = kept+n, of+devices
			}
			if diff := cmp.Diff(dump(t, findingDB), dump(t, keepingDB)); diff != "" {
				t.Fatalf("seed %d, round %d, %d kept (-found +kept):\n%s", seed, round, n, diff)
			}
			switch f.pass(rnd); round {
			case 3: // the clock runs ahead for two rounds
				f.At = f.At.Add(ahead)
			case 5:
				f.At = f.At.Add(-ahead)
			}
		}
	}
	if kept < of/4 || kept == of {
		t.Errorf("%d of %d devices were kept, want some and not all", kept, of)
	}
}

// pass lets time pass: most answers come again, some devices give another.
func (f *finder) pass(rnd *rand.Rand) {
	f.At = f.At.Add(time.Duration(1+rnd.IntN(30)) * time.Hour)
	for i := range f.Devices {
		id := f.Devices[i].Subject.ID
		silent := rnd.IntN(6) == 0
		for j := range f.Seen[id] {
			s := &f.Seen[id][j]
			if silent || rnd.IntN(10) == 0 {
				continue
			}
			last := f.At.Add(-time.Duration(rnd.IntN(3600)) * time.Second)
			s.LongestGap, s.Last, s.Count = max(s.LongestGap, last.Sub(s.Last)), last, s.Count+1
		}
		if rnd.IntN(8) == 0 { // something else is found
			r := &f.rests[id][rnd.IntN(len(f.rests[id]))]
			r.result = []checks.Result{checks.Pass, checks.Fail, checks.Unknown}[rnd.IntN(3)]
			f.Inputs[id] = sha256.Sum256(fmt.Append(nil, f.Inputs[id], f.At))
		}
	}
}

// dump gives all rows of all tables, but for when devices are to be judged anew:
// that is put off by judging alone.
func dump(t *testing.T, db *sql.DB) map[string][][]string {
	t.Helper()
	all := make(map[string][][]string)
	for _, row := range query(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose_%' AND name NOT LIKE 'sqlite_%'`) {
		var columns []string
		for _, c := range query(t, db, `SELECT name FROM pragma_table_info(?) WHERE name <> 'rejudge_min'`, row[0]) {
			columns = append(columns, c[0])
		}
		if row[0] == "chain" { // hashes are of its random id too
			columns = []string{"seq", "at", "kind", "iif(kind = 'genesis', NULL, body)"}
		}
		all[row[0]] = query(t, db, `SELECT `+strings.Join(columns, ", ")+` FROM `+row[0])
		slices.SortFunc(all[row[0]], slices.Compare)
	}
	return all
}
