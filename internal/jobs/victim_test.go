package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

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

	done := make(chan jobs.Job, 1)
	runner := start(t, path, jobs.Config{Work: works(jobs.Upkeep, func(_ context.Context, job jobs.Job) error {
		done <- job
		return nil
	})})
	if job := receive(t, done); job.Attempt != 2 {
		t.Errorf("got attempt %d, want 2", job.Attempt)
	}
	stop(t, runner)
}
