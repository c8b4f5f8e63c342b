package chain_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/chain"
)

func TestCanonical(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    any
		want string
	}{
		{"members are in order", map[string]any{"b": 1, "a": true, "": false}, `{"":false,"a":true,"b":1}`},
		// RFC 8785, 3.2.3: by UTF-16, the emoji (D83D) sorts before U+FB33, by code point behind it.
		{
			"order is of UTF-16",
			map[string]int{"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
			"{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001f600\":5,\"\ufb33\":3}",
		},
		// RFC 8785, 3.2.2.2, and what encoding/json escapes and it does not.
		{"texts have the fewest escapes", "\u20ac$\x0f\nA'B\"\\\\\"/<>&\u2028\x7f\b\t\f\r", "\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/<>&\u2028\x7f\\b\\t\\f\\r\""},
		{"escapes are undone", json.RawMessage(`"\u0041\/\ud83d\ude00"`), "\"A/\U0001f600\""},
		{"white space goes", json.RawMessage(" [ 1 , { } , [ ] ] "), `[1,{},[]]`},
		{"integers of 53 bits are exact", []int64{0, -1, 1<<53 - 1, -1<<53 + 1}, `[0,-1,9007199254740991,-9007199254740991]`},
		{"what is not UTF-8 is replaced", "a\xffb", "\"a\ufffdb\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := chain.Canonical(tt.v)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if err := chain.CheckCanonical(got); err != nil {
				t.Errorf("it is not canonical itself: %v", err)
			}
		})
	}
}

func TestWhatTheChainNeverHolds(t *testing.T) {
	for name, v := range map[string]any{
		"a fraction":                json.RawMessage(`{"a":1.5}`),
		"a fraction of nothing":     json.RawMessage(`1.0`),
		"an exponent":               json.RawMessage(`1e3`),
		"minus zero":                json.RawMessage(`-0`),
		"an integer of 54 bits":     int64(1 << 53),
		"the largest integer":       uint64(math.MaxUint64),
		"null":                      map[string]any{"a": nil},
		"a name twice":              json.RawMessage(`{"a":1,"b":2,"\u0061":3}`),
		"too deep":                  json.RawMessage(strings.Repeat("[", 17) + strings.Repeat("]", 17)),
		"more than a body may have": strings.Repeat("a", chain.MaxBody),
		"what JSON cannot say":      math.Inf(1),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := chain.Canonical(v); err == nil {
				t.Errorf("got %.80s", got)
			}
		})
	}
}

func TestDepthAndSizeUpToTheirBoundsAreFine(t *testing.T) {
	deep := strings.Repeat("[", 16) + strings.Repeat("]", 16)
	long := `"` + strings.Repeat("<", chain.MaxBody-2) + `"` // six bytes each in between
	for _, data := range []string{deep, long} {
		if got, err := chain.Canonical(json.RawMessage(data)); err != nil || string(got) != data {
			t.Errorf("%.40s... of %d bytes: %v", data, len(data), err)
		}
	}
}

func TestOnlyCanonicalTextIsTaken(t *testing.T) {
	for _, data := range []string{
		"", " ", "{", "}", "[1,]", "[,1]", "[1 2]", `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a" 1}`, `{1:1}`, "[1]]", "1 1", "01", "+1", "tru", "nul", "null",
		`{"b":1,"a":1}`, `{"a":1,"a":1}`, `{ "a":1}`, "1\n", `"\u0041"`, `"\/"`, `"\u000A"`, `"\u000f `, `"\ud800"`, "\"\xff\"", "\"\x01\"", "\ufeff1", "[1:2]", `{"a",1}`, "[tru,1]",
	} {
		if err := chain.CheckCanonical([]byte(data)); err == nil {
			t.Errorf("%q is taken", data)
		}
	}
}

// FuzzCanonical wants that what is taken as canonical is what its value is
// written as, and that no other text of that value is taken.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"":false,"a":[1,-2,"\u000f"]}`, `[[[[]]]]`, "\"\u20ac\\\"\"", `{"b":1,"a":1}`, `1e3`, "[1,]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		strict := chain.CheckCanonical(data) == nil
		if strict && !json.Valid(data) {
			t.Fatalf("%q is no JSON", data)
		}
		if !json.Valid(data) {
			return
		}
		out, err := chain.Canonical(json.RawMessage(data))
		if (out == nil) == (err == nil) {
			t.Fatalf("%q and %v", out, err)
		}
		if strict != (err == nil && bytes.Equal(out, data)) {
			t.Fatalf("%q is canonical: %t, but it is written as %q (%v)", data, strict, out, err)
		}
		if err != nil {
			return
		}
		again, err := chain.Canonical(json.RawMessage(out))
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%q becomes %q (%v)", out, again, err)
		}
	})
}
