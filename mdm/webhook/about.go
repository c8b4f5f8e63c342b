package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// A PushCertificate is what the server says of its push certificate: without a
// valid one no device hears of anything.
type PushCertificate struct {
	Topic    string
	NotAfter time.Time
}

// PushCertificate asks the server about the push certificate of a topic, which
// a TokenUpdate names (mdm.CheckInMessage.Topic). The error is
// errors.ErrUnsupported of a server that cannot be asked: NanoMDM can since after v0.9.0,
// which takes the question for an empty certificate and refuses it, and MicroMDM cannot.
func (c *Client) PushCertificate(ctx context.Context, topic string) (PushCertificate, error) {
	if c.cfg.Server == MicroMDM {
		return PushCertificate{}, fmt.Errorf("ask about the push certificate: MicroMDM cannot tell: %w", errors.ErrUnsupported)
	}
	got, err := c.do(ctx, call{method: http.MethodGet, path: c.api("/pushcert"), query: url.Values{"topic": {topic}}})
	if err != nil {
		return PushCertificate{}, fmt.Errorf("ask about the push certificate: %w", err)
	}
	var said struct {
		Topic    string    `json:"topic"`
		NotAfter time.Time `json:"not_after"`
		Error    string    `json:"error"`
	}
	err = got.json(&said)
	switch {
	case got.status == http.StatusBadRequest || got.status == http.StatusMethodNotAllowed || got.status == http.StatusNotFound:
		return PushCertificate{}, fmt.Errorf("ask about the push certificate: %d %s %s: %w",
			got.status, http.StatusText(got.status), told(said.Error), errors.ErrUnsupported)
	case err == nil && (got.status != http.StatusOK || said.NotAfter.IsZero()):
		err = got.unexpected()
	}
	if err != nil {
		return PushCertificate{}, fmt.Errorf("ask about the push certificate: %w", err)
	}
	return PushCertificate{Topic: said.Topic, NotAfter: said.NotAfter.UTC()}, nil
}

// Version asks the server which version it is. No key is needed for the answer.
// NanoHUB and what a proxy has put below a path tell at the root.
func (c *Client) Version(ctx context.Context) (string, error) {
	text, err := c.version(ctx)
	if err != nil {
		return "", fmt.Errorf("ask the server for its version: %w", err)
	}
	return text, nil
}

func (c *Client) version(ctx context.Context) (string, error) {
	got, err := c.do(ctx, call{method: http.MethodGet, path: "/version"})
	if err == nil && got.status == http.StatusNotFound && c.base.Path != "" {
		got, err = c.send(ctx, c.rooted("/version"), call{method: http.MethodGet})
	}
	if err != nil {
		return "", err
	}
	var said struct {
		Version string `json:"version"`
	}
	if err := got.json(&said); err != nil {
		return "", err
	}
	if got.status != http.StatusOK || said.Version == "" {
		return "", got.unexpected()
	}
	return told(said.Version), nil
}
