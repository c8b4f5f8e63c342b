package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/jobs"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// withRounds has e judge by the baselines of these rounds.
func withRounds(e *embedded, rounds ...[]string) {
	l := *e.live.Load()
	l.cfg.Rounds = nil
	for _, baselines := range rounds {
		l.cfg.Rounds = append(l.cfg.Rounds, RoundConfig{Name: "r" + string(rune('1'+len(l.cfg.Rounds))), Cron: "30 2 * * *", Baselines: baselines})
	}
	e.live.Store(&l)
	e.cfg.Rounds = l.cfg.Rounds
}

// opened is a new data folder as serve opens it.
func opened(t *testing.T) *embedded {
	t.Helper()
	e := probed(t, serveHooks{}, time.Now).e
	e.baselines = newBaselineKeeper(e.file(lastGoodDir), e.logger)
	return e
}

func TestARoundBeforeWhichThereWasNoneJudgesByWhatTheRoundsName(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("1", true)))
	for _, tc := range []struct {
		name   string
		rounds [][]string
		req    roundRequest
		want   []string
	}{
		{"no round is configured", nil, roundRequest{Group: sweep.JustEnrolled}, []string{defaultBaseline}},
		{"rounds that name none", [][]string{nil, nil}, roundRequest{Group: sweep.JustEnrolled}, []string{defaultBaseline}},
		{"all that they name, once", [][]string{{file}, {"wpa2-enterprise", file}}, roundRequest{Group: sweep.JustEnrolled}, []string{file, "wpa2-enterprise"}},
		{"one that names its own", [][]string{{file}}, roundRequest{Group: "ward 3", Baselines: []string{"wpa2-enterprise"}}, []string{"wpa2-enterprise"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := opened(t)
			withRounds(e, tc.rounds...)
			if err := e.settleBaselines(t.Context(), &tc.req); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.req.Baselines, tc.want); diff != "" {
				t.Errorf("baselines (-got +want):\n%s", diff)
			}
		})
	}
}

func TestABaselineWhoseFileWasMovedIsNotJudgedByTwice(t *testing.T) {
	e, dir := opened(t), t.TempDir()
	old := writeFile(t, filepath.Join(dir, "a.yaml"), []byte(screens("1", true)))
	if _, _, err := e.baselines.load(t.Context(), []string{old}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.state.BeginSweep(t.Context(), store.Sweep{Started: time.Now(), Baselines: []string{old, "wpa2-enterprise"}}); err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(dir, "b.yaml")
	if err := os.Rename(old, moved); err != nil {
		t.Fatal(err)
	}
	req := roundRequest{Group: "ward 3", Baselines: []string{moved}}
	if err := e.settleBaselines(t.Context(), &req); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(req.Baselines, []string{moved, "wpa2-enterprise"}); diff != "" {
		t.Errorf("baselines (-got +want):\n%s", diff)
	}
	if _, _, err := e.baselines.load(t.Context(), req.Baselines); err != nil {
		t.Errorf("the round would fail: %v", err)
	}
}

func TestAMisspeltBaselineOfARoundIsKnownAtOnce(t *testing.T) {
	e := opened(t)
	var log bytes.Buffer
	e.logger = slog.New(slog.NewTextHandler(&log, nil))
	e.baselines.logger = e.logger
	s := newServing(e, nil, serveHooks{}, time.Now)
	file := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("1", true)))
	withRounds(e, []string{"hipaa-no-facetim"})
	if _, err := openScheduler(t.Context(), e); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "r1") {
		t.Errorf("at the start: got %v, want wrong use that names the round", err)
	}
	withRounds(e, []string{file})
	var err error
	if s.scheduler, err = openScheduler(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.scheduler.runner.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	next := e.live.Load().cfg
	s.again = func() (Config, error) { return next, nil }
	next.Rounds = []RoundConfig{{Name: "night", Cron: "30 2 * * *", Baselines: []string{"hipaa-no-facetim"}}}
	if err := s.reload(t.Context()); exitCode(err) != exitUsage || !strings.Contains(err.Error(), `round "night": baseline "hipaa-no-facetim"`) {
		t.Errorf("got %v, want what is misspelt and in which round", err)
	}
	if got := e.live.Load().cfg.Rounds; len(got) != 1 || got[0].Name != "r1" {
		t.Errorf("got rounds %+v after a reload that failed, want those before", got)
	}
	breakFile(t, file)
	next.Rounds = []RoundConfig{{Name: "night", Cron: "30 2 * * *", Baselines: []string{file}}}
	next.PushRate++
	if err := s.reload(t.Context()); err != nil {
		t.Errorf("with a file that was good before, which no round minds: %v", err)
	}
	if got := e.live.Load().cfg.PushRate; got != next.PushRate {
		t.Errorf("got push rate %d, want what was reloaded, %d", got, next.PushRate)
	}
	if !strings.Contains(log.String(), "its last readable version judges") || !strings.Contains(log.String(), "msg=baseline baseline=ward") {
		t.Errorf("the log does not say by what is judged:\n%s", log.String())
	}
}

func TestAHeadThatDoesNotGetEverywhereIsAFailureOfItsJob(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	e := opened(t)
	var err error
	if e.chain.webhook, err = newHeadWebhook(Config{HeadWebhook: away.URL}); err != nil {
		t.Fatal(err)
	}
	if err := e.chain.publish(t.Context()); err != nil {
		t.Errorf("before the first round there is no head, and got %v", err)
	}
	rounder, err := e.rounder(t.Context(), roundRequest{Baselines: []string{defaultBaseline}})
	if err != nil {
		t.Fatal(err)
	}
	if err := rounder.JudgeAll(t.Context(), store.Sweep{}, func(sweep.Progress) {}); err != nil { // which takes a head that gets nowhere for no failure
		t.Fatal(err)
	}
	if err := e.chain.publish(t.Context()); err == nil || !strings.Contains(err.Error(), "publish the head of the chain: head-webhook: ") {
		t.Errorf("got %v, want that the webhook did not answer", err)
	}
	e.chain.webhook = headWebhook{}
	e.chain.headFile = filepath.Join(t.TempDir(), "nowhere", "heads")
	if err := e.chain.publish(t.Context()); err == nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no such folder", err)
	}
}

func TestReadinessTellsWhenAFailingJobWasLastDone(t *testing.T) {
	e := opened(t)
	s, err := openScheduler(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.runner.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	failed := make(chan struct{}, 1)
	s.runner, err = jobs.Open(t.Context(), e.file(jobsFile), jobs.Config{InspectAfter: 1, Poll: 10 * time.Millisecond, Work: map[jobs.Kind]func(context.Context, jobs.Job) error{
		jobs.Inspect: func(context.Context, jobs.Job) error {
			failed <- struct{}{}
			return errors.New("nobody answers")
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.runner.Start(t.Context()), s.runner.Enrolled(t.Context())); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.runner.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	<-failed
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		part := s.health(t.Context())
		if part.Says == "failing: inspect, 1 in a row, never done" {
			return
		}
		if part.Says != "none fails" {
			t.Fatalf("got %+v, want that it was never done", part)
		}
		<-again.C
	}
}
