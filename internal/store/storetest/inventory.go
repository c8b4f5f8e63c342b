package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func inventoryCases() []testCase[store.State] {
	return []testCase[store.State]{
		{"an inventory that was never given is empty", inventoryEmpty},
		{"the inventory comes back in order of serial numbers", inventoryKept},
		{"another inventory takes the place of the one before", inventoryReplaced},
		{"an inventory that names a device twice changes nothing", inventoryTwice},
	}
}

func inventory(t *testing.T, s store.State) []store.Item {
	t.Helper()
	items, err := s.Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func replaceInventory(t *testing.T, s store.State, items ...store.Item) {
	t.Helper()
	if err := s.ReplaceInventory(t.Context(), items); err != nil {
		t.Fatal(err)
	}
}

// items are those of two devices, in order.
func items() []store.Item {
	return []store.Item{
		{Serial: "C02A"},
		{
			Serial:     "DMPB",
			Asset:      checks.Asset{AssetTag: "A-1", Site: "Nord", Ward: "3b", OwnerRole: "nurse", Group: "theatre"},
			ExpectedBy: noon().Add(24 * time.Hour),
		},
	}
}

func inventoryEmpty(t *testing.T, s store.State) {
	if got := inventory(t, s); len(got) != 0 {
		t.Errorf("got %+v, want none", got)
	}
}

func inventoryKept(t *testing.T, s store.State) {
	want := items()
	replaceInventory(t, s, want[1], want[0])
	if diff := cmp.Diff(want, inventory(t, s)); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
}

func inventoryReplaced(t *testing.T, s store.State) {
	replaceInventory(t, s, items()...)
	want := []store.Item{{Serial: "DMPB", Asset: checks.Asset{Group: "ward"}}, {Serial: "F4K"}}
	replaceInventory(t, s, want...)
	if diff := cmp.Diff(want, inventory(t, s)); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
	replaceInventory(t, s)
	if got := inventory(t, s); len(got) != 0 {
		t.Errorf("got %+v after an empty one, want none", got)
	}
}

func inventoryTwice(t *testing.T, s store.State) {
	replaceInventory(t, s, items()...)
	if err := s.ReplaceInventory(t.Context(), []store.Item{{Serial: "X"}, {Serial: "X"}}); err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff(items(), inventory(t, s)); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
}
