package nano_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// An annex is a server in a process of its own, on the files of a rig.
type annex struct {
	*process
	url string // takes reports
}

// annex starts a server beside that of the rig, which keeps out of the way: it
// makes the files and looks into them.
func (r *rig) annex(t testing.TB, change func(*childConfig)) *annex {
	t.Helper()
	cfg := childConfig{Dir: r.dir, Address: freeAddress(t), Root: r.ca.Certificate().Raw, Verbose: true}
	if change != nil {
		change(&cfg)
	}
	p := startProcess(t, cfg)
	t.Cleanup(p.kill)
	p.wait(t, sayReady)
	return &annex{process: p, url: "http://" + cfg.Address + nano.Path}
}

// refusals returns the lines of the log about refused requests, when there are
// n more than before. The log comes by a pipe, later than the answers.
func (a *annex) refusals(t testing.TB, before, n int) []string {
	t.Helper()
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var lines []string
		for line := range strings.Lines(a.log.String()) {
			if strings.Contains(line, `msg="refused a request"`) {
				lines = append(lines, line)
			}
		}
		if len(lines) >= before+n {
			return lines[before:]
		}
		if time.Now().After(late) {
			t.Fatalf("%d requests were refused, %d are logged", before+n, len(lines))
		}
	}
}

// recruit enrols n devices and has each owe the answers to the queries.
func (r *rig) recruit(t *testing.T, n int, queries ...mdm.Query) (senders []*sender, owed [][]string) {
	t.Helper()
	for i := range n {
		s := newSender(t, r.ca, fmt.Sprintf("DEVICE-%02d", i))
		s.enroll(t, r.url)
		var uuids []string
		for _, q := range queries {
			uuids = append(uuids, r.owe(t, s.id, q))
		}
		senders, owed = append(senders, s), append(owed, uuids)
	}
	return senders, owed
}
