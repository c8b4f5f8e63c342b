package notify_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
)

const (
	checksPass = checks.Pass
	checksFail = checks.Fail
)

// rounds gives a Notifier one round a day of one ipad, and returns what was
// posted in each, empty where nothing was.
func rounds(t *testing.T, w *world, r *receiver, results ...checks.Result) [][]notify.Kind {
	t.Helper()
	var told [][]notify.Kind
	for _, result := range results {
		w.at = w.at.Add(24 * time.Hour)
		after := round(w.at, ipad("A-1", result))
		n, _, _ := r.got()
		check(t, w.Round(t.Context(), after))
		m, _, body := r.got()
		var posted []notify.Kind
		if m > n {
			for _, s := range message(t, body).Sections {
				posted = append(posted, s.Kind)
			}
		}
		told = append(told, posted)
	}
	return told
}

func message(t testing.TB, body string) notify.Message {
	t.Helper()
	var m notify.Message
	check(t, json.Unmarshal([]byte(body), &m))
	return m
}

func TestARoundIsToldOnce(t *testing.T) {
	pass, fail, unknown := checks.Pass, checks.Fail, checks.Unknown
	failing, fixed, flapping := []notify.Kind{notify.NewlyFailing}, []notify.Kind{notify.Fixed}, []notify.Kind{notify.Flapping}
	for _, c := range []struct {
		name    string
		results []checks.Result
		want    [][]notify.Kind
	}{
		{"the first round is a state", []checks.Result{fail, fail}, [][]notify.Kind{nil, nil}},
		{"what failed at first and passes is fixed", []checks.Result{fail, pass}, [][]notify.Kind{nil, fixed}},
		{"a device that was silent in between is not failing anew", []checks.Result{pass, fail, unknown, unknown, fail}, [][]notify.Kind{nil, failing, nil, nil, nil}},
		{"one that comes back mended is fixed", []checks.Result{pass, fail, unknown, pass}, [][]notify.Kind{nil, failing, nil, fixed}},
		{
			"a device that flaps is one message, then quiet until it is stable",
			[]checks.Result{pass, fail, pass, fail, pass, fail, pass, fail, fail, fail, fail},
			[][]notify.Kind{nil, failing, fixed, failing, flapping, nil, nil, nil, nil, failing, nil},
		},
		{
			"what goes silent while it flaps is told how it was",
			[]checks.Result{pass, fail, pass, fail, pass, unknown, unknown, pass},
			[][]notify.Kind{nil, failing, fixed, failing, flapping, nil, fixed, nil},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
			if diff := cmp.Diff(c.want, rounds(t, w, r, c.results...)); diff != "" {
				t.Errorf("told in each round (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatWasToldOutlastsTheProcess(t *testing.T) {
	day := func(n int) time.Time { return monday().AddDate(0, 0, n) }
	half := func(n int) time.Time { return monday().Add(time.Duration(n) * 12 * time.Hour) }
	ends := func(at time.Time, until time.Time) *notify.Snapshot {
		s := round(at, expiring(ipad("A-1", checks.Pass), "identity", until))
		s.Server = []checks.Expiry{{What: checks.PushCertificate, NotAfter: until}}
		s.Lost, s.Canary = 1, notify.CanaryPasses
		return s
	}
	failing := ipad("A-1", checks.Fail)
	for _, c := range []struct {
		name  string
		first *notify.Snapshot
		then  []*notify.Snapshot
		want  []notify.Kind // of the last
	}{
		{"a change is told", round(day(0), ipad("A-1", checks.Pass)), []*notify.Snapshot{round(day(1), failing)}, []notify.Kind{notify.NewlyFailing}},
		{"what fails as before is not", round(day(0), ipad("A-1", checks.Pass)), []*notify.Snapshot{round(day(1), failing), round(day(2), failing)}, nil},
		{
			"a waiver that ended leaves a failure", round(day(0), ipad("A-1", checks.Pass)),
			[]*notify.Snapshot{round(day(1), waived(ipad("A-1", checks.Fail), checks.InForce, day(900))), round(day(2), waived(ipad("A-1", checks.Fail), checks.Expired, day(2)))},
			[]notify.Kind{notify.NewlyFailing},
		},
		{
			"also one that was told before the waiver", round(day(0), ipad("A-1", checks.Pass)),
			[]*notify.Snapshot{
				round(day(1), failing), round(day(2), waived(ipad("A-1", checks.Fail), checks.InForce, day(900))),
				round(day(3), ipad("A-1", checks.Unknown)), round(day(4), waived(ipad("A-1", checks.Fail), checks.Expired, day(4))),
			},
			[]notify.Kind{notify.NewlyFailing},
		},
		{
			"a waiver is not told as a mended failure", round(day(0), ipad("A-1", checks.Pass)),
			[]*notify.Snapshot{round(day(1), failing), round(day(2), waived(ipad("A-1", checks.Fail), checks.InForce, day(900)))},
			nil,
		},
		{
			"nor is one that flapped before it, once the device is silent", round(half(0), ipad("A-1", checks.Pass)),
			[]*notify.Snapshot{
				round(half(1), failing), round(half(2), ipad("A-1", checks.Pass)), round(half(3), failing), round(half(4), ipad("A-1", checks.Pass)),
				round(half(5), failing), round(half(6), waived(ipad("A-1", checks.Fail), checks.InForce, day(900))),
				round(half(7), ipad("A-1", checks.Unknown)), round(half(9), ipad("A-1", checks.Unknown)),
			},
			nil,
		},
		{
			"what was told and then waived is fixed when it passes", round(day(0), ipad("A-1", checks.Pass)),
			[]*notify.Snapshot{round(day(1), failing), round(day(2), waived(ipad("A-1", checks.Fail), checks.InForce, day(900))), round(day(3), ipad("A-1", checks.Pass))},
			[]notify.Kind{notify.Fixed},
		},
		{
			"what was waived from the first is not", round(day(0), ipad("A-1", checks.Pass)),
			[]*notify.Snapshot{round(day(2), waived(ipad("A-1", checks.Fail), checks.InForce, day(900))), round(day(3), ipad("A-1", checks.Pass))},
			nil,
		},
		{"a baseline that is new is a state", notify.NewSnapshot(day(0)), []*notify.Snapshot{round(day(1), failing)}, nil},
		{"what was warned of is not again", round(day(0)), []*notify.Snapshot{ends(day(1), day(20)), ends(day(2), day(20))}, nil},
		{
			"nor when it was not known for a round", round(day(0)),
			[]*notify.Snapshot{ends(day(1), day(20)), round(day(2), ipad("A-1", checks.Pass)), round(day(3), expiring(ipad("A-1", checks.Pass), "identity", day(20)))},
			nil,
		},
		{"coverage is remembered", covered(day(0), 95, 100), []*notify.Snapshot{covered(day(1), 80, 100)}, []notify.Kind{notify.CoverageDropped}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
			check(t, w.Round(t.Context(), c.first))
			var got []notify.Kind
			for _, s := range c.then {
				n, _, _ := r.got()
				w.restart()
				check(t, w.Round(t.Context(), s))
				m, _, body := r.got()
				got = nil
				for _, section := range message(t, orNothing(body, m > n)).Sections {
					got = append(got, section.Kind)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("told in the last round (-want +got):\n%s", diff)
			}
		})
	}
}

// orNothing is a body, or one without sections.
func orNothing(body string, posted bool) string {
	if posted {
		return body
	}
	return "{}"
}

func TestChangesThatAreFarApartAreNoFlapping(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t, notify.Config{FlapWindow: 36 * time.Hour, Channels: []notify.ChannelConfig{hook(t, r)}})
	for i, told := range rounds(t, w, r, checks.Pass, checks.Fail, checks.Pass, checks.Fail, checks.Pass, checks.Fail) {
		if i > 0 && (len(told) != 1 || told[0] == notify.Flapping) {
			t.Errorf("round %d: told %v", i, told)
		}
	}
}

func TestARoundThatIsGivenTwiceIsTakenOnce(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
	before, after := round(monday(), ipad("A-1", checks.Pass)), round(monday().Add(time.Hour), ipad("A-1", checks.Fail))
	if at, err := w.Through(t.Context()); !at.IsZero() || err != nil {
		t.Errorf("through %s, %v before the first round", at, err)
	}
	check(t, w.Round(t.Context(), before))
	check(t, w.Round(t.Context(), after))
	if at, err := w.Through(t.Context()); !at.Equal(after.At) || err != nil {
		t.Errorf("through %s, %v; want %s", at, err, after.At)
	}
	w.restart()
	check(t, w.Round(t.Context(), after))
	check(t, w.Tick(t.Context()))
	if n, _, _ := r.got(); n != 1 || w.waiting() != 0 {
		t.Errorf("%d posts and %d waiting, want one and none", n, w.waiting())
	}
}

// A forgetful memory errs on what it is to remember.
type forgetful struct {
	notify.Memory
	after int // so many times it does not
}

func (f *forgetful) Remember(ctx context.Context, values map[string][]byte) error {
	if f.after--; f.after < 0 {
		return errForTest
	}
	return f.Memory.Remember(ctx, values)
}

func TestNothingThatWasDecidedIsLost(t *testing.T) {
	before, after := round(monday(), ipad("A-1", checks.Pass)), round(monday().Add(time.Hour), ipad("A-1", checks.Fail))
	for _, c := range []struct {
		name           string
		remembers      int // before it fails: 0 the decision, 1 that it was sent
		posts, waiting int
	}{
		{"when it cannot be kept it is not sent, and decided again", 0, 0, 0},
		{"when it was sent and that cannot be noted, it is sent again", 1, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
			check(t, w.Round(t.Context(), before))
			w.memory = &forgetful{w.state, c.remembers}
			w.restart()
			wantError(t, w.Round(t.Context(), after), "the disk is full")
			n, _, first := r.got()
			if n != c.posts || w.waiting() != c.waiting {
				t.Errorf("%d posts and %d waiting, want %d and %d", n, w.waiting(), c.posts, c.waiting)
			}
			w.memory = w.state
			w.restart()
			check(t, w.Round(t.Context(), after))
			n, _, body := r.got()
			if n != c.posts+1 || w.waiting() != 0 {
				t.Errorf("after the restart %d posts and %d waiting, want %d and none", n, w.waiting(), c.posts+1)
			}
			if c.posts > 0 && message(t, first).ID != message(t, body).ID {
				t.Error("the same message has another id the second time")
			}
		})
	}
}

func TestQuietHoursHoldAndADigestGathers(t *testing.T) {
	at := func(clock string) time.Time {
		c, err := time.Parse("15:04", clock)
		check(t, err)
		return time.Date(2026, 3, 2, c.Hour(), c.Minute(), 0, 0, time.UTC)
	}
	low := func(d checks.DeviceResult) checks.DeviceResult { d.Verdicts[0].Severity = checks.Low; return d }
	for _, c := range []struct {
		name          string
		quiet, digest string
		device        func(checks.DeviceResult) checks.DeviceResult
		held, sent    string // on the clock, after the round of 23:00 or, with a digest alone, 10:00
		round         string
	}{
		{name: "quiet hours hold what is urgent too", quiet: "22:00-06:30", round: "00:10", held: "06:29", sent: "06:30"},
		{name: "a digest holds what is not urgent", digest: "12:00", device: low, round: "10:00", held: "11:59", sent: "12:00"},
		{name: "a digest in quiet hours waits for their end", digest: "06:00", quiet: "22:00-06:30", device: low, round: "00:10", held: "06:29", sent: "06:30"},
		{name: "what is urgent does not wait for a digest", digest: "12:00", round: "10:00", sent: "10:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			channel := hook(t, r)
			channel.QuietHours, channel.Digest = c.quiet, c.digest
			w := newWorld(t, notify.Config{Zone: "UTC", Channels: []notify.ChannelConfig{channel}})
			w.at = at(c.round)
			device := func(result checks.Result) checks.DeviceResult {
				d := ipad("A-1", result)
				if c.device != nil {
					d = c.device(d)
				}
				return d
			}
			before, after := round(w.at.Add(-time.Hour), device(checks.Pass)), round(w.at, device(checks.Fail))
			check(t, w.Round(t.Context(), before))
			check(t, w.Round(t.Context(), after))
			if c.held != "" {
				w.at = at(c.held)
				w.restart()
				check(t, w.Tick(t.Context()))
				if n, _, _ := r.got(); n != 0 {
					t.Errorf("sent by %s", c.held)
				}
			}
			w.at = at(c.sent)
			check(t, w.Tick(t.Context()))
			if n, _, _ := r.got(); n != 1 || w.waiting() != 0 {
				t.Errorf("%d posts and %d waiting at %s, want one and none", n, w.waiting(), c.sent)
			}
		})
	}
}

func TestRoundsThatWaitedAreOneMessage(t *testing.T) {
	r := newReceiver(t)
	channel := hook(t, r)
	channel.QuietHours = "00:00-09:00"
	w := newWorld(t, notify.Config{Zone: "UTC", Channels: []notify.ChannelConfig{channel}})
	w.at = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for i, devices := range [][]checks.DeviceResult{
		{ipad("A-1", checks.Pass), ipad("A-2", checks.Pass)}, {ipad("A-1", checks.Fail), ipad("A-2", checks.Pass)}, {ipad("A-1", checks.Fail), ipad("A-2", checks.Fail)},
	} {
		check(t, w.Round(t.Context(), round(w.at.Add(time.Duration(i)*time.Hour), devices...)))
	}
	w.at = w.at.Add(8 * time.Hour)
	check(t, w.Tick(t.Context()))
	n, _, body := r.got()
	m := message(t, body)
	if n != 1 || len(m.Sections) != 1 || m.Sections[0].Count != 2 {
		t.Fatalf("%d posts, the last %s; want one of two devices", n, body)
	}
	if diff := cmp.Diff([]string{"A-1", "A-2"}, m.Sections[0].Devices); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if from, through := m.From.Hour(), m.Through.Hour(); from != 1 || through != 3 {
		t.Errorf("it is of the rounds from %d to %d o'clock, want 1 to 3", from, through)
	}
}

func TestAChannelIsToldOfWhatItAskedFor(t *testing.T) {
	low := ipad("A-1", checks.Fail, checks.Pass)
	low.Verdicts[0].Severity = checks.Low
	for _, c := range []struct {
		name   string
		change func(*notify.ChannelConfig)
		want   int
	}{
		{"everything", func(*notify.ChannelConfig) {}, 1},
		{"its kind", func(c *notify.ChannelConfig) { c.On = []string{"newly-failing"} }, 1},
		{"another kind", func(c *notify.ChannelConfig) { c.On = []string{"fixed", "loss"} }, 0},
		{"its group", func(c *notify.ChannelConfig) { c.Groups = []string{"theatre", "ward"} }, 1},
		{"another group", func(c *notify.ChannelConfig) { c.Groups = []string{"theatre"} }, 0},
		{"what is more severe", func(c *notify.ChannelConfig) { c.MinSeverity = "medium" }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			channel := hook(t, r)
			c.change(&channel)
			w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{channel}})
			before := round(monday(), ipad("A-1", checks.Pass, checks.Pass))
			check(t, w.Round(t.Context(), before))
			check(t, w.Round(t.Context(), round(monday().Add(time.Hour), low)))
			if n, _, body := r.got(); n != c.want {
				t.Errorf("%d posts, want %d; the last %s", n, c.want, body)
			}
		})
	}
}

func TestNoMoreMessagesAreSentThanAnHourHasRoomFor(t *testing.T) {
	r := newReceiver(t)
	channel := hook(t, r)
	channel.PerHour = 2
	w := newWorld(t, notify.Config{FlapChanges: 100, Channels: []notify.ChannelConfig{channel}})
	for i := range 9 {
		w.at = w.at.Add(time.Minute)
		check(t, w.Round(t.Context(), round(w.at, ipad("A-1", []checks.Result{checks.Pass, checks.Fail}[i%2]))))
	}
	if n, _, _ := r.got(); n != 2 || w.waiting() != 6 {
		t.Errorf("%d posts and %d waiting, want 2 and 6", n, w.waiting())
	}
	w.at = w.at.Add(time.Hour)
	check(t, w.Tick(t.Context()))
	n, _, body := r.got()
	if m := message(t, body); n != 3 || m.Events != 6 || w.waiting() != 0 {
		t.Errorf("%d posts, the last of %d events, %d waiting; want 3, 6 and none", n, m.Events, w.waiting())
	}
}

func TestWhatWasToldOfADeviceThatLeftIsForgotten(t *testing.T) {
	w := newWorld(t, notify.Config{})
	before := round(monday(), ipad("A-1", checks.Fail), ipad("A-2", checks.Fail), ipad("A-3", checks.Pass))
	check(t, w.Round(t.Context(), before))
	check(t, w.Round(t.Context(), round(monday().Add(time.Hour), ipad("A-2", checks.Fail))))
	left, err := w.state.Recall(t.Context(), "device/")
	check(t, err)
	if _, ok := left["device/UDID-A-2"]; len(left) != 1 || !ok {
		t.Errorf("it remembers %q, want A-2 alone", left)
	}
}
