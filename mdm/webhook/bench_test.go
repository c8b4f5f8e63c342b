package webhook_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm/sim"
	"github.com/wardround/wardround/mdm/webhook"
)

// BenchmarkReceiver is a sweep as a receiver sees it: six answers of 205 kB
// together from each of many devices, some at a time, into the store on disk,
// with and without every event queued to be passed on. The times are of the
// handler, and of the signing.
func BenchmarkReceiver(b *testing.B) {
	for _, of := range []struct {
		atOnce  int
		forward bool
	}{{1, false}, {1, true}, {4, false}, {4, true}, {16, false}, {16, true}} {
		b.Run(fmt.Sprintf("at-once=%d/forward=%t", of.atOnce, of.forward), func(b *testing.B) {
			c := newClinic(b, func(cfg *webhook.ReceiverConfig) {
				if of.forward {
					to(new(other), nil)(cfg)
				}
			})
			const devices = 50
			var (
				mu    sync.Mutex
				times []time.Duration
				round int
			)
			for b.Loop() {
				round++
				var all sync.WaitGroup
				work := make(chan []byte)
				for range of.atOnce {
					all.Go(func() {
						for body := range work {
							started := time.Now()
							if got := c.post(b, body); got != http.StatusOK {
								b.Errorf("got %d", got)
							}
							took := time.Since(started)
							mu.Lock()
							times = append(times, took)
							mu.Unlock()
						}
					})
				}
				for i := range devices {
					id := fmt.Sprintf("00008030-%016X", i)
					for q, a := range sim.SixAnswers(i) {
						raw := plistOf(keys("UDID", id, "CommandUUID", fmt.Sprintf("WR-%d-%d-%d-%d", round, i, q, rand.Int64()), "Status", "Acknowledged") + a.Payload)
						work <- reportEvent(raw).of(id, "Device", "").json()
					}
				}
				close(work)
				all.Wait()
			}
			slices.Sort(times)
			at := func(share float64) float64 { return float64(times[int(float64(len(times)-1)*share)]) / 1e6 }
			b.ReportMetric(at(0.5), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(float64(len(times))/b.Elapsed().Seconds(), "events/s")
		})
	}
}
