package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
)

// globals are what every command shares: the three streams and the flags of
// the root command.
type globals struct {
	in       io.Reader
	out, err io.Writer

	config  Config
	logger  *slog.Logger
	started bool // a command's own code has begun
}

// logs builds the logger that the configuration asks for.
func (c Config) logs(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, usage(fmt.Errorf("log level %q: not one of debug, info, warn, error", c.LogLevel), "")
	}
	options := &slog.HandlerOptions{Level: level}
	switch c.LogFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, usage(fmt.Errorf("log format %q: not one of text, json", c.LogFormat), "")
}

// dataFolder is where wardround keeps its files when nobody says otherwise.
func dataFolder() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "wardround")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "wardround-data"
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "wardround")
	}
	return filepath.Join(home, ".local", "share", "wardround")
}

// command wraps what a command does so that the usage errors of cobra, which
// come before it, can be told from its own.
func (g *globals) command(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		g.started = true
		return f(cmd.Context(), args)
	}
}
