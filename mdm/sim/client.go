package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// The content types of Apple's MDM client.
const (
	reportType  = "application/x-apple-aspen-mdm; charset=UTF-8"
	checkInType = "application/x-apple-aspen-mdm-checkin"
)

// maxCommand bounds what a device reads from its server, in bytes.
const maxCommand = 1 << 20

// A statusError is an answer of the server that is not 200.
type statusError struct{ code int }

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.code, http.StatusText(e.code))
}

// errTooLong is for a command that no device would read.
var errTooLong = errors.New("a command of more than 1 MiB")

// put sends one signed body and returns what the server answers. What goes
// wrong is counted.
func (d *device) put(ctx context.Context, kind Kind, body []byte) ([]byte, error) {
	answer, err := d.exchange(ctx, kind, body)
	if err != nil {
		d.meter.failed(ctx, kind, err)
	}
	return answer, err
}

// exchange is put for a request that may be refused without that being wrong.
func (d *device) exchange(ctx context.Context, kind Kind, body []byte) ([]byte, error) {
	url, contentType := d.cfg.URL, reportType
	if kind == KindEnrol {
		url, contentType = d.cfg.CheckInURL, checkInType
	}
	header, err := d.sign(body, d.cfg.Signature)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Mdm-Signature", header)
	req.Header.Set("User-Agent", "MDM/1.0")
	started := d.cfg.Now()
	answer, err := d.send(req)
	d.meter.request(kind, d.cfg.Now().Sub(started), len(body), len(answer), err)
	return answer, err
}

// send does the exchange, and reads no more than a device would.
func (d *device) send(req *http.Request) ([]byte, error) {
	resp, err := d.cfg.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxCommand+1))
	switch {
	case err != nil:
		return answer, err
	case resp.StatusCode != http.StatusOK:
		return answer, &statusError{resp.StatusCode}
	case len(answer) > maxCommand:
		return answer, errTooLong
	}
	return answer, nil
}
