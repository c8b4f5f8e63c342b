package nano_test

import (
	"slices"
	"testing"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

// BenchmarkRound is one sweep of 50 supervised iPads over loopback, devices
// included: ask, push, answer, keep in memory. A device is reported apart.
func BenchmarkRound(b *testing.B) {
	const n = 50
	r := newRig(b, devices(slices.Repeat([]sim.Persona{sim.MeetsHIPAANoFaceTime}, n)...))
	r.enroll(b)
	for b.Loop() {
		var uuids, ids []string
		for _, d := range r.fleet.Devices() {
			ids = append(ids, d.ID)
			for _, q := range mdm.QueriesFor(target(d)) {
				uuids = append(uuids, r.ask(b, d.ID, q))
			}
		}
		r.wake(b, ids...)
		r.sink.final(b, uuids...)
		r.sink.forget()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/device")
}
