package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/store"
)

// Notices tests what telling people keeps; open is called once per case, and
// what it gives must be empty.
func Notices(t *testing.T, open func(t *testing.T) store.Notices) {
	each(t, []testCase[store.Notices]{
		{"what was never remembered is nothing", noticesEmpty},
		{"what is remembered is recalled by how its key begins", noticesRecalled},
		{"a prefix is taken as it is written", noticesPrefix},
		{"a nil value is forgotten, an empty one is kept", noticesForgotten},
		{"many at a time remember their own", noticesTogether},
		{"attempts come back the newest first", deliveriesKept},
		{"of too many attempts the oldest go", deliveriesBounded},
	}, open)
}

func remember(t *testing.T, s store.Notices, values map[string][]byte) {
	t.Helper()
	if err := s.Remember(t.Context(), values); err != nil {
		t.Fatal(err)
	}
}

func wantRecalled(t *testing.T, s store.Notices, prefix string, want map[string][]byte) {
	t.Helper()
	got, err := s.Recall(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recalled of %q (-want +got):\n%s", prefix, diff)
	}
}

func noticesEmpty(t *testing.T, s store.Notices) {
	wantRecalled(t, s, "", map[string][]byte{})
	remember(t, s, nil)
	if list, err := s.Deliveries(t.Context(), 10); len(list) != 0 || err != nil {
		t.Errorf("got deliveries %+v, %v; want none", list, err)
	}
}

func noticesRecalled(t *testing.T, s store.Notices) {
	remember(t, s, map[string][]byte{"device/A": []byte("1"), "device/B": []byte("2"), "devices": []byte("3"), "letter/x": []byte("4")})
	remember(t, s, map[string][]byte{"device/B": []byte("5")})
	wantRecalled(t, s, "device/", map[string][]byte{"device/A": []byte("1"), "device/B": []byte("5")})
	wantRecalled(t, s, "", map[string][]byte{"device/A": []byte("1"), "device/B": []byte("5"), "devices": []byte("3"), "letter/x": []byte("4")})
	wantRecalled(t, s, "device/A", map[string][]byte{"device/A": []byte("1")})
}

func noticesPrefix(t *testing.T, s store.Notices) {
	remember(t, s, map[string][]byte{"a%c": []byte("1"), "abc": []byte("2"), "a_c": []byte("3"), "ABC": []byte("4"), "é/x": []byte("5")})
	wantRecalled(t, s, "a%", map[string][]byte{"a%c": []byte("1")})
	wantRecalled(t, s, "a_", map[string][]byte{"a_c": []byte("3")})
	wantRecalled(t, s, "ab", map[string][]byte{"abc": []byte("2")})
	wantRecalled(t, s, "é/", map[string][]byte{"é/x": []byte("5")})
}

func noticesForgotten(t *testing.T, s store.Notices) {
	remember(t, s, map[string][]byte{"a": []byte("1"), "b": []byte("2"), "c": {}})
	remember(t, s, map[string][]byte{"a": nil, "never there": nil, "d": []byte("3")})
	wantRecalled(t, s, "", map[string][]byte{"b": []byte("2"), "c": {}, "d": []byte("3")})
}

func noticesTogether(t *testing.T, s store.Notices) {
	want := make(map[string][]byte)
	var wg sync.WaitGroup
	for i := range 20 {
		key := fmt.Sprintf("k%02d", i)
		want[key] = []byte(key)
		wg.Go(func() {
			if err := s.Remember(t.Context(), map[string][]byte{key: []byte(key)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantRecalled(t, s, "k", want)
}

// delivery is an attempt of that number.
func delivery(n int) store.Delivery {
	return store.Delivery{
		At: noon().Add(time.Duration(n) * time.Second), Channel: "ops", Kind: "changes", Message: fmt.Sprint("m", n), Events: n, Attempt: 1, Outcome: "delivered",
	}
}

func logDelivery(t *testing.T, s store.Notices, d store.Delivery) {
	t.Helper()
	if err := s.LogDelivery(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func deliveriesKept(t *testing.T, s store.Notices) {
	failed := delivery(2)
	failed.Outcome, failed.Error = "failed", "the receiver answered 500"
	logDelivery(t, s, delivery(1))
	logDelivery(t, s, failed)
	logDelivery(t, s, delivery(3))
	got, err := s.Deliveries(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]store.Delivery{delivery(3), failed}, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	if list, err := s.Deliveries(t.Context(), -1); len(list) != 0 || err != nil {
		t.Errorf("got %+v, %v for a limit below 0; want none", list, err)
	}
}

func deliveriesBounded(t *testing.T, s store.Notices) {
	const more = 40
	var wg sync.WaitGroup
	for range 64 { // side by side, so that transactions are shared
		wg.Go(func() {
			for range (store.MaxDeliveries + more) / 64 {
				if err := s.LogDelivery(t.Context(), delivery(0)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for i := range 100 {
		logDelivery(t, s, delivery(1+i))
	}
	list, err := s.Deliveries(t.Context(), 2*store.MaxDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != store.MaxDeliveries {
		t.Errorf("%d are kept, want %d", len(list), store.MaxDeliveries)
	}
	if got := list[0].Events; got != 100 {
		t.Errorf("the newest is number %d, want 100", got)
	}
}
