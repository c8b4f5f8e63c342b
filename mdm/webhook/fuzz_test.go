package webhook_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// Whatever comes with a good signature gets an answer that says what became of
// it, and costs no more memory than its size allows.
func FuzzReceiver(f *testing.F) {
	f.Add(reportEvent(answerTo("C1", udid, "26.1")).json())
	f.Add(reportEvent(idle(udid)).json())
	f.Add(authenticate(time.Now()))
	f.Add(tokenUpdate(time.Now()))
	f.Add(checkOut(time.Now()))
	f.Add(reportEvent(list("UDID", udid, "CommandUUID", "C2", "Status", "NotNow")).of(udid+":U", "User", udid).json())
	f.Add([]byte(`{"topic":"mdm.Connect","acknowledge_event":{"ids":{"id":"D","type":"Device"},"raw_payload":"YnBsaXN0MDA="}}`))
	f.Add([]byte(`[[{}]]`))
	c := newClinic(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		before, was := c.receiver.Counts(), memory()
		status := c.post(t, body)
		after := c.receiver.Counts()
		heeded := after.Kept + after.Ignored + after.Duplicates - before.Kept - before.Ignored - before.Duplicates
		refused := after.Refused - before.Refused
		if !slices.Contains([]int{200, 400}, status) || heeded != 0 && heeded != 1 || (heeded == 1) != (status == 200) || (refused == 1) != (status == 400) {
			t.Errorf("got status %d, %+v after %+v", status, after, before)
		}
		if used := memory() - was; used > 64<<20+uint64(len(body))*200 {
			t.Errorf("%d bytes for a body of %d", used, len(body))
		}
	})
}

func memory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
