package notify_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

var update = flag.Bool("update", false, "write the golden files")

// monday is 10 o'clock on a Monday, UTC.
func monday() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ipad is a device with one verdict per result, on the requirements wr_1, wr_2…
// of the baseline base.
func ipad(tag string, results ...checks.Result) checks.DeviceResult {
	d := checks.DeviceResult{Subject: checks.Subject{
		ID: "UDID-" + tag, Serial: "DMPSERIAL" + tag, Asset: checks.Asset{AssetTag: tag, Ward: "3b", Group: "ward"}, Groups: []string{"ward"},
	}}
	for i, r := range results {
		d.Verdicts = append(d.Verdicts, checks.Verdict{
			Device: d.Subject.ID, Baseline: "base", Requirement: "wr_" + string(rune('1'+i)), Result: r, Level: checks.Required, Severity: checks.High,
		})
	}
	return d
}

// round is a snapshot of devices that were all just heard of.
func round(at time.Time, devices ...checks.DeviceResult) *notify.Snapshot {
	s := notify.NewSnapshot(at)
	s.AddBaseline(checks.BaselineResult{
		ID: "base", Headline: checks.Headline{Expected: len(devices), Enrolled: len(devices), Judged: len(devices)},
	}, map[string]string{"wr_1": "FaceTime is off", "wr_2": "iCloud backup is off"})
	for _, d := range devices {
		s.AddDevice(d, at)
	}
	return s
}

func compare(t testing.TB, before, after *notify.Snapshot, cfg notify.Config) []notify.Event {
	t.Helper()
	events, err := notify.Compare(before, after, cfg)
	check(t, err)
	return events
}

// shown compares what an event tells, and not of which device it knows that.
func shown() cmp.Option { return cmpopts.IgnoreUnexported(notify.Event{}) }

// kinds are those of events, in order.
func kinds(events []notify.Event) []notify.Kind {
	list := []notify.Kind{}
	for _, e := range events {
		list = append(list, e.Kind)
	}
	return list
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		check(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	check(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// file writes a file that its owner alone can read.
func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	check(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func quietLogger() *slog.Logger { return slog.New(slog.DiscardHandler) }

// wantError wants an error that says all of it.
func wantError(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
}

var errForTest = errors.New("the disk is full")

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// A world is a Notifier with a store and a clock.
type world struct {
	*notify.Notifier
	t      *testing.T
	state  *sqlite.State
	cfg    notify.Config
	at     time.Time // that the clock shows
	memory notify.Memory
}

// deliveryLog keeps deliveries in a store, as the program does.
type deliveryLog struct{ *sqlite.State }

func (l deliveryLog) LogDelivery(ctx context.Context, d notify.Delivery) error {
	return l.State.LogDelivery(ctx, store.Delivery(d))
}

func newWorld(t *testing.T, cfg notify.Config) *world {
	t.Helper()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	check(t, err)
	t.Cleanup(func() { check(t, state.Close()) })
	w := &world{t: t, state: state, cfg: cfg, at: monday(), memory: state}
	w.restart()
	return w
}

// restart makes the Notifier anew, as another process would.
func (w *world) restart() {
	w.t.Helper()
	n, err := notify.New(w.cfg, deliveryLog{w.state}, w.memory, quietLogger(), func() time.Time { return w.at })
	check(w.t, err)
	w.Notifier = n
}

// deliveries are those in the log, the oldest first.
func (w *world) deliveries() []store.Delivery {
	w.t.Helper()
	list, err := w.state.Deliveries(w.t.Context(), 1000)
	check(w.t, err)
	slices.Reverse(list)
	return list
}

// waiting is how many letters are to be sent.
func (w *world) waiting() int {
	w.t.Helper()
	all, err := w.state.Recall(w.t.Context(), "letter/")
	check(w.t, err)
	return len(all)
}
