package sim

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// A Tally is what came of a Poll. Times are in the unit that their name says.
type Tally struct {
	Devices   int `json:"devices"`
	Enrolled  int `json:"enrolled"`  // devices; those that were enrolled before among them
	Resumed   int `json:"resumed"`   // devices that were enrolled before
	NotTried  int `json:"not_tried"` // devices that did not try to enrol: none could, or the run was ended
	Users     int `json:"users"`     // channels of users that were opened
	Unmanaged int `json:"unmanaged"` // users whom the server does not manage
	Silent    int `json:"silent"`    // enrolled devices that never connect: persona Silent

	Sessions      int `json:"sessions"`       // begun, on channels of devices and of users
	SessionsEnded int `json:"sessions_ended"` // after which the server had no more commands
	SessionsCut   int `json:"sessions_cut"`   // going on when the run was ended
	NeverFinished int `json:"never_finished"` // devices that had sessions to make and have ended none

	EnrolSeconds      float64 `json:"enrol_seconds"`
	SessionSeconds    float64 `json:"session_seconds"`
	Requests          int     `json:"requests"`            // with those of the enrollment
	RequestsPerSecond float64 `json:"requests_per_second"` // in sessions
	ConnectsPerSecond float64 `json:"connects_per_second"` // sessions begun
	BytesOut          int64   `json:"bytes_out"`           // of the bodies of requests
	BytesIn           int64   `json:"bytes_in"`            // of the bodies of answers

	Latency  []Latency      `json:"latency"`
	Commands []CommandCount `json:"commands"`
	NotNow   int            `json:"not_now"`
	Errors   []ErrorCount   `json:"errors"`
}

// A Latency is how long the server took over requests of one Kind, from the
// moment of sending to the last byte of the answer. Requests that were not
// answered at all are not among them. Percentiles are at most 1.6 % too high.
type Latency struct {
	Kind  Kind    `json:"kind"`
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// A CommandCount is how commands of one RequestType were answered.
type CommandCount struct {
	RequestType  string `json:"request_type"`
	Acknowledged int    `json:"acknowledged"`
	Error        int    `json:"error"`
	NotNow       int    `json:"not_now"`
	Hostile      int    `json:"hostile"` // with bytes meant to do harm
}

// An ErrorCount is how often something went wrong: an HTTP status other than
// 200, as "HTTP 500", or a few words about the connection or the command.
type ErrorCount struct {
	Kind  Kind   `json:"kind"`
	What  string `json:"what"`
	Count int    `json:"count"`
}

// Failed reports whether nothing came of the run: no device is enrolled, or
// sessions were begun and all of them failed.
func (t Tally) Failed() bool {
	return t.Enrolled == 0 || t.Sessions > t.SessionsCut && t.SessionsEnded == 0
}

// fill writes into t what m has counted.
func (m *meter) fill(t *Tally) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range kinds() {
		h := m.latency[k]
		t.Requests += m.requests[k]
		t.Latency = append(t.Latency, Latency{
			Kind: k, Count: int(h.count),
			P50: milliseconds(h.quantile(0.5)), P90: milliseconds(h.quantile(0.9)),
			P99: milliseconds(h.quantile(0.99)), Max: milliseconds(h.max),
		})
		for _, what := range slices.Sorted(maps.Keys(m.errors[k])) {
			t.Errors = append(t.Errors, ErrorCount{k, what, m.errors[k][what]})
		}
	}
	t.BytesOut, t.BytesIn = m.out, m.in
	for _, c := range m.commands {
		t.Commands = append(t.Commands, *c)
		t.NotNow += c.NotNow
	}
	slices.SortFunc(t.Commands, func(a, b CommandCount) int { return cmp.Compare(a.RequestType, b.RequestType) })
	if t.SessionSeconds > 0 {
		t.RequestsPerSecond = thousandths(float64(m.requests[KindIdle]+m.requests[KindReport]) / t.SessionSeconds)
		t.ConnectsPerSecond = thousandths(float64(t.Sessions) / t.SessionSeconds)
	}
}

// thousandths rounds a figure to what can be believed of it.
func thousandths(f float64) float64 { return math.Round(f*1000) / 1000 }

// milliseconds is d in ms, to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
