package checks_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
)

const goodWaiver = `waivers:
  - id: ward7-carts
    requirement: os_facetime_disable
    baseline: hipaa-no-facetime
    devices: [DMPX0001]
    groups: [ward 7]
    reason: Visits until the new carts come.
    owner: Head of telehealth
    ticket: CHG-4711
    approver: Privacy officer
    created: 2026-11-01T08:00:00-07:00
    expires: 2027-01-31
`

func vancouver(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Vancouver")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestAFileOfWaivers(t *testing.T) {
	got, err := checks.ParseWaivers("w.yaml", []byte(goodWaiver), vancouver(t))
	want := []checks.Waiver{{
		ID: "ward7-carts", Baseline: "hipaa-no-facetime", Requirement: "os_facetime_disable", Reach: checks.Reach{Devices: []string{"DMPX0001"}, Groups: []string{"ward 7"}},
		Reason: "Visits until the new carts come.", Owner: "Head of telehealth", Ticket: "CHG-4711", Approver: "Privacy officer",
		Created: time.Date(2026, 11, 1, 15, 0, 0, 0, time.UTC), Expires: time.Date(2027, 2, 1, 7, 59, 59, 0, time.UTC),
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := checks.ParseWaivers("w.yaml", []byte("waivers: []\n"), time.UTC); err != nil || len(got) != 0 {
		t.Errorf("none: got %v, %v", got, err)
	}
}

func TestAWrongFileOfWaivers(t *testing.T) {
	with := func(old, replacement string) string { return strings.Replace(goodWaiver, old, replacement, 1) }
	for _, tt := range []struct{ name, file, want string }{
		{"an empty file", "", "w.yaml: the file is empty; write waivers:"},
		{"no list", "waiver: []\n", `key "waiver" is not known`},
		{"not YAML", "waivers: [", "w.yaml:1: the YAML cannot be read"},
		{"an unknown key", with("owner", "ower"), `w.yaml:8:5: key "ower" is not known; did you mean owner?`},
		{"a key twice", goodWaiver + "    ticket: CHG-2\n", `key "ticket" is there twice`},
		{"an id twice", goodWaiver + strings.TrimPrefix(goodWaiver, "waivers:\n"), "id ward7-carts is there twice"},
		{"no end", with("    expires: 2027-01-31\n", ""), "the waiver has no day on which it expires; add expires: 2027-01-31"},
		{"a time without an offset", with("2027-01-31", "2027-01-31T12:00:00"), `"2027-01-31T12:00:00" is neither a day nor a time with its offset`},
		{"a day that is none", with("2027-01-31", "2027-02-31"), `"2027-02-31" is neither a day`},
		{"an end before its beginning", with("2027-01-31", "2026-10-01"), "expires before it was created"},
		{"nobody", with("    devices: [DMPX0001]\n    groups: [ward 7]\n", ""), "the waiver does not say for whom it is"},
		{"a name twice", with("[ward 7]", "[ward 7, ward 7]"), `"ward 7" is there twice`},
		{"no reason", with("    reason: Visits until the new carts come.\n", ""), "the waiver has no reason"},
		{"an alias", "waivers: &w\n  - *w\n", "anchors and aliases are not allowed"},
		{"a bomb", "a: &a [x,x]\nwaivers: [*a,*a]\n", "anchors and aliases are not allowed"},
		{"50 MB", "waivers: []\n" + strings.Repeat("#", 50<<20), "more than 4194304"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := checks.ParseWaivers("w.yaml", []byte(tt.file), time.UTC)
			if _, ok := errors.AsType[*checks.InvalidError](err); !ok || got != nil {
				t.Fatalf("got %v and %v, want what is wrong with it", got, err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q in it", err, tt.want)
			}
		})
	}
}

// FuzzParseWaivers wants waivers or an error and not both, and of each waiver
// what the register needs of it.
func FuzzParseWaivers(f *testing.F) {
	f.Add([]byte(goodWaiver))
	f.Add([]byte("waivers: [{id: a, requirement: b, reason: c, owner: d, organisation: true, expires: 2027-01-31}]\n"))
	f.Add([]byte("waivers: [{id: '', devices: [[]], expires: 0000-00-00}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := checks.ParseWaivers("w.yaml", data, time.UTC)
		if err != nil {
			if got != nil || len(err.Error()) > 1<<20 {
				t.Fatalf("%d waivers and an error of %d bytes", len(got), len(err.Error()))
			}
			return
		}
		for _, w := range got {
			if w.ID == "" || w.Requirement == "" || w.Reason == "" || w.Owner == "" || w.Expires.IsZero() || !w.Expires.After(w.Created) {
				t.Fatalf("accepted %+v", w)
			}
			if len(w.Reach.Devices)+len(w.Reach.Groups) == 0 && !w.Reach.Organisation {
				t.Fatalf("accepted %+v, which is for nobody", w)
			}
		}
	})
}
