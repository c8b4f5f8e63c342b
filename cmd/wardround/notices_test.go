package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/internal/store"
)

// A bureau takes messages by webhook, and answers with a status.
type bureau struct {
	*httptest.Server
	status   int
	messages chan notify.Message
}

func openBureau(t *testing.T, status int) *bureau {
	b := &bureau{status: status, messages: make(chan notify.Message, 10)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m notify.Message
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &m) != nil {
			t.Errorf("a message cannot be read: %v", err)
		}
		b.messages <- m
		w.WriteHeader(b.status)
	}))
	t.Cleanup(b.Close)
	return b
}

// channel is one to it.
func (b *bureau) channel(t *testing.T, name string) notify.ChannelConfig {
	return notify.ChannelConfig{Name: name, Webhook: b.URL, KeyFile: writeFile(t, filepath.Join(t.TempDir(), "key"), []byte("sixteen or more bytes\n"))}
}

// settings is a file of settings with channels.
func settingsWith(t *testing.T, channels ...notify.ChannelConfig) string {
	var text strings.Builder
	text.WriteString("notify:\n  channels:\n")
	for _, c := range channels {
		fmt.Fprintf(&text, "    - {name: %s, webhook: %q, key-file: %q}\n", c.Name, c.Webhook, c.KeyFile)
	}
	return writeFile(t, filepath.Join(t.TempDir(), "wardround.yaml"), []byte(text.String()))
}

func TestAResendSaysWhichChannelFailed(t *testing.T) {
	p := newClinicPast(t)
	who := pad("ONE")
	who.limits["allowScreenShot"] = false
	p.enrol(who, time.Now().Add(-time.Hour))
	p.answer(who, time.Now().Add(-time.Hour))
	p.round(time.Now(), screens("1", true))
	p.close()
	good, bad := openBureau(t, http.StatusOK), openBureau(t, http.StatusServiceUnavailable)
	settings := settingsWith(t, good.channel(t, "good"), bad.channel(t, "bad"))
	status, _, errs := wardround(t, "notify", "resend", "--config", settings, "--dir", p.dir)
	if status != exitFailures || !strings.Contains(errs, "channel bad: post: the receiver answered 503") || strings.Contains(errs, "channel good") {
		t.Errorf("got exit status %d, %s; want 1 and the one that failed", status, errs)
	}
	bad.status = http.StatusOK
	if status, _, errs := wardround(t, "notify", "resend", "--config", settings, "--dir", p.dir); status != exitOK {
		t.Errorf("got exit status %d, %s; want 0", status, errs)
	}
	titles := make(map[string]string)
	for _, s := range (<-good.messages).Sections {
		titles[s.Requirement] = s.Title
	}
	if got := titles["wr_ward_screens"]; got != "Screenshots" {
		t.Errorf("it is told of %q, want the title that a baseline of one's own gives", titles)
	}
}

func TestAResendMakesNothingInAFolderThatHoldsNothing(t *testing.T) {
	dir := t.TempDir()
	b := openBureau(t, http.StatusOK)
	status, _, errs := wardround(t, "notify", "resend", "--config", settingsWith(t, b.channel(t, "ops")), "--dir", dir)
	if _, err := os.Stat(filepath.Join(dir, stateFile)); status != exitUsage || err == nil || !strings.Contains(errs, "no evidence in") {
		t.Errorf("got exit status %d, %s; want 2 and nothing made", status, errs)
	}
}

func TestARoundTellsTheTitlesOfABaselineOfOnesOwn(t *testing.T) {
	p := newClinicPast(t)
	b := openBureau(t, http.StatusOK)
	notifier, err := newNotifier(Config{Zone: "UTC", Notify: notify.Config{Channels: []notify.ChannelConfig{b.channel(t, "ops")}}}, p.state, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	e := &embedded{state: p.state, results: p.results, logger: slog.New(slog.DiscardHandler)}
	e.live.Store(&live{notifier: notifier})
	who := pad("ONE")
	begun := time.Now().Add(-time.Hour)
	p.enrol(who, begun)
	for i, allowed := range []bool{true, false} {
		who.limits["allowScreenShot"] = allowed
		at := begun.Add(time.Duration(i+1) * time.Minute)
		p.answer(who, at)
		text := screens("1", true)
		p.round(at, text)
		baseline, err := checks.ParseBaseline("ward.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		e.tell(t.Context(), store.Sweep{}, []*checks.Baseline{baseline})
	}
	m := <-b.messages
	if len(m.Sections) != 1 || m.Sections[0].Kind != notify.NewlyFailing || m.Sections[0].Title != "Screenshots" {
		t.Errorf("got %+v, want that screenshots are newly failing, by their title", m.Sections)
	}
}
