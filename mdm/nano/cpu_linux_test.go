//go:build !race

// Measures: the race detector makes a process several times as large and slow.

package nano_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm/nano"
)

// Whatever is in the Mdm-Signature, to refuse a request costs the server about
// as much CPU as to serve a poll, which is the least that a device asks of it,
// plus what the system takes to carry the header over.
func TestAHostileSignatureCostsAboutAPoll(t *testing.T) {
	const times = 300
	r := alone(t)
	b := newBystanders(t, r)
	a := r.annex(t, nil)
	foreign, err := nano.NewCA("Another authority", nil)
	must(t, err)
	nested := func(size int) string {
		return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x30, 0x80}, size/2))
	}
	poll := idle("VICTIM")
	cost := func(signature string, want ...int) time.Duration {
		t.Helper()
		before := spent(t, a.cmd.Process.Pid)
		for range times {
			status, err := raw(t.Context(), a.url, reportType, signature, int64(len(poll)), bytes.NewReader(poll))
			if err != nil || !slices.Contains(want, status) {
				t.Fatalf("HTTP status %d (%v), want one of %d", status, err, want)
			}
		}
		return (spent(t, a.cmd.Process.Pid) - before) / times
	}
	good := b.victim.header(t, poll)
	cost(good, http.StatusOK) // to warm up
	served := cost(good, http.StatusOK)
	for name, signature := range map[string]string{
		"of 900 KB, nested":             nested(683 << 10),
		"of 16 KB, nested":              nested(12 << 10),
		"of 64 KB that is not base64":   strings.Repeat("%", 64<<10),
		"of an identity that is forged": newSender(t, foreign, "VICTIM").header(t, poll),
	} {
		t.Run(name, func(t *testing.T) {
			refused := cost(signature, http.StatusBadRequest, http.StatusForbidden, http.StatusRequestHeaderFieldsTooLarge)
			t.Logf("%s, a poll %s", refused, served)
			if refused > 4*served {
				t.Errorf("it costs %s, a poll %s", refused, served)
			}
		})
	}
	b.unharmed(t)
}
