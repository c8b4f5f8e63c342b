package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// nanoMDMProgram is a built NanoMDM v0.9.0. Where CI says that it must be there,
// a missing one is a failure.
func nanoMDMProgram(t *testing.T) string {
	t.Helper()
	const variable = "WARDROUND_TEST_NANOMDM"
	program := os.Getenv(variable)
	if program == "" && strings.Contains(os.Getenv("WARDROUND_TEST_MUST_RUN"), "nanomdm") {
		t.Fatalf("%s names no program", variable)
	}
	if program == "" {
		t.Skipf("%s names no program: go install github.com/micromdm/nanomdm/cmd/nanomdm@v0.9.0", variable)
	}
	return program
}

const (
	nanoMDMAPIKey  = "api-key-of-the-test"
	nanoMDMHMACKey = "hmac-key-of-the-test"
)

// A nanoMDM is NanoMDM's own server, of which wardround sees the API and the
// webhook, and devices the rest.
type nanoMDM struct{ url string }

// startNanoMDM starts one that trusts the authorities in the file roots and
// sends its events to webhook.
func startNanoMDM(t *testing.T, roots, webhook string, more ...string) *nanoMDM {
	t.Helper()
	address := freeAddress(t)
	args := append([]string{"-ca", roots, "-listen", address, "-api", nanoMDMAPIKey, "-webhook-url", webhook, "-webhook-hmac-key", nanoMDMHMACKey}, more...)
	server := exec.CommandContext(t.Context(), nanoMDMProgram(t), args...)
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = server.Process.Kill(), server.Wait()
		if t.Failed() {
			t.Logf("the end of what NanoMDM says:\n%s", lastLines(log.String(), 10))
		}
	})
	waitFor(t, "NanoMDM to listen", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return &nanoMDM{url: "http://" + address}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// freeAddress is one of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}

// A lossyProxy passes webhook events on, but for those it drops: of these it
// answers as a proxy does that cannot reach anybody, and nobody sends them again.
type lossyProxy struct {
	url     string
	every   atomic.Int64 // drops one answer of so many; 0: none
	answers atomic.Int64
	dropped atomic.Int64
}

func startLossyProxy(t *testing.T, target string) *lossyProxy {
	t.Helper()
	p := new(lossyProxy)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		if every := p.every.Load(); every > 0 && bytes.Contains(body, []byte(`"status":"Acknowledged"`)) && p.answers.Add(1)%every == 0 {
			p.dropped.Add(1)
			http.Error(w, "dropped", http.StatusBadGateway)
			return
		}
		if err := pass(r, target, body, w); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func pass(r *http.Request, target string, body []byte, w http.ResponseWriter) error {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, target+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = r.Header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("pass on: %w", err)
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, err = io.Copy(w, resp.Body)
	return err
}
