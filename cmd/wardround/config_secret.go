package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
)

// A secret is a key or password. However it is printed, it is ***.
type secret string

// hidden is what is shown of a secret.
const hidden = "***"

// String implements fmt.Stringer; an empty secret is shown as what it is.
func (s secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString implements fmt.GoStringer, for %#v.
func (s secret) GoString() string { return s.String() }

// MarshalText implements encoding.TextMarshaler, for JSON and YAML.
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue implements slog.LogValuer.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// secretOf is the secret of the environment if there is one, else that of the
// file, which key names; both may be empty.
func secretOf(key string, value secret, file string) (secret, error) {
	if value != "" || file == "" {
		return value, nil
	}
	data, err := readSecretFile(file)
	if err != nil {
		return "", usage(fmt.Errorf("%s: %w", key, err), "")
	}
	return secret(data), nil
}

// readSecretFile reads a file that nobody but its owner and its group may read.
// A group is let read because that is how systemd and Kubernetes hand secrets to
// a service. The line break at the end is not part of it.
func readSecretFile(name string) ([]byte, error) {
	data, err := readFile(name, maxSecretFile)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); openToOthers(mode) {
		return nil, fmt.Errorf("%s has mode %04o: others may read or change it; chmod 600 it, and think of it as known", name, mode)
	}
	if data = bytes.TrimRight(data, "\r\n"); len(data) == 0 {
		return nil, errors.New(name + " is empty")
	}
	return data, nil
}

// openToOthers reports a mode that a file with a secret must not have.
func openToOthers(mode fs.FileMode) bool { return mode&0o027 != 0 }
