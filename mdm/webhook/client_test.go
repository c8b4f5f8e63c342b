package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// A handled request goes to a function in place of a network, so that time may
// be the test's.
type handled func(w http.ResponseWriter, req *http.Request)

func (h handled) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h(w, req)
	}()
	select {
	case <-done:
		return w.Result(), nil
	case <-req.Context().Done():
		<-done
		return nil, req.Context().Err()
	}
}

func newClient(t *testing.T, h handled, change func(*webhook.ClientConfig)) *webhook.Client {
	t.Helper()
	cfg := webhook.ClientConfig{URL: "https://mdm.example/behind/a/proxy/", Key: apiKey, Transport: h}
	if change != nil {
		change(&cfg)
	}
	client, err := webhook.NewClient(cfg, openState(t, t.TempDir()), slog.New(slog.DiscardHandler))
	must(t, err)
	return client
}

func answers(status int, contentType, body string) handled {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func one() mdm.Command {
	return mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: "WR-1"}
}

// What a server that is not well may say to an enqueue.
func TestAskOfAServerThatIsNotWell(t *testing.T) {
	const text = "application/json"
	for _, tc := range []struct {
		name     string
		server   handled
		want     string // in the error; empty: none
		requests int
	}{
		{"all is well", answers(200, text, `{"no_push":true,"command_uuid":"WR-1"}`), "", 1},
		{"trouble for good", answers(500, text, `{"command_error":"database is down"}`), "database is down", 4},
		{"trouble without a word", answers(502, "text/plain", "bad gateway"), "502 Bad Gateway: bad gateway", 4},
		{"too many requests", answers(429, text, `{}`), "429", 4},
		{"a page of a proxy", answers(200, "text/html", "<html>Log in</html>"), "in HTML", 1},
		{"a page of a proxy that is in trouble", answers(503, "text/html", "<html>"), "in HTML", 4},
		{"another API", answers(200, text, `[]`), "200 OK: []", 1},
		{"a proxy that is glad", answers(200, text, `{"ok":true}`), "does not name the command", 1},
		{"a proxy that says nothing", answers(200, text, `{}`), "does not name the command", 1},
		{"an answer to another request", answers(200, text, `{"no_push":true,"command_uuid":"WR-2"}`), "does not name the command", 1},
		{"no such API", answers(404, "text/plain", "404 page not found"), "no such API", 1},
		{"the wrong key", answers(401, "text/plain", "Unauthorized"), "refused the API key", 1},
		{"an error for the one id", answers(500, text, `{"status":{"D":{"command_error":"no room"}}}`), "no room", 1},
		{"an error under the CommandUUID, as inmem has it", answers(500, text, `{"status":{"WR-1":{"command_error":"no room"}}}`), "no room", 1},
		{"what inmem says of a command that it has", answers(500, text, `{"command_error":"command already exists: WR-1"}`), "", 1},
		{"what pgsql says of one", answers(500, text, `{"command_error":"pq: duplicate key value violates unique constraint \"commands_pkey\""}`), "", 1},
		{"what mysql says of one", answers(500, text, `{"command_error":"Error 1062 (23000): Duplicate entry 'WR-1' for key 'commands.PRIMARY'"}`), "", 1},
		{"a key that is there and another's", answers(500, text, `{"command_error":"Error 1062 (23000): Duplicate entry 'X' for key 'commands.PRIMARY'"}`), "Duplicate", 1},
		{"an enrollment that it does not know", answers(500, text, `{"command_error":"pq: insert or update on table violates foreign key constraint"}`), "not enrolled", 1},
		{"an answer without end", answers(200, text, strings.Repeat(" ", 2<<20)), "more than", 4},
		{"a redirect", answers(302, text, ``), "302", 1},
		{"no answer at all", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, "deadline", 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				client := newClient(t, func(w http.ResponseWriter, req *http.Request) {
					requests++
					if user, key, _ := req.BasicAuth(); user != "nanomdm" || key != apiKey || req.Method != http.MethodPut ||
						req.URL.String() != "https://mdm.example/behind/a/proxy/v1/enqueue/D?nopush=1" {
						t.Errorf("got %s %s as %s", req.Method, req.URL, user)
					}
					tc.server(w, req)
				}, nil)
				err := client.Ask(t.Context(), "D", one())
				if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				if err != nil && (len(err.Error()) > 600 || strings.Contains(err.Error(), apiKey)) {
					t.Errorf("the error says too much: %v", err)
				}
				if requests != tc.requests {
					t.Errorf("got %d requests, want %d", requests, tc.requests)
				}
			})
		})
	}
}

// Trouble that passes costs time alone, and no more than the server asks for.
func TestAskWaitsForAServerToBeWellAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		client := newClient(t, func(w http.ResponseWriter, req *http.Request) {
			if requests++; requests < 3 {
				w.Header().Set("Retry-After", "20")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			answers(200, "application/json", `{"command_uuid":"WR-1"}`)(w, req)
		}, nil)
		started := time.Now()
		must(t, client.Ask(t.Context(), "D", one()))
		if took := time.Since(started); took < 40*time.Second || took > time.Minute {
			t.Errorf("it took %s, want twice the 20 s that were asked for", took)
		}
	})
}

// The server takes 3 of 10 commands: Ask says so, and asking again under the
// same CommandUUIDs brings the others without a word about the 3.
func TestAnAskThatWasCutShortCanBeMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		room, queued := 3, make(map[string]int)
		client := newClient(t, func(w http.ResponseWriter, req *http.Request) {
			body, err := io.ReadAll(req.Body)
			must(t, err)
			_, rest, _ := strings.Cut(string(body), "<string>WR-")
			uuid, _, _ := strings.Cut(rest, "<")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case queued[uuid] > 0:
				answers(500, "application/json", `{"command_error":"command already exists: WR-`+uuid+`"}`)(w, req)
			case len(queued) >= room:
				answers(500, "application/json", `{"status":{"D":{"command_error":"no room"}}}`)(w, req)
			default:
				queued[uuid]++
				answers(200, "application/json", `{"command_uuid":"WR-`+uuid+`"}`)(w, req)
			}
		}, nil)
		var commands []mdm.Command
		for i := range 10 {
			commands = append(commands, mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: fmt.Sprintf("WR-%d", i)})
		}
		if err := client.Ask(t.Context(), "D", commands...); err == nil || !strings.Contains(err.Error(), "no room") {
			t.Errorf("got %v, want an error", err)
		}
		mu.Lock()
		room = 10
		mu.Unlock()
		must(t, client.Ask(t.Context(), "D", commands...))
		if len(queued) != 10 {
			t.Errorf("got %d queued, want 10", len(queued))
		}
	})
}

func TestAskRefusesWhatItCannotAsk(t *testing.T) {
	client := newClient(t, func(_ http.ResponseWriter, req *http.Request) { t.Errorf("it sent %s", req.URL) }, nil)
	for name, ask := range map[string]func() error{
		"a user channel":             func() error { return client.Ask(t.Context(), "D:user-0123456789abcdef", one()) },
		"an id that leaves the path": func() error { return client.Ask(t.Context(), "../push/D", one()) },
		"several ids":                func() error { return client.Ask(t.Context(), "D,E", one()) },
		"a query that nobody made":   func() error { return client.Ask(t.Context(), "D", one(), mdm.Command{CommandUUID: "WR-2"}) },
		"a CommandUUID that is no word": func() error {
			return client.Ask(t.Context(), "D", mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: "a b"})
		},
	} {
		if err := ask(); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	must(t, client.Ask(t.Context(), "D")) // nothing
}

// 25 devices at 10 a second: three requests, a second apart; each id has the
// error that is its own.
func TestWakePushesNoMoreThanTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		var times []time.Duration
		started := time.Now()
		client := newClient(t, func(w http.ResponseWriter, req *http.Request) {
			ids := strings.Split(strings.TrimPrefix(req.URL.Path, "/behind/a/proxy/v1/push/"), ",")
			sizes, times = append(sizes, len(ids)), append(times, time.Since(started))
			var of []string
			for i, id := range ids {
				if i < 3 {
					of = append(of, fmt.Sprintf("%q:{\"push_result\":\"x\"}", id))
				} else {
					of = append(of, fmt.Sprintf("%q:{\"push_error\":\"Unregistered\"}", id))
				}
			}
			answers(207, "application/json", `{"status":{`+strings.Join(of, ",")+`}}`)(w, req)
		}, nil)
		var ids []string
		for i := range 25 {
			ids = append(ids, fmt.Sprintf("D%d", i))
		}
		failed, err := client.Wake(t.Context(), ids)
		must(t, err)
		if diff := cmp.Diff([]int{10, 10, 5}, sizes); diff != "" {
			t.Errorf("ids (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]time.Duration{0, time.Second, 2 * time.Second}, times); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
		if len(failed) != 7+7+2 || failed["D3"] == nil || failed["D3"].Error() != "Unregistered" {
			t.Errorf("got %v", failed)
		}
	})
}

func TestWakeNamesEachDeviceThatWasNotPushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, answers(500, "application/json", `{"push_error":"no push certificate"}`), nil)
		failed, err := client.Wake(t.Context(), []string{"D", "E"})
		if len(failed) != 2 || err != nil || failed["D"].Error() != "no push certificate" {
			t.Errorf("got %v, %v", failed, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var many []string
		for i := range 100 {
			many = append(many, fmt.Sprintf("D%d", i))
		}
		failed, err = client.Wake(ctx, many)
		if len(failed) != 100 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %d failed, %v; want all, and why", len(failed), err)
		}
	})
}

// MicroMDM takes one id at a time and commands as they are.
func TestMicroMDMsAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		client := newClient(t, func(w http.ResponseWriter, req *http.Request) {
			user, _, _ := req.BasicAuth()
			got = append(got, req.Method+" "+req.URL.Path+" "+user)
			if strings.HasSuffix(req.URL.Path, "/E") {
				answers(500, "application/json", `{"error":"no push token"}`)(w, req)
				return
			}
			answers(201, "application/json", `{"payload":{"command_uuid":"WR-1"}}`)(w, req)
		}, func(cfg *webhook.ClientConfig) {
			cfg.Server, cfg.URL, cfg.Attempts = webhook.MicroMDM, "https://micro.example", 1
		})
		must(t, client.Ask(t.Context(), "D", one()))
		failed, err := client.Wake(t.Context(), []string{"D", "E"})
		if err != nil || len(failed) != 1 || failed["E"] == nil || !strings.Contains(failed["E"].Error(), "no push token") {
			t.Errorf("got %v, %v", failed, err)
		}
		want := []string{"POST /v1/commands/D micromdm", "GET /push/D micromdm", "GET /push/E micromdm"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if _, err := client.PushCertificate(t.Context(), topic); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v, want ErrUnsupported", err)
		}
	})
}

func TestPushCertificateAndVersion(t *testing.T) {
	client := newClient(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/behind/a/proxy/v1/pushcert":
			answers(200, "application/json", `{"topic":"`+req.URL.Query().Get("topic")+`","not_after":"2027-03-01T12:00:00-08:00"}`)(w, req)
		case "/version":
			answers(200, "application/json", `{"version":"v0.10.0"}`)(w, req)
		default:
			answers(404, "text/plain", "not found")(w, req)
		}
	}, nil)
	cert, err := client.PushCertificate(t.Context(), topic)
	must(t, err)
	if diff := cmp.Diff(webhook.PushCertificate{Topic: topic, NotAfter: time.Date(2027, 3, 1, 20, 0, 0, 0, time.UTC)}, cert); diff != "" {
		t.Errorf("certificate (-want +got):\n%s", diff)
	}
	if got, err := client.Version(t.Context()); got != "v0.10.0" || err != nil {
		t.Errorf("got version %q, %v; want that of the root, for it is not below the path", got, err)
	}
}

func TestTheClientsConfigSaysWhatItLacks(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  webhook.ClientConfig
		want string
	}{
		{"no URL", webhook.ClientConfig{Key: "k"}, "not the http"},
		{"no key", webhook.ClientConfig{URL: "https://x"}, "no API key"},
		{"a key in the URL", webhook.ClientConfig{URL: "https://nanomdm:sesame@x", Key: "k"}, "a place of its own"},
		{"a server that there is not", webhook.ClientConfig{URL: "https://x", Key: "k", Server: "jamf"}, "no server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := webhook.NewClient(tc.cfg, nil, slog.New(slog.DiscardHandler))
			if c != nil || err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %v, %v; want an error with %q", c, err, tc.want)
			}
		})
	}
}
