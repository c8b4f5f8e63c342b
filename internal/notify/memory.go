package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Memory keeps what must outlast the process: what was told of each device,
// and what is still to be sent. It is safe for concurrent use.
type Memory interface {
	// Recall returns all values whose keys begin with prefix.
	Recall(ctx context.Context, prefix string) (map[string][]byte, error)

	// Remember keeps the values in place of those of their keys, and forgets
	// the keys of nil ones: all of it or, with an error, none. It returns once
	// that is durable.
	Remember(ctx context.Context, values map[string][]byte) error
}

// The keys of a Memory begin with these; a device's is its enrollment id, so
// that it can be erased.
const (
	fleetKey     = "fleet"
	deviceKeys   = "device/"
	groupKeys    = "organisation/"
	letterPrefix = "letter/"
)

// A standing is what was told of one requirement on one device.
type standing struct {
	Failing  bool    `json:"failing,omitempty"`
	Waived   bool    `json:"waived,omitempty"` // it failed, and since then a waiver accepts that
	Since    int64   `json:"since,omitempty"`  // Unix seconds: when it began to fail
	Turns    []int64 `json:"turns,omitempty"`  // Unix seconds of the changes in the window, or the last one
	Flapping bool    `json:"flapping,omitempty"`
}

// remembered is what was told of one device.
type remembered struct {
	Rules map[string]standing `json:"rules,omitempty"` // by baseline, a line feed, requirement
	Told  map[string]int      `json:"told,omitempty"`  // of what expires, which of the warnings
}

// fleetMemory is what was told of all.
type fleetMemory struct {
	Through  int64              `json:"through"` // Unix nanoseconds of the last round: zero: none
	Told     map[string]int     `json:"told,omitempty"`
	Coverage map[string]float64 `json:"coverage,omitempty"` // by baseline
	Lost     bool               `json:"lost,omitempty"`
	Canary   Canary             `json:"canary,omitempty"`
}

// last is when the last round was judged; zero: there was none.
func (f fleetMemory) last() time.Time {
	if f.Through == 0 {
		return time.Time{}
	}
	return time.Unix(0, f.Through).UTC()
}

// judged reports whether the last round was judged by a baseline.
func (f fleetMemory) judged(baseline string) bool {
	_, ok := f.Coverage[baseline]
	return ok
}

func (k ruleKey) String() string { return k.baseline + "\n" + k.requirement }

// expiryKey names an expiry, so that a renewed one is another.
func expiryKey(what string, until time.Time) string {
	return fmt.Sprintf("%d %s", until.Unix(), what)
}

// carry keeps the warnings about what is not known at the moment and has not
// ended, so that they are not given again once it is.
func carry(told, now map[string]int, at time.Time) {
	for key, n := range told {
		until, _, _ := strings.Cut(key, " ")
		if end, err := strconv.ParseInt(until, 10, 64); err == nil && end > at.Unix() && now[key] == 0 {
			now[key] = n
		}
	}
}

// A recollection is the memory of a Round, with what it changes.
type recollection struct {
	fleet   fleetMemory
	devices map[string]remembered
	changes map[string][]byte
}

// recall reads what was told. A value that cannot be read counts as nothing:
// something may be told twice.
func recall(ctx context.Context, m Memory) (*recollection, error) {
	r := &recollection{devices: make(map[string]remembered), changes: make(map[string][]byte)}
	all, err := m.Recall(ctx, fleetKey)
	if err != nil {
		return nil, fmt.Errorf("recall what was told: %w", err)
	}
	r.fleet = readFleet(all)
	for _, prefix := range []string{deviceKeys, groupKeys} {
		all, err := m.Recall(ctx, prefix)
		if err != nil {
			return nil, fmt.Errorf("recall what was told: %w", err)
		}
		for key, value := range all {
			var d remembered
			if json.Unmarshal(value, &d) != nil {
				d = remembered{}
			}
			r.devices[key] = d
		}
	}
	return r, nil
}

// readFleet reads what was told of all.
func readFleet(values map[string][]byte) fleetMemory {
	var f fleetMemory
	if json.Unmarshal(values[fleetKey], &f) != nil {
		return fleetMemory{}
	}
	return f
}

// put notes what is to be remembered of a device, if that is another.
func (r *recollection) put(key string, now remembered) error {
	was, known := r.devices[key]
	if len(now.Rules) == 0 && len(now.Told) == 0 {
		if known {
			r.changes[key] = nil
		}
		return nil
	}
	value, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("write down what was told: %w", err)
	}
	if old, err := json.Marshal(was); !known || err != nil || !bytes.Equal(old, value) {
		r.changes[key] = value
	}
	return nil
}

// putFleet notes what is to be remembered of all.
func (r *recollection) putFleet(now fleetMemory) error {
	value, err := json.Marshal(now)
	r.changes[fleetKey] = value
	return err
}

// forgetOthers drops what was told of devices that are gone.
func (r *recollection) forgetOthers(s *Snapshot) {
	for key := range r.devices {
		if _, ok := s.byKey[key]; !ok {
			r.changes[key] = nil
		}
	}
}

// sortedKeys are those that begin with a prefix, in order.
func sortedKeys(values map[string][]byte, prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), func(k string) bool { return !strings.HasPrefix(k, prefix) })
}
