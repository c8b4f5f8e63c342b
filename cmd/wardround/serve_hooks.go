package main

import (
	"context"
	"time"

	"github.com/wardround/wardround/mdm/webhook"
)

// serveHooks are what other parts of serve (scheduled rounds, an attached
// server, the canary, messages) tell /readyz and /metrics, and what they want to
// know. Each may be nil. They are called from several goroutines and should
// answer at once.
type serveHooks struct {
	// parts are further parts of /readyz.
	parts []func(context.Context) healthPart

	// interval is the longest time between two scheduled rounds; 0: none is
	// scheduled.
	interval func() time.Duration

	// webhook counts what came from an attached server.
	webhook func() webhook.Counts
}
