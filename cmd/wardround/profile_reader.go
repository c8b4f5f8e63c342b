package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/spf13/pflag"
)

// addRootsFlag adds the flag that says whose signatures are trusted.
func addRootsFlag(flags *pflag.FlagSet, roots *string) {
	flags.StringVar(roots, "roots", "", "file of the certificates (PEM) that signers of profiles are trusted by")
}

// A profileReader reads profiles and judges their signatures.
type profileReader struct {
	roots *x509.CertPool // nil: nobody is trusted
	now   time.Time
}

func newProfileReader(rootsFile string, now time.Time) (*profileReader, error) {
	if rootsFile == "" {
		return &profileReader{now: now}, nil
	}
	certificates, err := readCertificates(rootsFile)
	if err != nil {
		return nil, usage(fmt.Errorf("--roots: %w", err), "")
	}
	roots := x509.NewCertPool()
	for _, c := range certificates {
		roots.AddCert(c)
	}
	return &profileReader{roots: roots, now: now}, nil
}

func (r *profileReader) read(path string) profileFile {
	f := readProfile(path)
	if f.profile != nil {
		f.signature = f.profile.Verify(r.roots, r.now)
	}
	return f
}

// maxKeyFile is the largest file of certificates or keys that is read, in bytes.
const maxKeyFile = 1 << 20

// readCertificates reads the certificates of a PEM file; none is an error.
func readCertificates(name string) ([]*x509.Certificate, error) {
	rest, err := readFile(name, maxKeyFile)
	if err != nil {
		return nil, err
	}
	var certificates []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		certificates = append(certificates, c)
	}
	if len(certificates) == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM", name)
	}
	return certificates, nil
}
