package nano

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// maxCAFile bounds what is read of a certificate or a key, in bytes.
const maxCAFile = 64 << 10

// OpenCA reads a root and its key from two PEM files, or makes them if neither
// is there: the key readable by its owner alone. A key without its root, or one
// that others may read, is an error. A nil now means time.Now.
func OpenCA(certFile, keyFile, name string, now func() time.Time) (*CA, error) {
	if now == nil {
		now = time.Now
	}
	certPEM, certErr := readSmall(certFile)
	keyPEM, keyErr := readSmall(keyFile)
	if errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist) {
		return createCA(certFile, keyFile, name, now)
	}
	if err := errors.Join(certErr, keyErr); err != nil {
		return nil, fmt.Errorf("read an authority: %w", err)
	}
	if info, err := os.Stat(keyFile); err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read an authority: %s may be read by others; chmod 600 it, or make a new authority", keyFile)
	}
	ca, err := parseCA(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("read an authority from %s and %s: %w", certFile, keyFile, err)
	}
	ca.now = now
	return ca, nil
}

func createCA(certFile, keyFile, name string, now func() time.Time) (*CA, error) {
	ca, err := NewCA(name, now)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(ca.key)
	if err != nil {
		return nil, fmt.Errorf("make a root: %w", err)
	}
	// The key first: a root without its key would be an error for ever.
	if err := createFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return nil, fmt.Errorf("keep the root's key: %w", err)
	}
	if err := createFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw}), 0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the root: %w", err), os.Remove(keyFile))
	}
	return ca, nil
}

// createFile writes a file that was not there, and leaves none behind that is
// not whole.
func createFile(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

func readSmall(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxCAFile:
		return nil, fmt.Errorf("%s is no PEM file of at most %d bytes", name, maxCAFile)
	}
	return os.ReadFile(name)
}

func parseCA(certPEM, keyPEM []byte) (*CA, error) {
	block, _ := pem.Decode(certPEM)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("the first holds no CERTIFICATE")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	block, _ = pem.Decode(keyPEM)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("the second holds no PRIVATE KEY (PKCS #8)")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	switch {
	case !ok:
		return nil, errors.New("the key is not of an elliptic curve")
	case !cert.IsCA || !key.PublicKey.Equal(cert.PublicKey):
		return nil, errors.New("the certificate is not the key's, or is no authority")
	}
	return &CA{key: key, cert: cert}, nil
}

// ParseRoots reads the certificates of a PEM file into a pool for Config.
func ParseRoots(pemBytes []byte) (*x509.CertPool, error) {
	pool, n := x509.NewCertPool(), 0
	for block, rest := pem.Decode(pemBytes); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", n+1, err)
		}
		pool.AddCert(cert)
		n++
	}
	if n == 0 {
		return nil, errors.New("there is no CERTIFICATE in it")
	}
	return pool, nil
}
