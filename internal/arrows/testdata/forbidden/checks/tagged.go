//go:build plan9 && never

package checks

import (
	"log/slog"
	"os"
)
