package sqlite_test

import (
	"bytes"
	"fmt"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store/storetest"
)

// Ten programs read the headline while rounds are written, in which a third of
// the fleet comes and goes: none meets a lock, and each sees a whole round.
func TestReadersMeetNoLockAndNoHalfRound(t *testing.T) {
	program := sqlite3Program(t)
	path := filepath.Join(t.TempDir(), "results.db")
	r := openResults(t, path)
	f := storetest.NewFleet(60, 5, time.Now().Add(-time.Hour).Truncate(time.Second))
	all := f.Devices
	round := func(i int) {
		f.Devices = all[:60-20*(i%2)]
		f.Heard(f.At.Add(time.Second))
		for j := range f.Devices { // and some turn
			f.Turn(j, (i+j)%5)
		}
		check(t, f.Record(t.Context(), r))
	}
	round(0)

	// Each reader starts its program again until enough rounds were written.
	const readers, reads, rounds = 10, 40, 8
	outputs := make([][]string, readers)
	var written atomic.Bool
	var reading sync.WaitGroup
	for i := range readers {
		reading.Go(func() {
			for last := false; !last; {
				last = written.Load()
				cmd := osexec.CommandContext(t.Context(), program, "-bail", "-cmd", ".timeout 5000", "file:"+path+"?mode=ro")
				cmd.Stdin = strings.NewReader(strings.Repeat(
					"SELECT enrolled, met + not_met + undetermined, asked, (SELECT count(*) FROM v_devices) FROM v_headline WHERE group_name = '';\n", reads))
				out, err := cmd.CombinedOutput()
				if err != nil {
					out = fmt.Appendf(nil, "%v: %s", err, bytes.TrimSpace(out))
				}
				outputs[i] = append(outputs[i], string(out))
			}
		})
	}
	for i := range rounds {
		round(i + 1)
	}
	written.Store(true)
	reading.Wait()

	seen := make(map[string]int)
	for i, outs := range outputs {
		for _, out := range outs {
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if len(lines) != reads {
				t.Errorf("reader %d read %d headlines: %.300s", i, len(lines), out)
				continue
			}
			for _, line := range lines {
				seen[line]++
			}
		}
	}
	for line := range seen {
		if line != "60|60|60|60" && line != "40|40|40|40" {
			t.Errorf("somebody read %s", line)
		}
	}
	if len(seen) < 2 {
		t.Errorf("headlines %v: nobody read while anybody wrote", seen)
	}
}
