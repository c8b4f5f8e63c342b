package nano

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"

	"github.com/micromdm/nanomdm/service"

	"github.com/wardround/wardround/mdm"
)

// hardFactor is how many times larger than MaxBody a body may be that is read
// only to prove who sent it, so that its command can be taken off the queue.
const hardFactor = 4

const (
	// firstStep is how much of a body is read before there is more memory for
	// it, in bytes.
	firstStep = 16 << 10
	// maxPooled bounds the buffers that are used again, in bytes: most answers
	// fit, and a few large ones must not stay in memory.
	maxPooled = 1 << 20
	// largestTogether is how many bodies of the largest size all devices
	// together may have in memory. One device may have one.
	largestTogether = 8
)

// errBusy is for a body that there is no memory for while others are read.
var errBusy = errors.New("too many bytes are under way")

// Buffers are used again from request to request, and bound the bodies that
// are in memory at a time: those of one sender together may be as large as the
// largest one may be, and those of all as largestTogether of them. What is over
// that is refused, and consumes nothing. They are safe for concurrent use.
type buffers struct {
	largest int64 // body, in bytes
	pool    sync.Pool
	large   sync.Mutex // held while a body that is too large for the pool is made sense of

	mu    sync.Mutex
	held  map[[sha256.Size]byte]int64 // bytes by certificate; guarded by mu
	total int64                       // guarded by mu
}

// A loan is a buffer in use.
type loan struct {
	from    *buffers
	sender  [sha256.Size]byte
	limit   int64 // of the body, in bytes
	granted int64
	bytes   []byte
}

// lend returns an empty buffer for a body of up to limit bytes. The sender is
// known by the certificate, in DER.
func (p *buffers) lend(certificate []byte, limit int64) *loan {
	l := &loan{from: p, sender: sha256.Sum256(certificate), limit: limit}
	if b, ok := p.pool.Get().(*[]byte); ok && l.grow(int64(cap(*b))) {
		l.bytes = *b
	}
	return l
}

// giveBack ends a loan.
func (l *loan) giveBack() {
	p := l.from
	p.mu.Lock()
	p.total -= l.granted
	if p.held[l.sender] -= l.granted; p.held[l.sender] <= 0 {
		delete(p.held, l.sender)
	}
	p.mu.Unlock()
	if n := cap(l.bytes); n > 0 && n <= maxPooled {
		b := l.bytes[:0]
		p.pool.Put(&b)
	}
}

// grow reports whether the buffer may be as large as size.
func (l *loan) grow(size int64) bool {
	p, more := l.from, size-l.granted
	if more <= 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.total+more > largestTogether*p.largest || p.held[l.sender]+more > p.largest {
		return false
	}
	if p.held == nil {
		p.held = make(map[[sha256.Size]byte]int64)
	}
	p.held[l.sender] += more
	p.total += more
	l.granted = size
	return true
}

// fill reads up to the limit of the loan. The buffer grows with what came, not
// with what a header promises.
func (l *loan) fill(in io.Reader) error {
	for size := int64(firstStep); ; size *= 2 {
		size = min(size, l.limit)
		if !l.grow(size) {
			return &service.HTTPStatusError{Status: http.StatusServiceUnavailable, Err: errBusy}
		}
		l.bytes = slices.Grow(l.bytes, int(size)-len(l.bytes))
		for int64(len(l.bytes)) < size {
			n, err := in.Read(l.bytes[len(l.bytes):size])
			l.bytes = l.bytes[:len(l.bytes)+n]
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return readError(err)
			}
		}
		if size == l.limit {
			return nil
		}
	}
}

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
