package webhook_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// childVariable holds the folder and the target of a receiver that is run to be
// killed.
const childVariable = "WARDROUND_WEBHOOK_CHILD"

// child receives until it is killed, and says where.
func child(dir, target string) error {
	state, err := sqlite.OpenState(context.Background(), filepath.Join(dir, "state.db"))
	if err != nil {
		return err
	}
	receiver, err := webhook.NewReceiver(childConfig(target), state, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = receiver.Run(context.Background()) }()
	if _, err := fmt.Fprintln(os.Stdout, listener.Addr()); err != nil {
		return err
	}
	return webhook.HTTPServer(receiver).Serve(listener)
}

func childConfig(target string) webhook.ReceiverConfig {
	return webhook.ReceiverConfig{Key: hookKey, Forward: []webhook.Target{{URL: target, Key: otherKey}}}
}

// Whatever was acknowledged before the process died is kept, and is passed on.
func TestNothingAcknowledgedIsLostToAKill(t *testing.T) {
	const acknowledged = 60
	took := &other{more: make(chan struct{}, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		resp, err := took.RoundTrip(req)
		if err != nil {
			t.Error(err)
			return
		}
		w.WriteHeader(resp.StatusCode)
	}))
	defer server.Close()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir, childVariable+"_TARGET="+server.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	acked := postUntil(t, "http://"+address[:len(address)-1], acknowledged, func() { must(t, cmd.Process.Kill()) })
	_ = cmd.Wait()
	if len(acked) < acknowledged {
		t.Fatalf("got %d acknowledged, want %d", len(acked), acknowledged)
	}

	c := &clinic{dir: dir}
	c.open(t, func(cfg *webhook.ReceiverConfig) { cfg.Forward = childConfig(server.URL).Forward })
	kept, err := c.state.Observations(t.Context(), udid)
	must(t, err)
	var count int64
	for _, o := range kept {
		count += o.Count
	}
	if count < int64(len(acked)) {
		t.Errorf("got %d receipts kept, want the %d that were acknowledged at least", count, len(acked))
	}
	c.running(t, func() {
		late := time.After(30 * time.Second)
		for {
			missing := without(acked, took.took())
			if missing == 0 {
				return
			}
			select {
			case <-took.more:
			case <-late:
				t.Errorf("%d of %d were not passed on", missing, len(acked))
				return
			}
		}
	})
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// without is how many of the wanted are not there.
func without(wanted, there []string) (missing int) {
	known := make(map[string]bool)
	for _, body := range there {
		known[body] = true
	}
	for _, body := range wanted {
		if !known[body] {
			missing++
		}
	}
	return missing
}

// postUntil posts answers, some at a time, and calls enough when so many were
// acknowledged. It returns those that were.
func postUntil(t *testing.T, url string, many int, enough func()) (acked []string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var once sync.Once
	var all sync.WaitGroup
	for lane := range 8 {
		all.Go(func() {
			for n := range 10_000 {
				body := reportEvent(answerTo(fmt.Sprintf("%s%d-%d", mdm.CommandPrefix, lane, n), udid, "26.1")).json()
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set(webhook.SignatureHeader, sign(hookKey, body))
				resp, err := client.Do(req)
				if err != nil {
					return // it is dead
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				mu.Lock()
				if resp.StatusCode == http.StatusOK {
					acked = append(acked, string(body))
				}
				if len(acked) >= many {
					once.Do(enough)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return acked
}
