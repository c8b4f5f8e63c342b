package nano_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wardround/wardround/mdm/nano"
)

// raw sends a request without caring whether the server reads all of it, and
// returns the status of the answer. A size below 0 is chunked.
func raw(ctx context.Context, url, contentType, signature string, size int64, body io.Reader) (status int, err error) {
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), nano.Path)
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	length := fmt.Sprintf("Content-Length: %d", size)
	if size < 0 {
		length = "Transfer-Encoding: chunked"
	}
	var sent sync.WaitGroup
	sent.Go(func() {
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\n%s\r\n", nano.Path, contentType, length)
		if signature != "" {
			fmt.Fprintf(conn, "Mdm-Signature: %s\r\n", signature)
		}
		_, _ = io.WriteString(conn, "\r\n")
		if size >= 0 {
			_, _ = io.Copy(conn, io.LimitReader(body, size))
			return
		}
		for buf := make([]byte, 32<<10); ; {
			n, err := body.Read(buf)
			if err != nil {
				_, _ = io.WriteString(conn, "0\r\n\r\n")
				return
			}
			if _, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", n, buf[:n]); err != nil {
				return
			}
		}
	})
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		status = resp.StatusCode
		resp.Body.Close()
	}
	conn.Close()
	sent.Wait()
	return status, err
}

// spaces is a body of n bytes.
func spaces(n int64) io.Reader { return io.LimitReader(endless{}, n) }

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// stalling is a body of which so many spaces come first, and then nothing until
// ctx ends.
type stalling struct {
	ctx     context.Context //nolint:containedctx // of the body's life
	first   int
	arrived func() // called when the first bytes have been sent
}

func (s *stalling) Read(p []byte) (int, error) {
	if s.first == 0 {
		s.arrived()
		<-s.ctx.Done()
		return 0, io.EOF
	}
	n, _ := endless{}.Read(p[:min(len(p), s.first)])
	s.first -= n
	return n, nil
}
