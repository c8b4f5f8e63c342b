package chain_test

import (
	"testing"

	"github.com/wardround/wardround/internal/chain"
)

func pseudonyms(t *testing.T, begin byte) chain.Pseudonyms {
	t.Helper()
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = begin + byte(i)
	}
	p, err := chain.NewPseudonyms(secret)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func name(t *testing.T, of func(string) (string, error), what string) string {
	t.Helper()
	got, err := of(what)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The names were computed by another program from the description in
// docs/design/0012-the-chain.md. They never change.
func TestPseudonymsAreAsDescribed(t *testing.T) {
	p := pseudonyms(t, 0)
	if got, want := name(t, p.Actor, "alice"), "actor-0470181e2ae9577f"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := name(t, p.Subject, "alice"), "subject-b1206828bc47cd86"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPseudonymsTellWhoIsWho(t *testing.T) {
	p, other := pseudonyms(t, 0), pseudonyms(t, 1)
	alice := name(t, p.Actor, "alice")
	if name(t, p.Actor, "alice") != alice {
		t.Error("one person has two names")
	}
	if name(t, p.Actor, "Alice") == alice || name(t, p.Actor, "") == alice {
		t.Error("two people have one name")
	}
	if name(t, other.Actor, "alice") == alice {
		t.Error("a name does not depend on the secret")
	}
}

func TestThereIsNoPseudonymWithoutASecret(t *testing.T) {
	if _, err := chain.NewPseudonyms(make([]byte, 15)); err == nil {
		t.Error("a short secret is taken")
	}
	if got, err := (chain.Pseudonyms{}).Actor("alice"); err == nil || got != "" {
		t.Errorf("got %q and %v without a key", got, err)
	}
}
