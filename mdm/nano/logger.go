package nano

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/micromdm/nanolib/log"
)

// logAdapter gives NanoMDM's messages to slog. NanoMDM logs the content of
// what it cannot parse and, if told, signatures: both are left out, for they
// hold tokens and names.
type logAdapter struct{ logger *slog.Logger }

var _ log.Logger = logAdapter{}

// Info implements log.Logger. NanoMDM says at this level what every poll and
// answer was, which is too much for the log of a fleet.
func (l logAdapter) Info(kv ...any) { l.log(slog.LevelDebug, kv) }

// Debug implements log.Logger.
func (l logAdapter) Debug(kv ...any) { l.log(slog.LevelDebug, kv) }

// With implements log.Logger.
func (l logAdapter) With(kv ...any) log.Logger {
	_, attrs := attributes(kv)
	return logAdapter{slog.New(l.logger.Handler().WithAttrs(attrs))}
}

func (l logAdapter) log(level slog.Level, kv []any) {
	ctx := context.Background()
	if !l.logger.Enabled(ctx, level) {
		return
	}
	msg, attrs := attributes(kv)
	if msg == "" {
		msg = "nanomdm"
	}
	l.logger.LogAttrs(ctx, level, "nanomdm", append([]slog.Attr{slog.String("event", msg)}, attrs...)...)
}

// attributes splits NanoMDM's alternating keys and values into its message and
// the rest.
func attributes(kv []any) (msg string, attrs []slog.Attr) {
	for i := 0; i+1 < len(kv); i += 2 {
		key := fmt.Sprint(kv[i])
		switch key {
		case "msg":
			msg = fmt.Sprint(kv[i+1])
		case "content", "mdm-signature":
		default:
			attrs = append(attrs, slog.Any(key, kv[i+1]))
		}
	}
	return msg, attrs
}
