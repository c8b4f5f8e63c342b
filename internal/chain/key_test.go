package chain_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wardround/wardround/internal/chain"
)

func TestAKeyIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chain.key")
	var wg sync.WaitGroup
	keys := make([]chain.PublicKey, 8)
	for i := range keys { // several processes at first start
		wg.Go(func() {
			key, err := chain.LoadOrCreateKey(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key.Public()
		})
	}
	wg.Wait()
	for _, key := range keys {
		if key != keys[0] || key == (chain.PublicKey{}) {
			t.Errorf("got keys %v", keys)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("got mode %v, want -rw------- (%v)", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("got %v beside it (%v)", entries, err)
	}
	data, err := os.ReadFile(path)
	if block, rest := pem.Decode(data); err != nil || block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 {
		t.Errorf("got %d bytes that are not one PRIVATE KEY (%v)", len(data), err)
	}
}

func TestAFileThatIsNoKeyStays(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(elliptical)
	if err != nil {
		t.Fatal(err)
	}
	other := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for _, tt := range []struct {
		name, content, remedy string
		mode                  os.FileMode
	}{
		{"empty", "", "move it away", 0o600},
		{"another text", "hello", "move it away", 0o600},
		{"broken inside", strings.Replace(other, "\nM", "\nA", 1), "move it away", 0o600},
		{"of another sort", other, "not of Ed25519", 0o600},
		{"two keys", other + other, "not one PRIVATE KEY", 0o600},
		{"large", strings.Repeat("x", 1<<20), "at most 16384 bytes", 0o600},
		{"open to the group", "hello", "chmod 600", 0o640},
		{"open to others", "hello", "chmod 600", 0o604},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "chain.key")
			if err := os.WriteFile(path, []byte(tt.content), tt.mode); err != nil {
				t.Fatal(err)
			}
			key, err := chain.LoadOrCreateKey(path)
			if err == nil || key.Public() != (chain.PublicKey{}) || !strings.Contains(err.Error(), tt.remedy) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v and %v, want an error that names %s and says %q", key, err, path, tt.remedy)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != tt.content {
				t.Errorf("the file was written over (%v)", err)
			}
		})
	}
	for name, path := range map[string]string{
		"a folder":         t.TempDir(),
		"no such folder":   filepath.Join(t.TempDir(), "none", "chain.key"),
		"a name of nobody": filepath.Join(t.TempDir(), "a\x00b"),
	} {
		if _, err := chain.LoadOrCreateKey(path); err == nil {
			t.Errorf("%s is a key", name)
		}
	}
}

func TestSecretsArePrintedAsStars(t *testing.T) {
	key := chain.NewKey()
	names, err := chain.NewPseudonyms([]byte("a secret of some length"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []any{key, &key, names, &names} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, secret); got != "***" {
				t.Errorf("%s of a %T is %s", verb, secret, got)
			}
		}
		if got, err := json.Marshal(secret); err != nil || string(got) != `"***"` {
			t.Errorf("JSON of a %T is %s (%v)", secret, got, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).InfoContext(t.Context(), "key", "key", secret)
		if !strings.HasSuffix(log.String(), "key=***\n") {
			t.Errorf("the log has %s", log.String())
		}
	}
	// fmt calls no methods of what stands in a field that is not exported.
	inside := fmt.Sprintf("%+v %#v", struct{ key chain.Key }{key}, struct{ names chain.Pseudonyms }{names})
	if !strings.Contains(inside, "0x") || len(inside) > 250 {
		t.Errorf("inside of another it is %s", inside)
	}
}

func TestAPublicKeyIsReadAsItWasWritten(t *testing.T) {
	for range 20 { // some have a + in their base64
		want := chain.NewKey().Public()
		pemText, err := want.PEM()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{want.String(), string(pemText), "\n" + want.String() + "\r\n", strings.ReplaceAll(string(pemText), "\n", "\r\n")} {
			if got, err := chain.ParsePublicKey([]byte(text)); err != nil || got != want {
				t.Errorf("%q: got %v, want %v (%v)", text, got, want, err)
			}
		}
	}
	want := chain.NewKey().Public()
	pemText, err := want.PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":         "",
		"another name":    strings.Replace(want.String(), "wardround", "example.com", 1),
		"another hash":    strings.Replace(want.String(), "+", "+00000000", 1),
		"cut short":       want.String()[:40],
		"a private key":   strings.ReplaceAll(string(pemText), "PUBLIC", "PRIVATE"),
		"two":             string(pemText) + string(pemText),
		"broken inside":   strings.Replace(string(pemText), "\nM", "\nA", 1),
		"too much of one": want.String() + "=",
	} {
		if got, err := chain.ParsePublicKey([]byte(text)); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// FuzzParsePublicKey wants a key that is written as it can be read.
func FuzzParsePublicKey(f *testing.F) {
	key := chain.NewKey().Public()
	pemText, err := key.PEM()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(key.String()))
	f.Add(pemText)
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := chain.ParsePublicKey(text)
		if err != nil {
			return
		}
		if again, err := chain.ParsePublicKey([]byte(key.String())); err != nil || again != key {
			t.Errorf("%q becomes %v (%v)", text, again, err)
		}
	})
}
