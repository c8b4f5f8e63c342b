package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/sweep"
)

// A controlLine is one line of the answer to a roundRequest: progress, and at
// last the sweep or why there is none.
type controlLine struct {
	Progress *sweep.Progress `json:"progress,omitempty"`
	Sweep    *store.Sweep    `json:"sweep,omitempty"`
	Error    string          `json:"error,omitempty"`
	Hint     string          `json:"hint,omitempty"`
	Usage    bool            `json:"usage,omitempty"` // the error is the user's to mend
}

// maxControlBody bounds what is read of a request or of a line of the answer.
const maxControlBody = 1 << 20

// A control is the socket through which other commands reach a running serve.
// Whoever may open the file in the data folder may ask for a round.
type control struct {
	server *http.Server
	served sync.WaitGroup
	path   string
}

// openControl listens on the socket of the folder whose lock e holds. A socket
// that is there was left by a process that was killed.
func openControl(e *embedded) (*control, error) {
	c := &control{path: e.file(socketFile)}
	if err := os.Remove(c.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	listener, err := net.Listen("unix", c.path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(c.path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("control socket: %w", err), listener.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /round", func(w http.ResponseWriter, r *http.Request) { serveRound(e, w, r) })
	c.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	c.served.Go(func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			e.logger.Error("the control socket stopped serving", "err", err)
		}
	})
	return c, nil
}

// Close ends the rounds that were asked for and removes the socket.
func (c *control) Close() error {
	err := c.server.Close()
	c.served.Wait()
	if gone := os.Remove(c.path); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

func serveRound(e *embedded, w http.ResponseWriter, r *http.Request) {
	var req roundRequest
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	var last sweep.Progress
	ended, err := e.round(r.Context(), req, func(p sweep.Progress) {
		if p != last { // who does not read any more ends the request's context
			last = p
			_ = lines.Encode(controlLine{Progress: &p})
			_ = flush.Flush()
		}
	})
	line := controlLine{Sweep: &ended}
	if err != nil {
		line = controlLine{Error: err.Error()}
		if wrong, ok := errors.AsType[*usageError](err); ok {
			line.Usage, line.Hint = true, wrong.hint
		}
	}
	_ = lines.Encode(line)
}

// askServe has the running serve of a folder make a round. A socket that nobody
// listens on is errFolderBusy: then it is another command that holds the lock.
func askServe(ctx context.Context, socket string, req roundRequest, report func(sweep.Progress)) (store.Sweep, error) {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	defer client.CloseIdleConnections()
	body, err := json.Marshal(req)
	if err != nil {
		return store.Sweep{}, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://serve/round", bytes.NewReader(body))
	if err != nil {
		return store.Sweep{}, err
	}
	resp, err := client.Do(post)
	switch _, refused := errors.AsType[*net.OpError](err); {
	case ctx.Err() != nil:
		return store.Sweep{}, errRoundCut
	case refused:
		return store.Sweep{}, errFolderBusy
	case err != nil:
		return store.Sweep{}, fmt.Errorf("ask the running serve: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
		return store.Sweep{}, fmt.Errorf("ask the running serve: %s: %s", resp.Status, bytes.TrimSpace(why))
	}
	return readRound(resp.Body, report)
}

// errRoundCut is returned when a round was interrupted, here or in serve.
var errRoundCut = errors.New("the round was cut short; 'wardround sweep list' shows its number, 'wardround sweep resume NUMBER' goes on with it")

func readRound(r io.Reader, report func(sweep.Progress)) (store.Sweep, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxControlBody)
	for lines.Scan() {
		var line controlLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return store.Sweep{}, fmt.Errorf("read what serve says: %w", err)
		}
		switch {
		case line.Progress != nil:
			report(*line.Progress)
		case line.Usage:
			return store.Sweep{}, usage(errors.New(line.Error), line.Hint)
		case line.Error != "":
			return store.Sweep{}, errors.New(line.Error)
		case line.Sweep != nil:
			return *line.Sweep, nil
		}
	}
	return store.Sweep{}, errRoundCut // the connection ended, for whatever reason, and the round with it
}
