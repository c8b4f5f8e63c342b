package sim

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// openKeys gives back to the devices the identities that were kept of them.
func (f *Fleet) openKeys() error {
	if f.cfg.KeyDir == "" {
		return nil
	}
	if err := os.MkdirAll(f.cfg.KeyDir, 0o700); err != nil {
		return fmt.Errorf("folder of identities: %w", err)
	}
	for _, d := range f.devices {
		id, err := d.kept()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("kept identity of %s: %w", d.ID, err)
		}
		d.identity = id
		d.awaits = d.awaits && id.cert == nil
	}
	return nil
}

// keyFile is where the identity of d is kept: certificate and key, PEM.
func (d *device) keyFile() string { return filepath.Join(d.cfg.KeyDir, d.ID+".pem") }

// kept reads the identity of d. One that is no longer valid is none.
func (d *device) kept() (identity, error) {
	text, err := os.ReadFile(d.keyFile())
	if err != nil {
		return identity{}, err
	}
	key, cert, err := readPair(text, text)
	if err != nil {
		return identity{}, fmt.Errorf("%s: %w", d.keyFile(), err)
	}
	if d.cfg.Now().After(cert.NotAfter) || !d.keys.makes(key) {
		return identity{}, nil
	}
	return identity{key, cert}, nil
}

// keep writes the identity of d, once the server has accepted it, where nobody
// else can read it.
func (d *device) keep() error {
	if d.cfg.KeyDir == "" {
		return nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(d.key)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: d.cert.Raw}, {Type: "PRIVATE KEY", Bytes: der}} {
		if err := pem.Encode(&text, block); err != nil {
			return err
		}
	}
	// Written beside and renamed: half a file would stop the next run.
	beside := d.keyFile() + ".new"
	if err := os.WriteFile(beside, text.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(beside, d.keyFile())
}

// readPair reads a certificate and the private key that belongs to it.
func readPair(certPEM, keyPEM []byte) (crypto.Signer, *x509.Certificate, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, nil, err
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, nil, errors.New("the key cannot sign")
	}
	return key, pair.Leaf, nil
}
