package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

func sample(t *testing.T, src report.Source, n int, seed string) *report.Sample {
	t.Helper()
	s, err := open(t, src).Sample(n, seed, options())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ids(s *report.Sample) []string {
	var all []string
	for _, d := range s.Devices {
		all = append(all, d.ID)
	}
	return all
}

func TestSampleFormats(t *testing.T) {
	s := sample(t, ward(), 5, "41702")
	for _, format := range report.SampleFormats() {
		t.Run(string(format), func(t *testing.T) {
			var out bytes.Buffer
			if err := s.Write(&out, format, report.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			golden(t, "sample."+string(format)+".golden", out.Bytes())
		})
		t.Run(string(format)+" to a disk without room", func(t *testing.T) {
			if err := s.Write(full{}, format, report.TextOptions{}); err == nil || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("got %v, want the writer's error", err)
			}
		})
	}
	if err := s.Write(full{}, report.HTML, report.TextOptions{}); err == nil || !strings.Contains(err.Error(), `no format "html"`) {
		t.Errorf("got %v, want an error that names the format", err)
	}
}

func TestSample(t *testing.T) {
	t.Run("the same seed and fleet draw the same devices", func(t *testing.T) {
		backwards := ward()
		slices.Reverse(backwards.devices)
		if diff := cmp.Diff(sample(t, backwards, 7, "a"), sample(t, ward(), 7, "a")); diff != "" {
			t.Errorf("the order of the fleet changes the sample:\n%s", diff)
		}
	})
	t.Run("another seed draws others", func(t *testing.T) {
		if slices.Equal(ids(sample(t, ward(), 7, "a")), ids(sample(t, ward(), 7, "b"))) {
			t.Error("got the same devices")
		}
	})
	t.Run("each status is in it by its part of the fleet", func(t *testing.T) {
		s := sample(t, ward(), 12, "a")
		want := []report.Stratum{{Status: checks.NotMet, Drawn: 5, Of: 9}, {Status: checks.Undetermined, Drawn: 3, Of: 7}, {Status: checks.Met, Drawn: 4, Of: 8}}
		if diff := cmp.Diff(s.Strata, want); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a status that is rare is not left out", func(t *testing.T) {
		src := ward()
		rare := src.devices[6]
		src.devices = nil
		for i := range 200 {
			d := ward().devices[0]
			d.Subject.ID = serialOf(i)
			src.devices = append(src.devices, d)
		}
		src.devices = append(src.devices, rare)
		s := sample(t, src, 3, "a")
		if s.Devices[0].Serial != "WR000007" || s.Drawn != 3 {
			t.Errorf("got %v, want the one that fails among 3", ids(s))
		}
	})
	t.Run("of a small fleet all are drawn, each once", func(t *testing.T) {
		s := sample(t, ward(), 1000, "a")
		drawn := ids(s)
		slices.Sort(drawn)
		if s.Fleet != 24 || s.Drawn != 24 || len(slices.Compact(drawn)) != 24 {
			t.Errorf("got %d of %d", s.Drawn, s.Fleet)
		}
	})
	t.Run("every device has as good a chance as its like", func(t *testing.T) {
		chosen := map[string]int{}
		for i := range 400 {
			for _, d := range sample(t, ward(), 6, strconv.Itoa(i)).Devices {
				if d.Stratum == checks.Met {
					chosen[d.ID]++
				}
			}
		}
		for id, n := range chosen { // 2 of 8 each time: 100 are expected, with a deviation of 9
			if n < 60 || n > 140 {
				t.Errorf("%s was drawn %d times of 400, want about 100", id, n)
			}
		}
		if len(chosen) != 8 {
			t.Errorf("got %d of the 8 devices that meet the baseline", len(chosen))
		}
	})
	t.Run("an empty fleet gives an empty sample", func(t *testing.T) {
		if s := sample(t, &fleet{judged: now}, 5, "a"); s.Drawn != 0 || s.Devices == nil {
			t.Errorf("got %+v", s)
		}
	})
	for name, n := range map[string]int{"none": 0, "too many": report.MaxSample + 1} {
		t.Run(name, func(t *testing.T) {
			if s, err := open(t, ward()).Sample(n, "a", options()); !errors.Is(err, report.ErrSample) || s != nil {
				t.Errorf("got %v, %v, want %v", s, err, report.ErrSample)
			}
		})
	}
	t.Run("without a seed the operator would choose", func(t *testing.T) {
		if s, err := open(t, ward()).Sample(5, "", options()); !errors.Is(err, report.ErrSample) || s != nil {
			t.Errorf("got %v, %v, want %v", s, err, report.ErrSample)
		}
	})
}

func TestARowSaysWhereToLook(t *testing.T) {
	for _, d := range sample(t, ward(), 24, "a").Devices {
		for _, row := range d.Rows {
			switch {
			case row.Finding != "":
				t.Errorf("%s: the finding is filled in", d.ID)
			case row.Reason == "silent":
				if !strings.Contains(row.LookAt, "whether the device is there") {
					t.Errorf("%s: got %q for a silent device", d.ID, row.LookAt)
				}
			case d.Platform == checks.MacOS:
				if !strings.HasPrefix(row.LookAt, "System Settings > General > Device Management") {
					t.Errorf("%s: got %q for a Mac", d.ID, row.LookAt)
				}
			case !strings.HasPrefix(row.LookAt, "Settings > General > VPN & Device Management"):
				t.Errorf("%s: got %q", d.ID, row.LookAt)
			}
		}
	}
}

// Two baselines want icloud_backup_disabled: it counts once.
func TestRowsOfADeviceAreDrawn(t *testing.T) {
	src := ward()
	d := &src.devices[6] // three rows fail
	for i := range 20 {
		judge(d, hipaa, "pass_"+strconv.Itoa(i), checks.Pass)
	}
	judge(d, hipaa, "advice", checks.Fail, recommended)
	for _, drawn := range sample(t, src, 24, "a").Devices {
		if drawn.ID != d.Subject.ID {
			continue
		}
		results := map[checks.Result]int{}
		for _, row := range drawn.Rows {
			results[row.Result]++
			if row.Requirement == "advice" {
				t.Error("a recommended row was drawn")
			}
		}
		if len(drawn.Rows) != 6 || drawn.Required != 23 || results[checks.Fail] == 0 || results[checks.Pass] == 0 {
			t.Errorf("got %d of %d rows, %v, want 6 of 23 with some of each result", len(drawn.Rows), drawn.Required, results)
		}
		return
	}
	t.Error("the device was not drawn")
}

func TestTheSampleAddsUp(t *testing.T) {
	s := sample(t, ward(), 10, "a")
	var asJSON, asCSV bytes.Buffer
	if err := errors.Join(s.Write(&asJSON, report.JSON, report.TextOptions{}), s.Write(&asCSV, report.CSV, report.TextOptions{})); err != nil {
		t.Fatal(err)
	}
	var back report.Sample
	if err := json.Unmarshal(asJSON.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&back, s); diff != "" {
		t.Errorf("JSON does not come back:\n%s", diff)
	}
	all, err := csv.NewReader(&asCSV).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(all[0], name) }
	devices := 0
	for _, row := range all[1:] {
		if row[column("record")] == "device" {
			devices++
		}
	}
	last := all[len(all)-1]
	if devices != s.Drawn || last[column("name")] != "records" || last[column("count")] != strconv.Itoa(len(all)-2) {
		t.Errorf("got %d devices and the last row %v, want %d devices and the count of %d rows", devices, last, s.Drawn, len(all)-2)
	}
}

func TestAllot(t *testing.T) {
	for _, test := range []struct {
		sizes []int
		n     int
		want  []int
	}{
		{[]int{18, 16, 26}, 8, []int{2, 2, 4}},
		{[]int{1, 0, 999}, 10, []int{1, 0, 9}},
		{[]int{1, 1, 998}, 2, []int{1, 1, 0}},
		{[]int{5, 5, 5}, 1, []int{1, 0, 0}},
		{[]int{2, 3, 1}, 100, []int{2, 3, 1}},
		{[]int{0, 0, 0}, 5, []int{0, 0, 0}},
	} {
		if got := report.Allot(test.sizes, test.n); !slices.Equal(got, test.want) {
			t.Errorf("%d of %v: got %v, want %v", test.n, test.sizes, got, test.want)
		}
	}
	t.Run("every share is within one of its part, or the one that each has", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			sizes, n := []int{r.IntN(50), r.IntN(50), r.IntN(2000)}, 1+r.IntN(60)
			shares := report.Allot(sizes, n)
			all, sum := sizes[0]+sizes[1]+sizes[2], 0
			for i, share := range shares {
				sum += share
				part := float64(min(n, all)) * float64(sizes[i]) / float64(max(all, 1))
				if share > sizes[i] || (share > 1 && float64(share) > part+1) || (n >= 3 && share == 0 && sizes[i] > 0) {
					t.Fatalf("%d of %v: got %v", n, sizes, shares)
				}
			}
			if sum != min(n, all) {
				t.Fatalf("%d of %v: got %v, which is %d", n, sizes, shares, sum)
			}
		}
	})
}
