package chain_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/chain"
)

func TestABodyIsReadAsItWasWritten(t *testing.T) {
	l := newLedger(t)
	want := chain.Attestation{Statement: statement("a1")}
	got, err := chain.Decode[chain.Attestation](l.append(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

func TestNothingInABodyGoesUnread(t *testing.T) {
	l := newLedger(t)
	e := l.append(t, chain.Erasure{Subject: "subject-0123456789abcdef", Reason: "request", Entries: []int64{1}})
	if _, err := chain.Decode[chain.Erasure](e); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"a member of a later version": strings.Replace(string(e.Body), `"subject"`, `"saved":true,"subject"`, 1),
		"a name in capitals":          strings.Replace(string(e.Body), `"subject"`, `"subjecT"`, 1),
		"a member missing":            strings.Replace(string(e.Body), `"rows":0,`, ``, 1),
		"an empty list":               strings.Replace(string(e.Body), `[1]`, `[]`, 1),
		"a text for a number":         strings.Replace(string(e.Body), `[1]`, `["1"]`, 1),
		"nobody":                      strings.Replace(string(e.Body), `"subject-0123456789abcdef"`, `""`, 1),
		"not JSON":                    `{`,
	} {
		t.Run(name, func(t *testing.T) {
			e := e
			e.Body = []byte(body)
			if got, err := chain.Decode[chain.Erasure](e); err == nil {
				t.Errorf("got %+v", got)
			}
		})
	}
	if _, err := chain.Decode[chain.Prune](e); err == nil {
		t.Error("an erasure is read as a prune")
	}
	e.Body = nil
	if _, err := chain.Decode[chain.Erasure](e); err == nil {
		t.Error("a dropped body is read")
	}
}

func TestEqualStatementsHaveDifferentBodies(t *testing.T) {
	l := newLedger(t)
	a, b := l.append(t, chain.Waiver{Statement: statement("w1")}), l.append(t, chain.Waiver{Statement: statement("w1")})
	if a.BodySHA256 == b.BodySHA256 {
		t.Error("the digest of a dropped body tells what was in it")
	}
}
