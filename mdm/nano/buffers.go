package nano

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/micromdm/nanomdm/service"
)

const (
	// firstStep is how much of a body is read before there is more memory for
	// it, in bytes.
	firstStep = 16 << 10
	// smallBody is the size up to which bodies have memory of their own, which
	// larger ones cannot take from them, in bytes: most answers are smaller.
	// Their buffers are used again.
	smallBody = 256 << 10
	// smallTogether and smallOfOne bound the small bodies that are in memory at
	// a time, of all devices and of one, in bytes.
	smallTogether = 128 << 20
	smallOfOne    = 1 << 20
	// largestTogether is how many bodies of the largest size all devices
	// together may have in memory. One device may have one.
	largestTogether = 4
)

// errBusy is for a body that there is no memory for while others are read.
var errBusy = errors.New("too many bytes are under way")

// Buffers are what bodies are read into. They are used again from request to
// request, and bound the memory that bodies take: what is over that is refused,
// and consumes nothing. They are safe for concurrent use.
type buffers struct {
	pool         sync.Pool
	small, large *budget
}

// newBuffers returns buffers for bodies of up to largest bytes.
func newBuffers(largest int64) *buffers {
	return &buffers{
		small: newBudget(smallTogether, smallOfOne),
		large: newBudget(largestTogether*largest, largest),
	}
}

// A loan is a buffer in use.
type loan struct {
	from         *buffers
	sender       sender
	limit        int64 // of the body, in bytes
	small, large int64 // granted from either budget, in bytes
	bytes        []byte
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
	l.from.small.giveBack(l.sender, l.small)
	l.from.large.giveBack(l.sender, l.large)
	if n := cap(l.bytes); n > 0 && n <= smallBody {
		b := l.bytes[:0]
		l.from.pool.Put(&b)
	}
}

// grow reports whether the buffer may be as large as size.
func (l *loan) grow(size int64) bool {
	budget, granted := l.from.small, &l.small
	if size > smallBody {
		budget, granted = l.from.large, &l.large
	}
	more := size - l.small - l.large
	if more <= 0 {
		return true
	}
	if !budget.take(l.sender, more) {
		return false
	}
	*granted += more
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

// A sender is known by the digest of its certificate.
type sender [sha256.Size]byte

// A budget is an amount of memory of which one sender may have only a part. It
// is safe for concurrent use.
type budget struct {
	all, each int64 // in bytes

	mu    sync.Mutex
	taken int64            // guarded by mu
	by    map[sender]int64 // guarded by mu
}

func newBudget(all, each int64) *budget {
	return &budget{all: all, each: each, by: make(map[sender]int64)}
}

// take reports whether there were n bytes for the sender.
func (b *budget) take(who sender, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken+n > b.all || b.by[who]+n > b.each {
		return false
	}
	b.taken += n
	b.by[who] += n
	return true
}

func (b *budget) giveBack(who sender, n int64) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken -= n
	if b.by[who] -= n; b.by[who] == 0 {
		delete(b.by, who)
	}
}
