package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// A serviceManager is told how serve does: systemd, if it started this program
// with Type=notify, else nobody.
type serviceManager struct{ logger *slog.Logger }

func (m serviceManager) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		m.logger.Warn("systemd was not told", "state", state, "err", err)
	}
}

func (m serviceManager) ready(status string) { m.tell(daemon.SdNotifyReady + "\nSTATUS=" + status) }

// reloading is to be followed by ready. The time is what Type=notify-reload asks
// for.
func (m serviceManager) reloading() {
	state := daemon.SdNotifyReloading
	if at := daemon.SdNotifyMonotonicUsec(); at != "" {
		state += "\n" + at
	}
	m.tell(state)
}

func (m serviceManager) stopping() { m.tell(daemon.SdNotifyStopping) }
func (m serviceManager) alive()    { m.tell(daemon.SdNotifyWatchdog) }

// watchdog is how often alive is wanted; 0: nobody watches.
func (m serviceManager) watchdog() (time.Duration, error) {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0, fmt.Errorf("watchdog of systemd: %w", err)
	}
	return limit / 2, nil
}
