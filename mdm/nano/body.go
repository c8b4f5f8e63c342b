package nano

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/micromdm/nanomdm/service"

	"github.com/wardround/wardround/mdm"
)

// hardFactor is how many times larger than MaxBody a body may be that is read
// only to prove who sent it, so that its command can be taken off the queue.
const hardFactor = 4

// maxPooled bounds the buffers that are used again, in bytes: most answers fit,
// and a few large ones must not stay in memory.
const maxPooled = 1 << 20

// buffers are used again from request to request.
type buffers struct{ pool sync.Pool }

func (p *buffers) get() *bytes.Buffer {
	if b, ok := p.pool.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

func (p *buffers) put(b *bytes.Buffer) {
	if b.Cap() > maxPooled {
		return
	}
	b.Reset()
	p.pool.Put(b)
}

// A body is what came in a request. It is in a buffer that is used again.
type body struct {
	bytes   []byte  // all of it; of one that is too large, its beginning
	size    int64   // of what came
	tooBig  bool    // more than MaxBody
	digests digests // of all of it, if tooBig
}

// readBody reads up to limit bytes into buf. What is beyond is digested and
// forgotten, up to hardFactor times limit.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, buf *bytes.Buffer) (*body, error) {
	in := http.MaxBytesReader(w, r.Body, hardFactor*limit)
	if n := min(r.ContentLength, limit); n > 0 {
		buf.Grow(int(n) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(io.LimitReader(in, limit+1)); err != nil {
		return nil, readError(err)
	}
	b := &body{bytes: buf.Bytes(), size: int64(buf.Len())}
	if b.size <= limit {
		return b, nil
	}
	b.tooBig, b.digests = true, newDigests()
	_, _ = b.digests.Write(b.bytes)
	rest, err := io.Copy(b.digests, in)
	if err != nil {
		return nil, readError(err)
	}
	b.size += rest
	b.bytes = bytes.Clone(b.bytes[:min(len(b.bytes), mdm.KeptOfRefused)])
	return b, nil
}

func readError(err error) error {
	status := http.StatusBadRequest
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
	}
	return &service.HTTPStatusError{Status: status, Err: fmt.Errorf("read the body: %w", err)}
}

// verify checks sig over all that came.
func (b *body) verify(sig *signature) error {
	if b.tooBig {
		return sig.verifyDigest(b.digests)
	}
	return sig.verify(b.bytes)
}

// sha256 is the digest of all that came, of a body that is too large.
func (b *body) sha256() (d mdm.Digest) {
	copy(d[:], b.digests[crypto.SHA256].Sum(nil))
	return d
}
