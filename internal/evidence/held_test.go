package evidence_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/evidence"
)

// fill puts a text of n bytes into each text of v, and n texts into each list,
// and returns how many bytes that is.
func fill(v reflect.Value, n int) (size int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("x", n))
		size = n
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		size = fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		size = n * int(v.Type().Elem().Size())
		for i := range n {
			size += fill(v.Index(i), n)
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return 0
		}
		for _, field := range v.Fields() {
			size += fill(field, n)
		}
	}
	return size
}

func TestAllThatALineHoldsIsCounted(t *testing.T) {
	fields := func(of any, n int) (size int) {
		return int(reflect.TypeOf(of).Elem().Size()) + fill(reflect.ValueOf(of).Elem(), n)
	}
	baseline, profile, item, statement := new(evidence.Baseline), new(evidence.Profile), new(evidence.Item), new(evidence.Statement)
	device, observation := new(evidence.Device), new(evidence.Observation)
	for _, n := range []int{0, 1, 300} {
		for _, tt := range []struct{ want, got int }{
			{fields(baseline, n), evidence.Held(baseline)},
			{fields(profile, n), evidence.Held(profile)},
			{fields(item, n), evidence.Held(item)},
			{fields(statement, n), evidence.Held(statement)},
			{fields(device, n), evidence.Held(device)},
			{fields(observation, n), evidence.Held(observation)},
		} {
			if tt.got < tt.want {
				t.Errorf("with texts of %d bytes: got %d, want at least %d", n, tt.got, tt.want)
			}
		}
	}
}

func TestTooManyStatementsAreRefused(t *testing.T) {
	noise := make([]byte, 100<<10)
	_, _ = rand.Read(noise) // never errs, by its contract
	sum := sha256.Sum256(noise)
	names := make([]string, 1<<20)
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, evidence.Head{Tool: "v1", Now: noon()})
	if err == nil {
		err = w.Profile(evidence.Profile{Name: "noise", SHA256: hex.EncodeToString(sum[:]), Data: noise})
	}
	for range 17 { // of 16 MiB each
		err = errors.Join(err, w.Statement(evidence.Statement{Kind: "waiver", ID: "W-1", Requirement: "req_1", Devices: names}))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(out.Bytes()); err == nil || !strings.Contains(err.Error(), "statements than are read") {
		t.Errorf("got %v, want more than are read", err)
	}
}

func TestLongWordsAreRefused(t *testing.T) {
	half := strings.Repeat("x", 40<<10)
	for _, s := range []evidence.Statement{{Baseline: half, Requirement: half}, {Requirement: half, SHA256: half}, {Requirement: half, Text: half}} {
		s.Kind, s.ID = "attestation", "A-1"
		if _, _, err := exported(t, []evidence.Statement{s}); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("got %v, want a statement that is too long", err)
		}
	}
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, evidence.Head{Tool: "v1", Now: noon()})
	if err = errors.Join(err, w.Item(evidence.Item{Serial: half, Asset: evidence.Asset{Site: half}}), w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(out.Bytes()); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v, want an item that is too long", err)
	}
}
