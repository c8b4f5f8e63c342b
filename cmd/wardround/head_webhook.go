package main

import (
	"context"
	"errors"
	"fmt"
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
	if _, err := webhook.Post(ctx, h.client, h.address, h.key, "text/plain; charset=utf-8", []byte(head+"\n")); err != nil {
		return fmt.Errorf("head-webhook: %w", err)
	}
	return nil
}
