package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The headers of a post to a webhook.
const (
	// SignatureHeader is t=UNIX,v1=HEX: the time of the attempt, and the
	// HMAC-SHA256 under the channel's key of that number, a dot and the body.
	SignatureHeader = "X-Wardround-Signature"
	// DeliveryHeader is Message.ID, by which a receiver knows a message that it
	// has had before.
	DeliveryHeader = "X-Wardround-Delivery"
)

// minKey is the shortest key that a webhook may be signed with.
const minKey = 16

// A webhook posts messages as JSON.
type webhook struct {
	address string
	key     secret
	client  *http.Client
	now     func() time.Time
	scrub   scrubber
}

// openWebhook reads the key.
func openWebhook(address, keyFile string, now func() time.Time) (w *webhook, open bool, err error) {
	u, err := webhookURL(address)
	if err != nil {
		return nil, false, err
	}
	key, open, err := readSecret(keyFile)
	if err != nil {
		return nil, false, err
	}
	if len(key) < minKey {
		return nil, false, fmt.Errorf("read %s: a key of %d bytes is too short, it must have at least %d", keyFile, len(key), minKey)
	}
	secrets := []secret{key, secret(u.RawQuery)} // a query may be a token
	if u.User != nil {
		secrets = append(secrets, secret(u.User.String()))
	}
	// Whoever is redirected would give the message to somebody else.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &webhook{
		address: u.String(), key: key, now: now, scrub: newScrubber(secrets...),
		client: &http.Client{Transport: newTransport(), CheckRedirect: stay},
	}, open, nil
}

// newTransport keeps no connection: messages are far apart.
func newTransport() *http.Transport {
	return &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true}
}

// webhookURL reads an address. Its words are not in the error: it may hold a
// token.
func webhookURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("webhook: it is not a URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errors.New("webhook: write it as https://host/path")
	}
	return u, nil
}

// send posts once. Any status but 2xx is an error.
func (w *webhook) send(ctx context.Context, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address, bytes.NewReader(body))
	if err != nil {
		return w.scrub.error(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "wardround")
	req.Header.Set(DeliveryHeader, m.ID)
	req.Header.Set(SignatureHeader, signature(w.key, w.now(), body))
	resp, err := w.client.Do(req)
	if err != nil {
		return w.scrub.error(fmt.Errorf("post: %w", err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // what it says is of no use
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("post: the receiver answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}

// signature is the value of SignatureHeader.
func signature(key secret, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
