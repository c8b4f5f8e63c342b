package chain

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxKeyFile bounds what is read of a key file, in bytes.
const maxKeyFile = 16 << 10

// LoadOrCreateKey reads the key from a PEM file (PKCS #8), or makes it if there
// is no such file: readable by its owner alone. A file that others may read, or
// that is not a key, is an error, and never written over: heads that it signed
// could be verified no more.
func LoadOrCreateKey(path string) (Key, error) {
	k, err := loadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		k, err = createKey(path)
		if errors.Is(err, fs.ErrExist) { // another process was faster
			k, err = loadKey(path)
		}
	}
	if err != nil {
		return Key{}, fmt.Errorf("open the key of the chain: %w", err)
	}
	return k, nil
}

func loadKey(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, err
	}
	defer f.Close()
	info, err := f.Stat() // of what is read, not of what the name says by then
	if err != nil {
		return Key{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return Key{}, fmt.Errorf("%s is not a PEM file of at most %d bytes", path, maxKeyFile)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return Key{}, fmt.Errorf("%s has mode %04o and may be used by others: chmod 600 it, or, if others may have read it, move it away and a new one is made", path, mode)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return Key{}, err
	}
	k, err := parseKey(data)
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w; move it away and a new one is made", path, err)
	}
	return k, nil
}

func parseKey(data []byte) (Key, error) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return Key{}, errors.New("it is not one PRIVATE KEY")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, err
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return Key{}, errors.New("it is not of Ed25519")
	}
	return Key{&private}, nil
}

// createKey makes a whole file beside path and links it there. So nobody ever
// reads half a key, and a file that is there already stays.
func createKey(path string) (Key, error) {
	k := NewKey()
	der, err := x509.MarshalPKCS8PrivateKey(*k.private)
	if err != nil {
		return Key{}, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".chain-key-*") // with O_EXCL and mode 0600
	if err != nil {
		return Key{}, err
	}
	defer os.Remove(f.Name())
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return Key{}, err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return Key{}, err
	}
	return k, syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name durable.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
