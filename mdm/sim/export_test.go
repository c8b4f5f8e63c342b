package sim

import (
	"context"
	"crypto"
	"crypto/x509"
	"time"
)

// Latencies exposes the histogram: its quantiles after some durations.
func Latencies(durations []time.Duration, quantiles ...float64) []time.Duration {
	var h histogram
	for _, d := range durations {
		h.add(d)
	}
	out := make([]time.Duration, len(quantiles))
	for i, q := range quantiles {
		out[i] = h.quantile(q)
	}
	return out
}

// Paced waits n times for a pacer, and returns how often it was time.
func Paced(ctx context.Context, rate float64, n int) int {
	p := newPacer(rate, time.Now)
	p.start()
	times := 0
	for range n {
		if p.wait(ctx) {
			times++
		}
	}
	return times
}

// ReadCommand exposes readCommand: what a device understands.
func ReadCommand(raw []byte) (uuid, requestType string, lists int, err error) {
	c, err := readCommand(raw)
	return c.CommandUUID, c.RequestType, len(c.Queries) + len(c.Identifiers) + len(c.Items), err
}

// ReadChallenge exposes readChallenge.
func ReadChallenge(raw []byte) (string, error) { return readChallenge(raw) }

// ReadCertRep exposes readCertRep, for an answer to key.
func ReadCertRep(raw []byte, key crypto.Signer) (*x509.Certificate, error) {
	self, err := selfSigned(key, "device", time.Now())
	if err != nil {
		return nil, err
	}
	return readCertRep(raw, []*x509.Certificate{self}, self, key)
}
