package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/notify"
)

const webhookKey = "0123456789abcdef0123456789abcdef"

// A receiver is an HTTP server that keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	headers []http.Header
	bodies  []string
	paths   []string
	answer  func(w http.ResponseWriter) // nil: 200
}

func newReceiver(t testing.TB) *receiver {
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if err == nil {
			r.headers, r.bodies, r.paths = append(r.headers, req.Header), append(r.bodies, string(body)), append(r.paths, req.URL.Path)
		}
		if r.answer != nil {
			r.answer(w)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// answers sets the status that it gives from now on.
func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = func(w http.ResponseWriter) {
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(status)
	}
}

// got is how many posts came, and the last.
func (r *receiver) got() (n int, header http.Header, body string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bodies) == 0 {
		return 0, nil, ""
	}
	return len(r.bodies), r.headers[len(r.headers)-1], r.bodies[len(r.bodies)-1]
}

// hook is a channel to a receiver.
func hook(t testing.TB, r *receiver) notify.ChannelConfig {
	return notify.ChannelConfig{Name: "ops", Webhook: r.URL + "/hook", KeyFile: file(t, webhookKey+"\n")}
}

func TestAWebhookIsSigned(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
	check(t, w.Test(t.Context(), "ops"))
	n, header, body := r.got()
	if n != 1 {
		t.Fatalf("%d posts, want 1", n)
	}
	mac := hmac.New(sha256.New, []byte(webhookKey))
	fmt.Fprintf(mac, "%d.%s", w.at.Unix(), body)
	if want, got := fmt.Sprintf("t=%d,v1=%s", w.at.Unix(), hex.EncodeToString(mac.Sum(nil))), header.Get(notify.SignatureHeader); got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
	var m notify.Message
	check(t, json.Unmarshal([]byte(body), &m))
	if m.Kind != notify.Test || m.Schema != "wardround.notice/v1" || header.Get(notify.DeliveryHeader) != m.ID || m.ID == "" {
		t.Errorf("got %+v with the id %q", m, header.Get(notify.DeliveryHeader))
	}
	if got := header.Get("Content-Type"); got != "application/json" {
		t.Errorf("it is %q", got)
	}
}

func TestAWebhookThatDoesNotTakeItIsAnError(t *testing.T) {
	for _, status := range []int{302, 307, 400, 401, 404, 429, 500, 503} {
		r := newReceiver(t)
		r.answers(status)
		w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{hook(t, r)}})
		wantError(t, w.Test(t.Context(), "ops"), "test channel ops", fmt.Sprint(status))
		if n, _, _ := r.got(); n != 1 {
			t.Errorf("%d: %d posts, want 1 and no redirect", status, n)
		}
	}
}

func TestAChannelThatHangsIsGivenUpInTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		channel func(r *receiver) notify.ChannelConfig
	}{
		{"webhook", func(r *receiver) notify.ChannelConfig { return hook(t, r) }},
		{"shoutrrr", func(r *receiver) notify.ChannelConfig {
			return notify.ChannelConfig{Name: "ops", URLFile: file(t, chatURL(r, "/x"))}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			release := make(chan struct{})
			r.answer = func(http.ResponseWriter) { <-release }
			channel := c.channel(r)
			channel.Timeout = time.Second
			w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{channel}})
			begun := time.Now()
			wantError(t, w.Test(t.Context(), "ops"), "deadline")
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			close(release)
		})
	}
}

// chatURL is the URL of shoutrrr's plain HTTP service to a receiver.
func chatURL(r *receiver, path string) string {
	return strings.Replace(r.URL, "http://", "generic+http://", 1) + path
}

func TestAServiceOfShoutrrrGetsSubjectAndText(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t, notify.Config{Zone: "UTC", Channels: []notify.ChannelConfig{{Name: "chat", URLFile: file(t, "\n"+chatURL(r, "/T0KEN-in-path")+"\n")}}})
	check(t, w.Test(t.Context(), "chat"))
	n, _, body := r.got()
	want := "wardround: this is a test\nSent 2026-03-02 10:00 UTC. If you read this, the channel works.\n"
	if n != 1 || body != want {
		t.Errorf("%d posts, the last %q; want %q", n, body, want)
	}
	r.answers(500)
	err := w.Test(t.Context(), "chat")
	wantError(t, err, "500")
	if strings.Contains(err.Error(), "T0KEN") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("error %q tells of the URL", err)
	}
	for _, d := range w.deliveries() {
		if strings.Contains(d.Error, "T0KEN") {
			t.Errorf("the log has %+v", d)
		}
	}
}

func TestServicesAreSentTheSubjectOnce(t *testing.T) {
	for _, c := range []struct{ scheme, rest string }{
		{"generic+http", "/x"},
		{"ntfy", "/topic?scheme=http"},
		{"gotify", "/AzyoeNS.D4iJLVa?disabletls=yes"},
		{"mattermost", "/T0KEN?disabletls=yes"},
		{"bark", "/?scheme=http"},
	} {
		t.Run(c.scheme, func(t *testing.T) {
			r := newReceiver(t)
			r.answer = func(w http.ResponseWriter) { fmt.Fprint(w, `{"id":1,"code":200,"message":"success"}`) }
			host := strings.TrimPrefix(r.URL, "http://")
			if c.scheme == "bark" {
				host = ":DEVICEKEY@" + host
			}
			w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{{Name: "chat", URLFile: file(t, c.scheme+"://"+host+c.rest)}}})
			check(t, w.Test(t.Context(), "chat"))
			n, header, body := r.got()
			all := fmt.Sprint(header, body)
			if got := strings.Count(all, "wardround: this is a test"); n != 1 || got != 1 || !strings.Contains(all, "the channel works") {
				t.Errorf("%d posts, the subject %d times in %s", n, got, all)
			}
		})
	}
}

func TestTheErrorOfAServiceThatCannotBeReachedHasNoToken(t *testing.T) {
	for _, address := range []string{
		"generic+http://user:hunter22pass@127.0.0.1:1/T0KENpath?secretkey=T0KENquery",
		"gotify://127.0.0.1:1/AzyoeNS.D4iJLVa/?disabletls=yes",
		"ntfy://user:hunter22pass@127.0.0.1:1/T0KENtopic?scheme=http",
		"mattermost://bot@127.0.0.1:1/T0KENpath?disabletls=yes",
	} {
		w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{{Name: "chat", URLFile: file(t, address), Timeout: 5 * time.Second}}})
		err := w.Test(t.Context(), "chat")
		wantError(t, err, "test channel chat")
		for _, part := range []string{"T0KEN", "t0ken", "hunter22", "AzyoeNS", "D4iJLVa"} {
			if err != nil && strings.Contains(err.Error(), part) {
				t.Errorf("%q tells %q", err, part)
			}
		}
	}
}

func TestAChannelThatCannotBeOpenedSaysWhyWithoutItsSecret(t *testing.T) {
	missing := "/nowhere/secret"
	for _, c := range []struct {
		name    string
		channel notify.ChannelConfig
		says    string
	}{
		{"no file", notify.ChannelConfig{Name: "ops", URLFile: missing}, missing},
		{"an empty file", notify.ChannelConfig{Name: "ops", URLFile: file(t, " \n")}, "it is empty"},
		{"a folder", notify.ChannelConfig{Name: "ops", URLFile: t.TempDir()}, "it is not a file"},
		{"no URL", notify.ChannelConfig{Name: "ops", URLFile: file(t, "T0KEN%zz://\x01")}, "it does not hold a URL"},
		{"an unknown service", notify.ChannelConfig{Name: "ops", URLFile: file(t, "pigeon://T0KEN@x")}, "unknown service"},
		{"a service without what it needs", notify.ChannelConfig{Name: "ops", URLFile: file(t, "slack://T0KEN")}, "failed to initialize"},
		{"mail by shoutrrr", notify.ChannelConfig{Name: "ops", URLFile: file(t, "smtp://u:T0KEN@mail.example/?from=a@b.c&to=d@e.f")}, "see smtp"},
		{"nobody by shoutrrr", notify.ChannelConfig{Name: "ops", URLFile: file(t, "logger://")}, "reaches nobody"},
		{"a key that is too short", notify.ChannelConfig{Name: "ops", Webhook: "https://x.example/", KeyFile: file(t, "T0KEN")}, "too short"},
		{"a key that is too long", notify.ChannelConfig{Name: "ops", Webhook: "https://x.example/", KeyFile: file(t, strings.Repeat("T0KEN", 1<<18))}, "longer"},
		{"an authority that is none", notify.ChannelConfig{Name: "ops", SMTP: notify.SMTPConfig{
			Server: "mail.example:25", CAFile: file(t, "T0KEN"), From: "a@b.example", To: []string{"c@d.example"},
		}}, "no certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := notify.New(notify.Config{Channels: []notify.ChannelConfig{c.channel}}, nil, nil, quietLogger(), nil)
			wantError(t, err, "open channel ops", c.says)
			if err != nil && strings.Contains(strings.ToUpper(err.Error()), "T0KEN") {
				t.Errorf("error %q tells the secret", err)
			}
		})
	}
}

func TestAFileThatOthersCanReadIsDoubtful(t *testing.T) {
	r := newReceiver(t)
	c := hook(t, r)
	check(t, os.Chmod(c.KeyFile, 0o644))
	var log strings.Builder
	_, err := notify.New(notify.Config{Channels: []notify.ChannelConfig{c}}, nil, nil, textLogger(&log), nil)
	check(t, err)
	if !strings.Contains(log.String(), "others than its owner can read") || strings.Contains(log.String(), webhookKey) {
		t.Errorf("the log says %q", log.String())
	}
}
