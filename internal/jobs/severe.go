package jobs

import (
	"context"
	"log/slog"
)

// A severe passes errors on and nothing less: River tells much, and of a job that
// failed the Runner tells.
type severe struct{ slog.Handler }

// Enabled implements slog.Handler.
func (s severe) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && s.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (s severe) WithAttrs(attrs []slog.Attr) slog.Handler { return severe{s.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (s severe) WithGroup(name string) slog.Handler { return severe{s.Handler.WithGroup(name)} }
