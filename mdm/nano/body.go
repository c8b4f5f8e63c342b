package nano

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/micromdm/nanomdm/service"

	"github.com/wardround/wardround/mdm"
)

// hardFactor is how many times larger than MaxBody a body may be that is read
// only to prove who sent it, so that its command can be taken off the queue.
const hardFactor = 4

// A body is what came in a request. It is in a buffer that is used again.
type body struct {
	bytes   []byte  // all of it; of one that is too large, its beginning
	size    int64   // of what came
	tooBig  bool    // more than the limit
	digests digests // of all of it, if tooBig
}

// readBody reads as much as l may hold. What is beyond is digested and
// forgotten, up to hardFactor times that.
func readBody(w http.ResponseWriter, r *http.Request, l *loan) (*body, error) {
	hard := hardFactor * l.limit
	if r.ContentLength > hard {
		return nil, readError(&http.MaxBytesError{Limit: hard})
	}
	in := http.MaxBytesReader(w, r.Body, hard)
	if err := l.fill(in); err != nil {
		return nil, err
	}
	b := &body{bytes: l.bytes, size: int64(len(l.bytes))}
	if b.size < l.limit {
		return b, nil
	}
	beyond := newDigests()
	_, _ = beyond.Write(b.bytes)
	rest, err := io.Copy(beyond, in)
	if err != nil {
		return nil, readError(err)
	}
	if rest == 0 {
		return b, nil
	}
	b.tooBig, b.digests = true, beyond
	b.size += rest
	b.bytes = bytes.Clone(b.bytes[:min(len(b.bytes), mdm.KeptOfRefused)])
	return b, nil
}

func readError(err error) error {
	status := http.StatusBadRequest
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status = http.StatusRequestEntityTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		status = http.StatusRequestTimeout
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
