package nano

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"sync"
	"time"
)

// maxVerdicts bounds the cache of chain verdicts: about 10 MB.
const maxVerdicts = 1 << 17

// A chainVerifier checks that a certificate chains to one of the roots, and
// remembers for how long that is so. Only good verdicts are kept, so that
// strangers cannot fill the cache. It is safe for concurrent use.
type chainVerifier struct {
	roots *x509.CertPool
	now   func() time.Time

	mu       sync.Mutex
	verdicts map[[32]byte]validity // guarded by mu
}

// validity is when every certificate of a chain is valid.
type validity struct{ from, until time.Time }

func newChainVerifier(roots *x509.CertPool, now func() time.Time) *chainVerifier {
	return &chainVerifier{roots: roots, now: now, verdicts: make(map[[32]byte]validity)}
}

// verify returns nil if cert chains to a root now, for client authentication.
func (v *chainVerifier) verify(cert *x509.Certificate) error {
	now, key := v.now(), sha256.Sum256(cert.Raw)
	v.mu.Lock()
	seen, ok := v.verdicts[key]
	v.mu.Unlock()
	if ok && !now.Before(seen.from) && !now.After(seen.until) {
		return nil
	}
	chains, err := cert.Verify(x509.VerifyOptions{
		Roots:       v.roots,
		CurrentTime: now,
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return fmt.Errorf("identity certificate: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.verdicts) >= maxVerdicts {
		clear(v.verdicts)
	}
	v.verdicts[key] = validityOf(chains[0])
	return nil
}

func validityOf(chain []*x509.Certificate) validity {
	all := validity{chain[0].NotBefore, chain[0].NotAfter}
	for _, c := range chain[1:] {
		if c.NotBefore.After(all.from) {
			all.from = c.NotBefore
		}
		if c.NotAfter.Before(all.until) {
			all.until = c.NotAfter
		}
	}
	return all
}
