package jobs_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/jobs"
)

// victimFile names the environment variable with the file of the process that is
// to be killed.
const victimFile = "WARDROUND_TEST_VICTIM"

// beVictim begins a job, says so, and does not end.
func beVictim(path string) int {
	begun := make(chan struct{})
	ctx := context.Background()
	runner, err := jobs.Open(ctx, path, jobs.Config{Poll: poll, Work: map[jobs.Kind]func(context.Context, jobs.Job) error{
		jobs.Upkeep: func(context.Context, jobs.Job) error {
			close(begun)
			select {}
		},
	}})
	if err == nil {
		err = runner.Start(ctx)
	}
	if err == nil {
		err = runner.Enqueue(ctx, jobs.Upkeep)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	<-begun
	fmt.Println("begun")
	select {}
}

func TestAJobThatAKilledProcessHadBegunIsDoneAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	kill(t, path)
	doneAgain(t, path)
}

func TestAKilledProcessWhoseClockWasAheadLeavesNothingStuck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	kill(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, ahead := range []string{
		"UPDATE river_job SET attempted_at = '2099-01-01 00:00:00.000', scheduled_at = '2099-01-01 00:00:00.000'",
		"UPDATE river_leader SET expires_at = '2099-01-01 00:00:00.000'",
	} {
		if _, err := db.ExecContext(t.Context(), ahead); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	doneAgain(t, path)
}

// kill has another process begin a job in the file, and kills it.
func kill(t *testing.T, path string) {
	t.Helper()
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), victimFile+"="+path)
	victim.Stderr = os.Stderr
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "begun\n" {
		t.Fatalf("the process said %q (%v), want that it has begun", line, err)
	}
	if _, err := jobs.Open(t.Context(), path, jobs.Config{}); err == nil {
		t.Error("another process opened the file while one had it")
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := victim.Wait(); err == nil {
		t.Fatal("the process ended well, want it killed")
	}
}

// doneAgain wants the job that was begun to be tried a second time, and a third,
// for which River must lead again.
func doneAgain(t *testing.T, path string) {
	t.Helper()
	done := make(chan jobs.Job, 1)
	runner := start(t, path, jobs.Config{Backoff: time.Millisecond, Work: works(jobs.Upkeep, func(_ context.Context, job jobs.Job) error {
		done <- job
		if job.Attempt == 2 {
			return errors.New("once more")
		}
		return nil
	})})
	for want := 2; want < 4; want++ {
		if job := receive(t, done); job.Attempt != want {
			t.Errorf("got attempt %d, want %d", job.Attempt, want)
		}
	}
	stop(t, runner)
}
