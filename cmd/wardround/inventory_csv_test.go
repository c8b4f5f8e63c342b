package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func TestInventoryIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	want := []store.Item{
		{Serial: "DMPX1", Asset: checks.Asset{AssetTag: "A-1", Ward: "7, north", Group: "ward 7"}, ExpectedBy: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
		{Serial: "DMPX2", Asset: checks.Asset{AssetTag: "A-2"}},
	}
	for name, data := range map[string]string{
		"commas, quotes and CRLF":      "serial,asset_tag,ward,group,expected_by\r\ndmpx1,A-1,\"7, north\",ward 7,2026-12-31\r\nDMPX2,A-2,,,\r\n",
		"semicolons and a byte order":  "\ufeffSerial;Asset_Tag;Ward;Group;Expected_By\n DMPX1;A-1;7, north;ward 7;2026-12-31\nDMPX2;A-2;;;\n",
		"columns in another order":     "group,ward,expected_by,asset_tag,serial\nward 7,\"7, north\",2026-12-31,A-1,DMPX1\n,,,A-2,DMPX2",
		"an empty line between others": "serial,asset_tag,ward,group,expected_by\nDMPX1,A-1,\"7, north\",ward 7,2026-12-31\n\nDMPX2,A-2,,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readInventory([]byte(data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestInventoryErrorsNameTheLine(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"an unknown column", "serial,colour\nA,red\n", `line 1: unknown column "colour"; the columns are serial, asset_tag`},
		{"a serial that comes twice", "serial\nA\nB\na\n", "line 4: serial A is in line 2 already"},
		{"a day that is none", "serial,expected_by\nA,31.12.2026\n", `line 2: expected_by "31.12.2026" is not a day`},
		{"a row without serial", "serial,ward\nA,1\n,2\n", "line 3: there is no serial"},
		{"no column serial", "ward\n7\n", "line 1: there is no column serial"},
		{"a column that comes twice", "serial,serial\nA,A\n", "line 1: column serial comes twice"},
		{"a field too many", "serial,ward\nA,1,2\n", "line 2: wrong number of fields"},
		{"a quote that is not closed", "serial,ward\nA,\"1\nB,2\n", "line 3"},
		{"a control character", "serial,ward\nA,a\x1b[2J\n", "line 2: ward"},
		{"a field of a megabyte", "serial,ward\nA," + strings.Repeat("x", 1<<20) + "\n", "line 2: ward has 1048576 characters"},
		{"nothing", "", "it is empty"},
		{"a first line alone", "serial,ward\n", "there is no device in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			items, err := readInventory([]byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %q in it", err, tt.want)
			}
			if items != nil {
				t.Errorf("got %d items beside the error", len(items))
			}
		})
	}
}

func FuzzInventory(f *testing.F) {
	f.Add([]byte("serial,asset_tag,site,ward,owner_role,group,expected_by\nA,1,2,3,4,5,2026-12-31\n"))
	f.Add([]byte("serial;group\nA;\"b\"\"c\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, err := readInventory(data)
		if err != nil && items != nil {
			t.Error("items beside an error")
		}
		seen := make(map[string]bool)
		for _, i := range items {
			if i.Serial == "" || seen[i.Serial] {
				t.Errorf("serial %q is empty or comes twice", i.Serial)
			}
			seen[i.Serial] = true
		}
	})
}
