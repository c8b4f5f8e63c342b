package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
)

func TestNotices(t *testing.T) {
	storetest.Notices(t, func(t *testing.T) store.Notices { return openState(t, filepath.Join(t.TempDir(), "state.db")) })
}

func TestWhatWasToldOfADeviceGoesWithIt(t *testing.T) {
	s := openState(t, filepath.Join(t.TempDir(), "state.db"))
	check(t, s.Deliver(t.Context(), storetest.Answer("D1", "SecurityInfo", "C1", "an answer", monday())))
	check(t, s.Remember(t.Context(), map[string][]byte{"device/D1": []byte("{}"), "device/D11": []byte("{}"), "fleet": []byte("{}")}))
	_, err := s.EraseDevice(t.Context(), "D1", "erased-1", monday().Add(time.Hour), true, false)
	check(t, err)
	left, err := s.Recall(t.Context(), "")
	check(t, err)
	if _, ok := left["device/D1"]; ok || len(left) != 2 {
		t.Errorf("left is %v, want all but what was told of the device", left)
	}
}
