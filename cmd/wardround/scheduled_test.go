package main

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/jobs"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// scheduled returns the scheduler of a folder, not started, and who is there.
func scheduled(t *testing.T, patients ...*patient) (*scheduler, *bedside) {
	t.Helper()
	s := probed(t, serveHooks{}, time.Now)
	b := sitBy(t, s.e, patients...)
	planned, err := openScheduler(t.Context(), s.e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := planned.runner.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return planned, b
}

func due(groups, baselines []string) jobs.Job {
	return jobs.Job{Kind: jobs.Round, Due: time.Now(), Schedule: jobs.Schedule{Name: "night", Groups: groups, Baselines: baselines}}
}

func TestAScheduledRoundThatReachesNobodyFailsAndIsMadeAnew(t *testing.T) {
	s, b := scheduled(t, pad("A"))
	b.is(true, false)
	job := due(nil, nil)
	for range 2 {
		if err := s.round(t.Context(), job); err == nil || !strings.Contains(err.Error(), "none of 1 device could be asked") || usersToMend(err) {
			t.Errorf("got error %v, want one that nobody could be asked, to be tried again", err)
		}
	}
	if got := b.sweeps(); len(got) != 2 {
		t.Errorf("got %d sweeps, want the second try to be one", len(got))
	}
	b.is(false, false)
	for range 2 {
		if err := s.round(t.Context(), job); err != nil {
			t.Error(err)
		}
	}
	if got := b.sweeps(); len(got) != 3 || got[0].Answered != 1 {
		t.Errorf("got sweeps %+v, want a third, answered, and then none", got)
	}
}

func TestSchedulesThatJudgeByOthersAreEachDone(t *testing.T) {
	s, b := scheduled(t, pad("A"))
	at := time.Now()
	for _, baseline := range []string{"hipaa-no-facetime", "phsa-facetime"} {
		job := due(nil, []string{baseline})
		job.Due = at
		if err := s.round(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	var judgedBy [][]string
	for _, made := range b.sweeps() {
		judgedBy = append(judgedBy, made.Baselines)
	}
	if diff := cmp.Diff(judgedBy, [][]string{{"phsa-facetime"}, {"hipaa-no-facetime"}}); diff != "" {
		t.Errorf("sweeps by what they judge by (-got +want):\n%s", diff)
	}
}

func TestARoundThatWasCutIsJudgedByItsOwnBaselines(t *testing.T) {
	s, b := scheduled(t, pad("A"))
	all := []string{"hipaa-no-facetime", "phsa-facetime"}
	cut, err := s.e.state.BeginSweep(t.Context(), store.Sweep{Started: time.Now(), Baselines: all})
	if err != nil {
		t.Fatal(err)
	}
	job := due(nil, all[:1])
	job.Due = time.Now().Add(-time.Minute)
	if err := s.round(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	results, err := s.e.results.BaselineResults(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := b.sweeps(); len(got) != 1 || got[0].ID != cut || got[0].Ended.IsZero() || len(results) != 2 {
		t.Errorf("got sweeps %+v judged by %d baselines, want the one that was cut ended, by both", got, len(results))
	}
}

func TestARoundMadeSinceCountsIfItIsTheSame(t *testing.T) {
	at := time.Date(2026, 3, 2, 2, 30, 0, 0, time.UTC)
	made := store.Sweep{ID: 1, Started: at.Add(time.Minute), Ended: at.Add(time.Hour), Group: "ward 3", Baselines: []string{"a", "b"}, Asked: 5, Unreached: 1}
	for _, c := range []struct {
		claim     string
		change    func(*store.Sweep)
		baselines []string
		want      bool
	}{
		{"it judges by more", nil, []string{"b"}, true},
		{"the schedule names nothing", nil, nil, true},
		{"it judges by less", nil, []string{"b", "c"}, false},
		{"it is of another group", func(s *store.Sweep) { s.Group = "" }, nil, false},
		{"it began before", func(s *store.Sweep) { s.Started = at.Add(-time.Second) }, nil, false},
		{"it was cut", func(s *store.Sweep) { s.Ended, s.Asked, s.Unreached = time.Time{}, 0, 0 }, nil, true},
		{"it asked nobody", func(s *store.Sweep) { s.Asked = 0 }, nil, false},
		{"nobody was there to ask", func(s *store.Sweep) { s.Asked, s.Unreached = 0, 0 }, nil, true},
	} {
		t.Run(c.claim, func(t *testing.T) {
			made := made
			if c.change != nil {
				c.change(&made)
			}
			job := jobs.Job{Due: at, Schedule: jobs.Schedule{Baselines: c.baselines}}
			if _, got := madeSince([]store.Sweep{made}, job, "ward 3"); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestAGroupThatFailsKeepsNoOtherFromItsRound(t *testing.T) {
	s, b := scheduled(t, pad("A"))
	items := []store.Item{{Serial: "SNA", Asset: checks.Asset{Group: "ward 3"}}}
	if err := s.e.state.ReplaceInventory(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	err := s.round(t.Context(), due([]string{"ward 9", "ward 3"}, nil))
	if err == nil || !strings.Contains(err.Error(), "ward 9") || !usersToMend(err) {
		t.Errorf("got error %v, want that there is no ward 9, for the user to mend", err)
	}
	if got := b.sweeps(); len(got) != 1 || got[0].Group != "ward 3" || got[0].Answered != 1 {
		t.Errorf("got sweeps %+v, want one of ward 3", got)
	}
}

func TestErrorsAreTheUsersToMendIfAllAre(t *testing.T) {
	wrong, busy := usage(errors.New("no such group"), ""), errors.New("disk full")
	if !usersToMend(allOf([]error{wrong, wrong})) {
		t.Error("two of the user's are not the user's")
	}
	both := allOf([]error{wrong, busy})
	if usersToMend(both) || both.Error() != "no such group\ndisk full" {
		t.Errorf("got %q (the user's: %t), want both told and tried again", both, usersToMend(both))
	}
}

func TestReadinessForgetsASchedulesThatIsNoMore(t *testing.T) {
	s, _ := scheduled(t)
	if err := s.runner.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", s.e.file(jobsFile))
	if err == nil {
		_, err = db.ExecContext(t.Context(), "INSERT INTO wardround_job (kind, name, failures) VALUES ('round', 'night', 3)")
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := openScheduler(t.Context(), s.e)
	if err != nil {
		t.Fatal(err)
	}
	s.runner = again.runner
	if got := s.health(t.Context()); !got.OK || got.Says != "none fails" {
		t.Errorf("got %+v, want nothing of a schedule that is not in the settings", got)
	}
	plans, err := jobs.ParseSchedules([]jobs.Schedule{{Name: "night", Cron: "30 2 * * *", Zone: "UTC"}})
	if err != nil {
		t.Fatal(err)
	}
	s.plans.Store(&plans)
	if got := s.health(t.Context()); got.OK || !strings.Contains(got.Says, "round night, 3 in a row") {
		t.Errorf("got %+v, want the failures of one that is", got)
	}
}

func TestReadinessTellsOfARoundThatAskedNobody(t *testing.T) {
	for _, c := range []struct {
		claim            string
		asked, unreached int
		want             bool
	}{
		{"nobody was asked", 0, 3, false},
		{"nobody was there", 0, 0, true},
		{"all were asked", 30, 0, true},
		{"one of thirty is unknown to the server", 29, 1, true},
		{"every fifth was not asked", 40, 10, false},
	} {
		t.Run(c.claim, func(t *testing.T) {
			if got := askedPart(store.Sweep{ID: 1, Asked: c.asked, Unreached: c.unreached}); got.OK != c.want {
				t.Errorf("got %+v, want ok: %t", got, c.want)
			}
		})
	}
}

func TestInspectionsAreNoRounds(t *testing.T) {
	at := time.Date(2026, 3, 2, 2, 30, 0, 0, time.UTC)
	all := []store.Sweep{
		{ID: 5},
		{ID: 4, Group: "nobody", Started: at.Add(2 * time.Hour), Ended: at.Add(2 * time.Hour)},
		{ID: 3, Group: sweep.JustEnrolled, Started: at, Ended: at.Add(time.Hour), Asked: 1, Lost: 2},
		{ID: 2, Started: at, Ended: at, Asked: 20},
		{ID: 1, Started: at, Ended: at, Lost: 5},
	}
	if got, ok := lastEnded(all); !ok || got.ID != 2 {
		t.Errorf("got sweep %d, %t; want 2, the last of the rounds", got.ID, ok)
	}
	var m meter
	m.countLosses(all[3:])
	m.countLosses(all)
	m.countLosses(all)
	if m.lost != 2 {
		t.Errorf("got %d answers lost since the first look, want those of the inspection", m.lost)
	}
}

func TestAnAttachedServeSaysNothingOfACertificateItDoesNotSee(t *testing.T) {
	s := probed(t, serveHooks{}, time.Now)
	s.e.attached = new(attachment)
	got := s.prober.push(time.Now())
	if !got.OK || got.Says != "the attached server pushes; how long its certificate lasts is not known here" {
		t.Errorf("got %+v", got)
	}
	s.e.watch.notPushed.Add(2)
	s.e.watch.pushed.Add(1)
	if got := s.prober.push(time.Now()); !strings.HasSuffix(got.Says, "; since serve began 2 of 3 pushes were refused") {
		t.Errorf("got %q, want the pushes that were refused told", got.Says)
	}
	s.e.attached = nil
}

func TestARoundThatReachesNobodyIsNoSuccess(t *testing.T) {
	nobody, some := store.Sweep{Ended: time.Now(), Unreached: 3}, store.Sweep{Ended: time.Now(), Asked: 1, Unreached: 2}
	usersOwn := usage(errors.New("wrong"), "")
	for _, c := range []struct {
		claim    string
		outcome  error
		swept    store.Sweep
		want     int
		sentence string
	}{
		{"all is well from before", nil, nobody, exitNotKnown, "none of 3 devices could be asked; the log says why"},
		{"one fails from before", &statusError{code: exitFailures}, nobody, exitFailures, "none of 3 devices could be asked; the log says why"},
		{"little is known", &statusError{code: exitNotKnown, why: "little"}, nobody, exitNotKnown, "none of 3 devices could be asked; the log says why; little"},
		{"it is wrong use", usersOwn, nobody, exitUsage, "wrong"},
		{"some were asked", nil, some, exitOK, ""},
	} {
		t.Run(c.claim, func(t *testing.T) {
			got := orReachedNobody(c.outcome, c.swept)
			if exitCode(got) != c.want || got != nil && got.Error() != c.sentence {
				t.Errorf("got status %d, %v; want %d, %q", exitCode(got), got, c.want, c.sentence)
			}
		})
	}
}
