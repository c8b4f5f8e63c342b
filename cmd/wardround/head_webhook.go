package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/wardround/wardround/mdm/webhook"
)

// headTimeout bounds the posting of one head: a round waits for it.
const headTimeout = 10 * time.Second

// A headWebhook is where signed heads of the chain are posted, one line of text
// each. The zero value posts nothing.
type headWebhook struct {
	address string
	key     webhook.Secret // of the HMAC; empty: none
	client  *http.Client
}

// newHeadWebhook checks the address and reads the key.
func newHeadWebhook(cfg Config) (headWebhook, error) {
	address := cfg.HeadWebhook
	if address == "" {
		return headWebhook{}, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return headWebhook{}, usage(errors.New("head-webhook: not an http or https address"), "write it as https://auditor.example/heads")
	}
	key, err := secretOf("head-webhook-key-file", cfg.HeadWebhookKey, cfg.HeadWebhookKeyFile)
	if err != nil {
		return headWebhook{}, err
	}
	return headWebhook{address: address, key: webhook.Secret(key), client: &http.Client{Timeout: headTimeout}}, nil
}

// post sends a head. Any answer of the 200s says that it has arrived.
func (h headWebhook) post(ctx context.Context, head string) error {
	if h.address == "" {
		return nil
	}
	body := []byte(head + "\n")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("head-webhook: %w", err)
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	if h.key != "" {
		req.Header.Set(webhook.SignatureHeader, h.key.Sign(body))
	}
	resp, err := h.client.Do(req)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // the address may hold a secret
		}
		return fmt.Errorf("head-webhook: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4096)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("head-webhook: answered %s", resp.Status)
	}
	return nil
}
