package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// Post posts a body once, signed as events are if there is a key. Any answer of
// the 200s says that it has arrived; another is an error, with its status. A
// redirect is not followed: a GET of another page would not bring the body there.
// Errors do not tell the address, which may hold a secret; status is 0 if there
// was no answer.
func Post(ctx context.Context, client *http.Client, address string, key Secret, contentType string, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, withoutURL(err)
	}
	req.Header.Set("Content-Type", contentType)
	if key != "" {
		req.Header.Set(SignatureHeader, key.Sign(body))
	}
	stays := *client
	stays.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stays.Do(req)
	if err != nil {
		return 0, withoutURL(err)
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection serves again
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, fmt.Errorf("it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return resp.StatusCode, nil
}
