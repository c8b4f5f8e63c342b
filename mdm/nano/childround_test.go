package nano_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm/nano"
)

// sayLimited is what a child says when the limit of its files has changed.
const sayLimited = "limited"

// oneRound is a sweep as the program makes it, without a limit to its pushes.
func oneRound(ctx context.Context, dir string, state *sqlite.State, intake *sweep.Intake, server *nano.Server) error {
	results, err := sqlite.OpenResults(ctx, filepath.Join(dir, "results.db"))
	if err != nil {
		return err
	}
	baseline, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		return err
	}
	rounder := sweep.NewRounder(sweep.Config{Baselines: []*checks.Baseline{baseline}, Rate: -1, Quiet: time.Minute, Tool: "test"},
		state, results, intake, server, slog.New(slog.DiscardHandler))
	_, err = rounder.Round(ctx, func(sweep.Progress) {})
	return errors.Join(err, results.Close())
}
