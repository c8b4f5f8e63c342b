package chain_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/chain"
)

// The hashes were computed by another program from the description in
// docs/design/0012-the-chain.md. They never change.
func TestTheHashOfAnEntryIsAsDescribed(t *testing.T) {
	id := chain.ID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	first, err := chain.Begin(begun, chain.Genesis{Chain: id, Tool: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Append(begun.Add(time.Hour), chain.Prune{Stock: chain.EvidenceBodies, Through: 41, Rows: 7})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, e := range []chain.Entry{first, second} {
		line, err := chain.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s\n", line)
	}
	const want = `{"at":1795212000,"body":{"chain":"000102030405060708090a0b0c0d0e0f","tool":"1.0.0"},"body_sha256":"865d99022e3d8df53fc8a17d143be1ece15090665d156e0a38ec3407180d1f6b","hash":"33d5bea37161e996097644312cf1f990b0b54d166d57c74b475a264c4669bc16","kind":"genesis","prev":"0000000000000000000000000000000000000000000000000000000000000000","seq":1}
{"at":1795215600,"body":{"rows":7,"stock":"evidence-bodies","through":41},"body_sha256":"80bba7e7775cdb3cb0c8c0dfc5a6a7ed1858cd7338b3e916547b23ed1a4a29d4","hash":"cab71e66faab860757ae837acac528c74d17629c7e77b9e578ac2380188d52ea","kind":"prune","prev":"33d5bea37161e996097644312cf1f990b0b54d166d57c74b475a264c4669bc16","seq":2}
`
	if diff := cmp.Diff(got.String(), want); diff != "" {
		t.Error(diff)
	}
}

func TestALineIsOneEntry(t *testing.T) {
	entries := wholeLedger(t).entries
	entries[4].Body = nil // dropped
	var text bytes.Buffer
	for _, e := range entries {
		line, err := chain.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := chain.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, e); diff != "" {
			t.Error(diff)
		}
		text.Write(append(line, '\n'))
	}
	var read []chain.Entry
	for e, err := range chain.Read(&text) {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, e)
	}
	if diff := cmp.Diff(read, entries); diff != "" {
		t.Error(diff)
	}
}

func TestLinesThatAreNoEntry(t *testing.T) {
	e := wholeLedger(t).entries[8]
	whole, err := chain.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{
		"no entry":             `{}`,
		"not an object":        `[]`,
		"a member too many":    strings.Replace(string(whole), `"seq":9`, `"seq":9,"tail":1`, 1),
		"a member missing":     strings.Replace(string(whole), `"at":`+fmt.Sprint(e.At)+`,`, "", 1),
		"a name in capitals":   strings.Replace(string(whole), `"seq"`, `"sEQ"`, 1),
		"white space":          strings.Replace(string(whole), `"seq":9`, `"seq": 9`, 1),
		"capital hexadecimals": strings.Replace(string(whole), e.Hash.String(), strings.ToUpper(e.Hash.String()), 1),
		"a short hash":         strings.Replace(string(whole), e.Hash.String(), e.Hash.String()[2:], 1),
		"no hexadecimals":      strings.Replace(string(whole), e.Hash.String(), "zz"+e.Hash.String()[2:], 1),
		"number nought":        strings.Replace(string(whole), `"seq":9`, `"seq":0`, 1),
		"a time before 1970":   strings.Replace(string(whole), `"at":`, `"at":-`, 1),
		"a kind in capitals":   strings.Replace(string(whole), `"kind":"prune"`, `"kind":"Prune"`, 1),
		"no kind":              strings.Replace(string(whole), `"kind":"prune"`, `"kind":""`, 1),
		"a long kind":          strings.Replace(string(whole), `"kind":"prune"`, `"kind":"`+strings.Repeat("p", 33)+`"`, 1),
		"a body of a text":     strings.Replace(string(whole), string(e.Body), `"body"`, 1),
		"a line feed":          string(whole) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := chain.Parse([]byte(line))
			if err == nil || got.Seq != 0 {
				t.Errorf("got %+v and %v", got, err)
			}
		})
	}
}

func TestAReadingStopsAtTheFirstError(t *testing.T) {
	line, err := chain.Encode(newLedger(t).entries[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut short":     string(line) + "\n" + string(line[:20]),
		"no line feed":  string(line) + "\n" + string(line),
		"an empty line": string(line) + "\n\n" + string(line) + "\n",
		"without end":   string(line) + "\n" + strings.Repeat("x", chain.MaxBody+4096),
	} {
		t.Run(name, func(t *testing.T) {
			var entries, errs int
			for _, err := range chain.Read(strings.NewReader(text)) {
				if err != nil {
					errs++
					if !strings.HasPrefix(err.Error(), "line 2: ") {
						t.Errorf("got %q, want it to name line 2", err)
					}
					continue
				}
				entries++
			}
			if entries != 1 || errs != 1 {
				t.Errorf("%d entries and %d errors, want one and one", entries, errs)
			}
		})
	}
}

func TestWhatCannotBeAppended(t *testing.T) {
	first := newLedger(t).entries[0]
	good := chain.Prune{Stock: chain.ChainBodies, Through: 1}
	for name, put := range map[string]func() (chain.Entry, error){
		"a genesis without id":     func() (chain.Entry, error) { return chain.Begin(begun, chain.Genesis{}) },
		"a second genesis":         func() (chain.Entry, error) { return first.Append(begun, chain.Genesis{Chain: chain.NewID()}) },
		"to nothing":               func() (chain.Entry, error) { return chain.Entry{}.Append(begun, good) },
		"before 1970":              func() (chain.Entry, error) { return first.Append(time.Unix(-1, 0), good) },
		"a stock that nobody has":  func() (chain.Entry, error) { return first.Append(begun, chain.Prune{Stock: "all"}) },
		"a waiver without salt":    func() (chain.Entry, error) { return first.Append(begun, chain.Waiver{}) },
		"an attestation of none":   func() (chain.Entry, error) { return first.Append(begun, chain.Attestation{}) },
		"an action without a name": func() (chain.Entry, error) { return first.Append(begun, chain.Admin{Salt: chain.NewSalt()}) },
		"an erasure of nobody":     func() (chain.Entry, error) { return first.Append(begun, chain.Erasure{}) },
		"a round that goes back":   func() (chain.Entry, error) { return first.Append(begun, chain.Round{After: 2, Through: 1}) },
		"more than a body may be": func() (chain.Entry, error) {
			return first.Append(begun, chain.Admin{Action: "x", Details: map[string]string{"a": strings.Repeat("a", chain.MaxBody)}, Salt: chain.NewSalt()})
		},
	} {
		t.Run(name, func(t *testing.T) {
			if e, err := put(); err == nil || e.Seq != 0 {
				t.Errorf("got %+v and %v", e, err)
			}
		})
	}
}

// FuzzParse wants an entry or an error, and that a line is one entry's alone.
func FuzzParse(f *testing.F) {
	for _, e := range wholeLedger(f).entries {
		line, err := chain.Encode(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := chain.Parse(line)
		if (e.Seq == 0) == (err == nil) {
			t.Fatalf("%+v and %v", e, err)
		}
		if err != nil {
			return
		}
		again, err := chain.Encode(e)
		if err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%q becomes %q (%v)", line, again, err)
		}
		switch e.Kind { // what a body decodes to is written as that body
		case chain.KindRound:
			decode[chain.Round](t, e)
		case chain.KindWaiver:
			decode[chain.Waiver](t, e)
		case chain.KindErasure:
			decode[chain.Erasure](t, e)
		default:
			decode[chain.Admin](t, e)
		}
	})
}

func decode[B chain.Body](t *testing.T, e chain.Entry) {
	body, err := chain.Decode[B](e)
	if err != nil {
		return
	}
	if data, err := chain.Canonical(body); err != nil || !bytes.Equal(data, e.Body) {
		t.Errorf("%q becomes %q (%v)", e.Body, data, err)
	}
}
