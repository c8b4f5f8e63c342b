package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/chain"
)

// What openssl makes of a key of 32 nought bytes and of the head of the chain in
// TestTheHashOfAnEntryIsAsDescribed:
//
//	openssl pkey -in chain.key -pubout
//	openssl pkeyutl -sign -inkey chain.key -rawin -in signed -out sig
const (
	opensslKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
-----END PRIVATE KEY-----
`
	opensslPublic = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=
-----END PUBLIC KEY-----
`
	opensslHead = `wardround/chain/head/1/000102030405060708090a0b0c0d0e0f
2
yrceZvqrhgdXroN6ysUox00XYpx+d7nleKwjgBiNUuo=
2026-11-20T23:01:00Z

— wardround 7i4WzZuxl7nv0ZAHP9akxBvJ2OEhUefYmEl2SXYcMvKv/gHZrRs9nLDpxojw0kbOIQuLDjz4nXCErBKiLg5z9sJmywc=
`
)

func TestOpensslSignsAHeadAsWeDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chain.key")
	if err := os.WriteFile(path, []byte(opensslKey), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := chain.LoadOrCreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public().PEM()
	if err != nil || string(public) != opensslPublic {
		t.Errorf("got %s, want %s (%v)", public, opensslPublic, err)
	}
	want, err := chain.ParseHead([]byte(opensslHead))
	if err != nil {
		t.Fatal(err)
	}
	got, err := key.Sign(want.Head)
	if err != nil || got != want {
		t.Errorf("got %v, want %v (%v)", got, want, err)
	}
	if got, want := key.Public().String(), "wardround+ee2e16cd+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAHeadIsALittleText(t *testing.T) {
	key := chain.NewKey()
	head := chain.Head{Chain: chain.ID{0xab}, Seq: 1234, Hash: one(0xff), At: begun.Unix()}
	signed, err := key.Sign(head)
	if err != nil {
		t.Fatal(err)
	}
	const want = `wardround/chain/head/1/ab000000000000000000000000000000
1234
//////////////////////////////////////////8=
2026-11-20T22:00:00Z

— wardround `
	if got := signed.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 6 {
		t.Errorf("got %s\nwant it to begin with\n%s", got, want)
	}
	got, err := chain.ParseHead([]byte(signed.String()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, signed); diff != "" {
		t.Error(diff)
	}
	if err := got.Verify(key.Public()); err != nil {
		t.Error(err)
	}
}

func TestAHeadSurvivesMailAndLog(t *testing.T) {
	key := chain.NewKey()
	want, err := key.Sign(wholeLedger(t).head(10))
	if err != nil {
		t.Fatal(err)
	}
	text := want.String()
	for name, pasted := range map[string]string{
		"lines that end in CR LF": strings.ReplaceAll(text, "\n", "\r\n"),
		"empty lines around it":   "\n\n" + text + "\n \n",
		"without the last":        strings.TrimSpace(text),
		"quoted in a log":         `"` + strings.ReplaceAll(text, "\n", `\n`) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := chain.ParseHead([]byte(pasted))
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestTextsThatAreNoHead(t *testing.T) {
	key := chain.NewKey()
	signed, err := key.Sign(wholeLedger(t).head(10))
	if err != nil {
		t.Fatal(err)
	}
	text := signed.String()
	for name, other := range map[string]string{
		"nothing":            "",
		"too long":           text + strings.Repeat(" ", 1024),
		"of another program": strings.Replace(text, "wardround/chain/head/1/", "example.com/log/", 1),
		"of another version": strings.Replace(text, "head/1/", "head/2/", 1),
		"no number":          strings.Replace(text, "\n10\n", "\nten\n", 1),
		"number nought":      strings.Replace(text, "\n10\n", "\n0\n", 1),
		"a number with sign": strings.Replace(text, "\n10\n", "\n+10\n", 1),
		"too large a number": strings.Replace(text, "\n10\n", "\n9007199254740992\n", 1),
		"no hash":            strings.Replace(text, "=\n", "\n", 1),
		"no time":            strings.Replace(text, "2026-", "26-", 1),
		"a time with zone":   strings.Replace(text, "Z\n", "+00:00\n", 1),
		"a time before 1970": strings.Replace(text, "2026-", "1926-", 1),
		"no signature":       text[:strings.Index(text, "\n\n")],
		"half a signature":   text[:len(text)-40],
		"signed by others":   strings.Replace(text, "— wardround", "— example.com", 1),
		"two signatures":     text + text[strings.Index(text, "—"):],
		"a line more":        strings.Replace(text, "\n10\n", "\n10\n10\n", 1),
		"text in the gap":    strings.Replace(text, "\n\n", "\nx\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if other == text {
				t.Fatal("it was not altered")
			}
			if got, err := chain.ParseHead([]byte(other)); err == nil || got.Seq != 0 {
				t.Errorf("got %v and %v", got, err)
			}
		})
	}
}

func TestASignatureIsOfOneHeadAndOneKey(t *testing.T) {
	key, other := chain.NewKey(), chain.NewKey()
	signed, err := key.Sign(wholeLedger(t).head(10))
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(other.Public()); !errors.Is(err, chain.ErrOtherKey) {
		t.Errorf("got %v, want %v", err, chain.ErrOtherKey)
	}
	for name, alter := range map[string]func(*chain.SignedHead){
		"the chain":     func(s *chain.SignedHead) { s.Chain[0] ^= 1 },
		"the number":    func(s *chain.SignedHead) { s.Seq++ },
		"the hash":      func(s *chain.SignedHead) { s.Hash[0] ^= 1 },
		"the time":      func(s *chain.SignedHead) { s.At++ },
		"the signature": func(s *chain.SignedHead) { s.Signature[0] ^= 1 },
		"the key hash":  func(s *chain.SignedHead) { s.KeyHash[0] ^= 1 },
	} {
		altered := signed
		alter(&altered)
		if altered.Verify(key.Public()) == nil {
			t.Errorf("%s was altered and the signature fits", name)
		}
	}
	for _, h := range []chain.Head{{}, {Seq: 1, At: -1}} {
		if _, err := key.Sign(h); err == nil {
			t.Errorf("%+v is signed", h)
		}
	}
	if _, err := (chain.Key{}).Sign(signed.Head); err == nil {
		t.Error("no key signs")
	}
}

func TestALaterHeadFollowsAnEarlierOne(t *testing.T) {
	l := wholeLedger(t)
	for _, tt := range []struct {
		older, newer int
		entries      []chain.Entry
	}{{2, 9, l.entries[2:9]}, {2, 9, l.entries[2:]}, {9, 9, nil}, {9, 10, l.entries[9:]}} {
		if err := l.head(tt.newer).Follows(t.Context(), l.head(tt.older), each(tt.entries)); err != nil {
			t.Errorf("%d follows %d: %v", tt.newer, tt.older, err)
		}
	}
	forged := slices.Clone(l.entries)
	forged[5] = putIn(forged[4])
	fork := chain.HeadOf(l.id, forged[5], time.Now())
	elsewhere := l.head(9)
	elsewhere.Chain = chain.NewID()
	for _, tt := range []struct {
		name         string
		older, newer chain.Head
		entries      []chain.Entry
	}{
		{"an earlier head", l.head(9), l.head(2), l.entries[9:]},
		{"a head of another chain", l.head(2), elsewhere, l.entries[2:]},
		{"too few entries", l.head(2), l.head(9), l.entries[2:8]},
		{"an entry is missing", l.head(2), l.head(9), l.entries[3:]},
		{"another entry of the same number", l.head(2), fork, l.entries[2:]},
		{"after another entry", fork, l.head(9), l.entries[6:]},
		{"another head of the same number", l.head(6), fork, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.newer.Follows(t.Context(), tt.older, each(tt.entries)); err == nil {
				t.Error("it follows")
			}
		})
	}
}

// FuzzParseHead wants a head or an error, and one text for each head.
func FuzzParseHead(f *testing.F) {
	signed, err := chain.NewKey().Sign(chain.Head{Seq: 1, Chain: chain.NewID()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(signed.String()))
	f.Add([]byte(strings.ReplaceAll(signed.String(), "\n", `\n`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		head, err := chain.ParseHead(text)
		if (head.Seq == 0) == (err == nil) {
			t.Fatalf("%v and %v", head, err)
		}
		if err != nil {
			return
		}
		again, err := chain.ParseHead([]byte(head.String()))
		if err != nil || again != head {
			t.Fatalf("%q becomes %q (%v)", text, again, err)
		}
		lenient := strings.NewReplacer("\r\n", "\n", `\n`, "\n").Replace(string(text))
		if !strings.Contains(lenient, strings.TrimSpace(head.String())) {
			t.Errorf("%q is read as %q", text, head)
		}
	})
}
