package nano

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/micromdm/nanomdm/service"

	"github.com/wardround/wardround/mdm"
)

// hardFactor is how many times larger than MaxBody a body may be that is read
// only to prove who sent it, so that its command can be taken off the queue.
const hardFactor = 4

// A body is what came in a request.
type body struct {
	bytes   []byte  // all of it; of one that is too large, its beginning
	size    int64   // of what came
	tooBig  bool    // more than MaxBody
	digests digests // of all of it, if tooBig
}

// readBody reads up to limit bytes into memory. What is beyond is digested and
// forgotten, up to hardFactor times limit.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (*body, error) {
	in := http.MaxBytesReader(w, r.Body, hardFactor*limit)
	var buf bytes.Buffer
	if n := min(r.ContentLength, limit); n > 0 {
		buf.Grow(int(n) + bytes.MinRead)
	}
	_, err := io.Copy(&buf, io.LimitReader(in, limit+1))
	if err != nil {
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
