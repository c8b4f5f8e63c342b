package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a server may answer.
const (
	maxAnswer = 1 << 20     // bytes
	maxTold   = 200         // bytes of an error text that are told
	maxWait   = time.Minute // that a Retry-After is heeded
)

// A call is one request to the API. It may be sent again, and so has to be
// harmless when it is.
type call struct {
	method, path string
	query        url.Values
	body         []byte
	contentType  string
}

// An answer of the API.
type answer struct {
	status int
	body   []byte
	text   string // the Content-Type
	after  time.Duration
}

// do sends a call until it is answered with something that is not the server's
// trouble, as often as the Config says. The last answer counts.
func (c *Client) do(ctx context.Context, out call) (answer, error) {
	for attempt := 1; ; attempt++ {
		got, err := c.once(ctx, out)
		if err == nil && got.status == http.StatusUnauthorized || got.status == http.StatusForbidden {
			return answer{}, fmt.Errorf("%w of user %q: %d %s; it is what the server was started with (NanoMDM: -api)",
				ErrKeyRefused, c.cfg.User, got.status, http.StatusText(got.status))
		}
		again := err != nil || got.status >= http.StatusInternalServerError || got.status == http.StatusTooManyRequests
		if !again || ctx.Err() != nil || attempt >= c.cfg.Attempts || got.final() {
			return got, err
		}
		if waitErr := sleep(ctx, max(pause(attempt)/2, got.after)); waitErr != nil {
			if err == nil {
				err = waitErr
			}
			return answer{}, err
		}
	}
}

// sleep waits, for no longer than ctx lasts.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// once sends a call.
func (c *Client) once(ctx context.Context, out call) (answer, error) {
	target := *c.base
	target.Path += out.path
	target.RawQuery = out.query.Encode()
	return c.send(ctx, &target, out)
}

func (c *Client) send(ctx context.Context, target *url.URL, out call) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, out.method, target.String(), bytes.NewReader(out.body))
	if err != nil {
		return answer{}, err
	}
	req.SetBasicAuth(c.cfg.User, string(c.cfg.Key))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cache-Control", "no-store") // a push is a GET
	if out.contentType != "" {
		req.Header.Set("Content-Type", out.contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return answer{}, fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	return answer{status: resp.StatusCode, body: body, text: resp.Header.Get("Content-Type"), after: retryAfter(resp.Header)}, nil
}

// retryAfter is how long the server wants to be left alone; dates are not heeded.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxWait)
}

// result is what NanoMDM's API answers (docs/openapi.yaml, APIResult).
type result struct {
	Status map[string]struct {
		PushError    *string `json:"push_error"`
		CommandError *string `json:"command_error"`
	} `json:"status"`
	PushError    *string `json:"push_error"`
	CommandError *string `json:"command_error"`
	CommandUUID  string  `json:"command_uuid"` // of what was queued
}

// result reads the answer to a push or an enqueue. NanoMDM answers 200 without
// errors, 207 with some and 500 with nothing but errors, and the same JSON.
func (a answer) result() (result, error) {
	var r result
	if err := a.json(&r); err != nil {
		return result{}, err
	}
	if a.status/100 != 2 && r.PushError == nil && r.CommandError == nil && len(r.Status) == 0 {
		return result{}, a.unexpected()
	}
	return r, nil
}

// final reports whether NanoMDM has said in its own words what is wrong with
// each enrollment: then it is not in trouble itself.
func (a answer) final() bool {
	r, err := a.result()
	return err == nil && r.PushError == nil && (r.CommandError == nil || refusesForGood(*r.CommandError))
}

// json reads the answer into v, or says what came instead.
func (a answer) json(v any) error {
	if strings.Contains(a.text, "html") || bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")) {
		return fmt.Errorf("%d %s in HTML, not from the API: is the URL that of the MDM server?", a.status, http.StatusText(a.status))
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		return a.unexpected()
	}
	return nil
}

// unexpected says what the server answered.
func (a answer) unexpected() error {
	text := fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	if a.status == http.StatusNotFound {
		return errors.New(text + ": there is no such API at that URL")
	}
	if said := told(string(a.body)); said != "" {
		text += ": " + said
	}
	return errors.New(text)
}

// told is a text of the server's, on one line and of bounded length.
func told(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "")
	if len(text) > maxTold {
		text = strings.ToValidUTF8(text[:maxTold], "") + "..."
	}
	return text
}

// rooted returns the URL of a path at the root of the server.
func (c *Client) rooted(to string) *url.URL {
	target := *c.base
	target.Path = path.Clean("/" + to)
	return &target
}
