package report_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

// options are those that the goldens are written with.
func options() report.Options { return report.Options{Clause: clause} }

func write(t *testing.T, feed *report.Feed, format report.Format, opts report.Options) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := feed.Write(&out, format, opts); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func open(t *testing.T, src report.Source) *report.Feed {
	t.Helper()
	feed, err := report.Open(t.Context(), src, now)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

func TestEveryFormatOfASavedReport(t *testing.T) {
	for _, name := range saved(t) {
		_, doc := read(t, name)
		for _, format := range report.Formats() {
			if format == report.JSON {
				continue // it is the saved report itself
			}
			stem := strings.TrimSuffix(filepath.Base(name), ".json")
			t.Run(stem+" "+string(format), func(t *testing.T) {
				golden(t, stem+"."+string(format)+".golden", write(t, doc.Feed(), format, options()))
			})
		}
	}
}

func TestAStoreAndItsSavedReportGiveTheSameBytes(t *testing.T) {
	_, doc := read(t, filepath.Join("testdata", "ward.json"))
	for _, format := range report.Formats() {
		t.Run(string(format), func(t *testing.T) {
			feed := open(t, ward())
			first := write(t, feed, format, options())
			if diff := cmp.Diff(string(write(t, doc.Feed(), format, options())), string(first)); diff != "" {
				t.Errorf("the saved report differs from the store (-saved +store):\n%s", diff)
			}
			if !bytes.Equal(write(t, feed, format, options()), first) {
				t.Error("written a second time, it differs")
			}
		})
	}
}

func TestWriteTellsErrors(t *testing.T) {
	for _, format := range report.Formats() {
		t.Run(string(format)+" to a disk without room", func(t *testing.T) {
			if err := open(t, ward()).Write(full{}, format, options()); err == nil || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("got %v, want the writer's error", err)
			}
		})
		t.Run(string(format)+" of results that changed meanwhile", func(t *testing.T) {
			src := ward()
			feed := open(t, src)
			src.devices = src.devices[1:]
			if err := feed.Write(io.Discard, format, options()); !errors.Is(err, report.ErrChanged) {
				t.Errorf("got %v, want %v", err, report.ErrChanged)
			}
		})
		t.Run(string(format)+" of results that cannot be read", func(t *testing.T) {
			src := ward()
			feed := open(t, src)
			src.err = errors.New("disk gone")
			if err := feed.Write(io.Discard, format, options()); !errors.Is(err, src.err) {
				t.Errorf("got %v, want %v", err, src.err)
			}
		})
	}
	t.Run("a format that there is not", func(t *testing.T) {
		if err := open(t, ward()).Write(io.Discard, "xml", options()); err == nil || !strings.Contains(err.Error(), `no format "xml"`) {
			t.Errorf("got %v, want an error that names it", err)
		}
	})
}

func TestOnly(t *testing.T) {
	feed, err := open(t, ward()).Only(phsa)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := report.ReadJSON(bytes.NewReader(write(t, feed, report.JSON, options())))
	if err != nil {
		t.Fatalf("what is left does not add up: %v", err)
	}
	if len(doc.Baselines) != 1 || len(doc.Devices) != 24 {
		t.Errorf("got %d baselines and %d devices, want 1 and 24", len(doc.Baselines), len(doc.Devices))
	}
	for _, format := range report.Formats() {
		if out := write(t, feed, format, options()); bytes.Contains(out, []byte(hipaa)) {
			t.Errorf("%s speaks of a baseline that it is not about", format)
		}
	}
	if whole := write(t, open(t, ward()), report.JSON, options()); !bytes.Contains(whole, []byte(hipaa)) {
		t.Error("narrowing a report changed its source")
	}
	if _, err := feed.Only("cis"); !errors.Is(err, report.ErrNoBaseline) {
		t.Errorf("got %v, want %v", err, report.ErrNoBaseline)
	}
}

// headlineOf counts a source's devices from the beginning, as no writer does.
func headlineOf(t *testing.T, src report.Source, baseline string) (h report.Headline, results map[checks.Result]int) {
	t.Helper()
	baselines, err := src.BaselineResults(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	results = map[checks.Result]int{}
	for _, b := range baselines {
		if b.ID == baseline {
			h = report.Headline(b.Headline)
		}
	}
	err = src.EachDevice(t.Context(), now, func(d checks.DeviceResult) error {
		for _, v := range d.Verdicts {
			results[v.Result]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, results
}

// A crowd is a fleet of n devices that fail, made as they are asked for. Passed
// is called now and then with how many have gone by.
type crowd struct {
	fleet
	n      int
	one    checks.DeviceResult // what each of them is like
	passed func(n int)
}

func newCrowd(n int) *crowd {
	c := &crowd{fleet: fleet{judged: now, baselines: ward().baselines}, n: n, one: ward().devices[6]}
	for i := range c.baselines {
		c.baselines[i].Headline = checks.Headline{Expected: n, Enrolled: n, Asked: n, Answered: n, Judged: n, NotMet: n}
	}
	return c
}

func (c *crowd) BaselineResults(context.Context, time.Time) ([]checks.BaselineResult, error) {
	return c.baselines, nil
}

func (c *crowd) EachDevice(_ context.Context, at time.Time, yield func(checks.DeviceResult) error) error {
	one := c.aged(c.one, at)
	for i := range c.n {
		one.Subject.ID, one.Subject.Serial = serialOf(i), serialOf(i)[30:]
		if err := yield(one); err != nil {
			return err
		}
		if c.passed != nil && i%1000 == 999 {
			c.passed(i + 1)
		}
	}
	return nil
}

func TestMemoryDoesNotGrowWithTheFleet(t *testing.T) {
	for format, most := range map[report.Format]uint64{report.JSON: 1 << 20, report.NDJSON: 1 << 20, report.CSV: 1 << 20, report.Text: 1 << 20} {
		t.Run(string(format), func(t *testing.T) {
			var early, late uint64
			src := newCrowd(6000)
			src.passed = func(n int) {
				if n != 1000 && n != 6000 {
					return
				}
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				early, late = late, m.HeapAlloc
			}
			if err := open(t, src).Write(io.Discard, format, options()); err != nil {
				t.Fatal(err)
			}
			if late > early+most {
				t.Errorf("after 6000 devices %d bytes are held and after 1000 %d: got a growth of more than %d", late, early, most)
			}
		})
	}
}
