package plist_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/plist"
)

func TestParseHoldsItsLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("<array>", n) + strings.Repeat("</array>", n) }
	for _, test := range []struct {
		name string
		in   string
		lim  plist.Limits
		want string // empty: accepted
	}{
		{name: "as many bytes as allowed", in: "<true/>", lim: plist.Limits{Bytes: 7}},
		{name: "a byte too many", in: "<true/> ", lim: plist.Limits{Bytes: 7}, want: "more than 7 bytes"},
		{name: "as many levels as allowed", in: nested(3), lim: plist.Limits{Depth: 3}},
		{name: "a level too many", in: nested(4), lim: plist.Limits{Depth: 3}, want: "more than 3 levels"},
		{name: "the default depth", in: nested(64)},
		{name: "past the default depth", in: nested(65), want: "more than 64 levels"},
		{name: "no caller gets more than 1000 levels", in: nested(1001), lim: plist.Limits{Depth: 1 << 30}, want: "more than 1000 levels"},
		{name: "keys count as elements", in: "<dict><key>a</key><true/></dict>", lim: plist.Limits{Elements: 3}},
		{name: "an element too many", in: "<dict><key>a</key><true/></dict>", lim: plist.Limits{Elements: 2}, want: "more than 2 elements"},
		{name: "a million levels, unfinished", in: strings.Repeat("<array>", 1_000_000), want: "more than 64 levels"},
		{name: "a million elements", in: "<array>" + strings.Repeat("<true/>", 1_000_000) + "</array>", want: "more than 500000 elements"},
		{name: "UTF-16 that grows past the limit", in: utf16Bytes("<string>"+strings.Repeat("佐", 50)+"</string>", false), lim: plist.Limits{Bytes: 140}, want: "more than 140 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := plist.Parse([]byte(test.in), test.lim)
			if test.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if limit, ok := errors.AsType[*plist.LimitError](err); !ok || limit.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestMemoryIsBoundedByTheInput(t *testing.T) {
	for name, in := range map[string]string{
		"tags only":         strings.Repeat("<", 300_000),
		"booleans":          "<array>" + strings.Repeat("<true/>", 100_000) + "</array>",
		"keys":              "<dict>" + strings.Repeat("<key/>", 100_000) + "</dict>",
		"pairs":             "<dict>" + strings.Repeat("<key/><true/>", 50_000) + "</dict>",
		"levels":            strings.Repeat("<array>", 100_000),
		"one string":        "<string>" + strings.Repeat("a", 1<<20) + "</string>",
		"UTF-16":            utf16Bytes("<string>"+strings.Repeat("佐", 1<<17)+"</string>", false),
		"not UTF-8 at last": "<string>" + strings.Repeat("a", 1<<20) + "\xff</string>",
		"binary objects":    string(manyObjects(100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(in)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			plist.Parse(data, plist.Limits{})
			runtime.ReadMemStats(&after)
			if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(20*len(in)+1<<17); got > limit {
				t.Errorf("%d bytes allocated for %d, more than %d", got, len(in), limit)
			}
		})
	}
}

// Each input once made some parser quadratic; together they take a second.
func TestParseIsLinear(t *testing.T) {
	start := time.Now()
	for _, in := range []string{
		"<plist>" + strings.Repeat("<", 8<<20),
		"<array><string>" + strings.Repeat("&amp;", 1<<20) + "</string></array>",
		"<string>" + strings.Repeat("<!---->", 1<<20) + "</string>",
		"<dict>" + strings.Repeat("<key>a</key>", 1<<20) + "</dict>",
		"<dict>" + strings.Repeat("<key>a</key><true/>", 200_000) + "</dict>",
		strings.Repeat("<!DOCTYPE plist>", 1<<19),
		"<true/>" + strings.Repeat("\x00", 8<<20),
	} {
		plist.Parse([]byte(in), plist.Limits{})
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v: something is quadratic", took)
	}
}
