package notify_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
)

func TestWhatFailsIsTriedAgainWithGrowingPausesAndGivenUp(t *testing.T) {
	r := newReceiver(t)
	r.answers(503)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
	before, after := round(monday().Add(-time.Hour), ipad("A-1", checks.Pass)), round(monday(), ipad("A-1", checks.Fail))
	check(t, w.Round(t.Context(), before))
	check(t, w.Round(t.Context(), after))
	var pauses []time.Duration
	last := w.at
	for n := 1; w.waiting() > 0; {
		w.at = w.at.Add(time.Minute)
		check(t, w.Tick(t.Context()))
		if m, _, _ := r.got(); m > n {
			pauses, last, n = append(pauses, w.at.Sub(last)), w.at, m
		}
		if w.at.Sub(monday()) > 48*time.Hour {
			t.Fatal("it is never given up")
		}
	}
	m := time.Minute
	want := []time.Duration{m, 2 * m, 4 * m, 8 * m, 16 * m, 32 * m, 64 * m}
	for range 8 {
		want = append(want, 2*time.Hour)
	}
	if diff := cmp.Diff(want, pauses); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
	log := w.deliveries()
	for i, d := range log {
		outcome := "failed"
		if i == len(log)-1 {
			outcome = "given-up"
		}
		if d.Attempt != i+1 || d.Outcome != outcome || d.Channel != "ops" || d.Kind != "changes" || d.Events != 1 || !strings.Contains(d.Error, "503") || d.Message != log[0].Message {
			t.Errorf("row %d of the log is %+v", i, d)
		}
	}
	if len(log) != 16 {
		t.Errorf("%d rows in the log, want 16", len(log))
	}
}

// another is a channel of another name to a receiver.
func another(t testing.TB, r *receiver, name string) notify.ChannelConfig {
	t.Helper()
	c := hook(t, r)
	c.Name = name
	return c
}

// told gives a Notifier two rounds in which an ipad began to fail.
func told(t *testing.T, w *world) {
	t.Helper()
	check(t, w.Round(t.Context(), round(w.at.Add(-time.Hour), ipad("A-1", checks.Pass))))
	check(t, w.Round(t.Context(), round(w.at, ipad("A-1", checks.Fail))))
}

func TestWhatIsNewIsNotGivenUpWithWhatIsOld(t *testing.T) {
	r := newReceiver(t)
	r.answers(503)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
	told(t, w)
	attempt := func() {
		t.Helper()
		n, _, _ := r.got()
		for range 3 * 60 {
			w.at = w.at.Add(time.Minute)
			check(t, w.Tick(t.Context()))
			if m, _, _ := r.got(); m > n {
				return
			}
		}
		t.Fatal("it is not tried again")
	}
	for range 14 {
		attempt()
	}
	w.at = w.at.Add(2*time.Hour - time.Second) // both are due at once
	check(t, w.Round(t.Context(), round(w.at, ipad("A-1", checks.Pass))))
	w.at = w.at.Add(time.Minute)
	check(t, w.Tick(t.Context()))
	log := w.deliveries()
	if last := log[len(log)-1]; last.Attempt != 16 || last.Outcome != string(notify.GivenUp) || last.Events != 2 {
		t.Errorf("the log ends with %+v, want the last attempt at the first of two", last)
	}
	if w.waiting() != 1 {
		t.Fatalf("%d wait, want the new one", w.waiting())
	}
	r.answers(200)
	attempt()
	_, _, body := r.got()
	m := message(t, body)
	if m.Events != 1 || m.Sections[0].Kind != notify.Fixed || w.waiting() != 0 {
		t.Errorf("%d wait, and the last told %s, want what is fixed", w.waiting(), body)
	}
	if last := w.deliveries()[len(log)]; last.Attempt != 3 || last.Outcome != string(notify.Delivered) {
		t.Errorf("the log has %+v, want the third attempt at the second", last)
	}
}

func TestAResendErrsForEachChannelThatWasNotSentIt(t *testing.T) {
	good, bad, full := newReceiver(t), newReceiver(t), newReceiver(t)
	bad.answers(503)
	busy := another(t, full, "busy")
	busy.PerHour = 1
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{another(t, bad, "bad"), another(t, good, "good"), busy}})
	err := w.Resend(t.Context(), round(monday()))
	wantError(t, err, "resend on channel bad", "503")
	w.at = w.at.Add(10 * time.Second)
	err = w.Resend(t.Context(), round(monday()))
	wantError(t, err, "resend on channel bad", "503", "resend on channel busy", "per-hour")
	if err != nil && strings.Contains(err.Error(), "good") {
		t.Errorf("error %q names a channel that was sent it", err)
	}
	if n, _, _ := good.got(); n != 2 || w.waiting() != 3 {
		t.Errorf("%d posts and %d waiting, want 2, and 3 to be sent later", n, w.waiting())
	}
	bad.answers(200)
	w.at = w.at.Add(2 * time.Hour)
	check(t, w.Tick(t.Context()))
	n, _, _ := bad.got()
	m, _, _ := full.got()
	if n != 3 || m != 2 || w.waiting() != 0 {
		t.Errorf("%d and %d posts and %d waiting in the end, want 3, 2 and none", n, m, w.waiting())
	}
}

func TestAResendIsLeftToWhoeverAskedForIt(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
	serve, err := notify.New(w.cfg, deliveryLog{w.state}, w.state, quietLogger(), func() time.Time { return w.at })
	check(t, err)
	w.memory = &forgetful{w.state, 1} // what asks is killed before it notes that it was sent
	w.restart()
	wantError(t, w.Resend(t.Context(), round(monday())), "the disk is full")
	check(t, serve.Tick(t.Context()))
	if n, _, _ := r.got(); n != 1 {
		t.Errorf("%d posts, want one: another process sent it at once", n)
	}
	w.at = w.at.Add(10 * time.Minute)
	check(t, serve.Tick(t.Context()))
	if n, _, _ := r.got(); n != 2 || w.waiting() != 0 {
		t.Errorf("%d posts and %d waiting, want 2 and none: it is lost with who asked for it", n, w.waiting())
	}
}

func TestAResendTellsOfTheCanaryOfTheLastRound(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
	s := round(monday())
	s.Canary = notify.CanaryPasses
	check(t, w.Round(t.Context(), s))
	w.restart()
	check(t, w.Resend(t.Context(), round(monday())))
	_, _, body := r.got()
	m := message(t, body)
	if m.Kind != notify.Resend || len(m.Sections) != 1 || m.Sections[0].Kind != notify.CanaryGreen {
		t.Errorf("got %s, want a resend that tells of the canary", body)
	}
}

func TestANotifierTakesTheOtherOnesPlaceInTheMiddleOfAMessage(t *testing.T) {
	r := newReceiver(t)
	channel := hook(t, r)
	channel.PerHour = 1
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{channel}})
	check(t, w.Round(t.Context(), round(w.at.Add(-time.Hour), ipad("A-1", checks.Pass))))
	next, err := w.With(notify.Config{Channels: []notify.ChannelConfig{channel, another(t, r, "new")}})
	check(t, err)
	begun, release, sent := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	r.answer = func(http.ResponseWriter) { close(begun); <-release }
	go func() { sent <- w.Round(t.Context(), round(w.at, ipad("A-1", checks.Fail))) }()
	<-begun
	ticked := make(chan error, 1)
	go func() { ticked <- next.Tick(t.Context()) }()
	r.answer = nil // nobody reads it: the one request has
	close(release)
	check(t, errors.Join(<-sent, <-ticked))
	if n, _, _ := r.got(); n != 1 {
		t.Errorf("%d posts, want one", n)
	}
	later := round(w.at.Add(time.Minute), ipad("A-1", checks.Pass))
	check(t, next.Round(t.Context(), later))
	if n, _, _ := r.got(); n != 2 || w.waiting() != 1 {
		t.Errorf("%d posts and %d waiting, want that of the new channel: the other had its share of the hour", n, w.waiting())
	}
	_, err = w.With(notify.Config{Zone: "nowhere"})
	wantError(t, err, "nowhere")
}

func TestAResendLeavesAloneWhatItDidNotMake(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r), another(t, r, "elsewhere")}})
	r.answers(503)
	told(t, w)
	r.answers(200)
	waiting := w.waiting()
	n, _, _ := r.got()
	w.at = w.at.Add(48 * time.Hour)
	w.cfg.Channels = w.cfg.Channels[:1] // as a command has it, with another file of settings
	w.restart()
	check(t, w.Resend(t.Context(), round(w.at, ipad("A-1", checks.Fail))))
	m, _, body := r.got()
	if m != n+1 || message(t, body).Kind != notify.Resend || w.waiting() != waiting {
		t.Errorf("%d more posts and %d waiting, want one and %d; the last %s", m-n, w.waiting(), waiting, body)
	}
}

func TestAResendTellsEverythingAsItStands(t *testing.T) {
	r := newReceiver(t)
	channel := hook(t, r)
	channel.QuietHours, channel.Digest = "09:00-12:00", "15:00"
	w := newWorld(t, notify.Config{Zone: "UTC", Channels: []notify.ChannelConfig{channel}})
	s := round(monday(), ipad("A-1", checks.Fail, checks.Pass), expiring(ipad("A-2", checks.Fail, checks.Unknown), "identity", monday().AddDate(0, 0, 3)))
	quiet := ipad("A-3", checks.Pass)
	s.AddDevice(quiet, monday().AddDate(0, -1, 0))
	for n := range 2 { // however often it is asked for
		check(t, w.Resend(t.Context(), s))
		posts, _, body := r.got()
		m := message(t, body)
		var got []notify.Kind
		for _, s := range m.Sections {
			got = append(got, s.Kind)
		}
		want := []notify.Kind{notify.NewlyFailing, notify.NewlySilent, notify.CertificateExpiring}
		if diff := cmp.Diff(want, got); posts != n+1 || m.Kind != notify.Resend || diff != "" {
			t.Errorf("%d posts, the last %s: (-want +got):\n%s", posts, m.Kind, diff)
		}
		if m.Sections[0].Count != 2 {
			t.Errorf("%d devices fail, want 2", m.Sections[0].Count)
		}
		w.at = w.at.Add(time.Minute)
	}
	if at, err := w.Through(t.Context()); !at.IsZero() || err != nil {
		t.Errorf("through %s, %v: a resend is no round", at, err)
	}
}

func TestAMessageToAChannelThatIsGoneIsDroppedAfterADay(t *testing.T) {
	r := newReceiver(t)
	r.answers(500)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
	before := round(monday(), ipad("A-1", checks.Pass))
	check(t, w.Round(t.Context(), before))
	check(t, w.Round(t.Context(), round(monday().Add(time.Hour), ipad("A-1", checks.Fail))))
	check(t, w.state.Remember(t.Context(), map[string][]byte{"letter/ops/broken": []byte("{"), "letter/nonsense": []byte("{}")}))
	w.cfg.Channels = nil
	w.restart()
	for _, c := range []struct {
		after   time.Duration
		waiting int
	}{{time.Hour, 1}, {25 * time.Hour, 0}} { // it may be there again in a moment
		w.at = monday().Add(c.after)
		check(t, w.Tick(t.Context()))
		if w.waiting() != c.waiting {
			t.Errorf("after %s %d are waiting, want %d", c.after, w.waiting(), c.waiting)
		}
	}
	wantError(t, w.Test(t.Context(), "ops"), `there is no channel "ops"`)
}
