package plist_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
)

// root parses a bare value.
func root(t *testing.T, in string) plist.Value {
	t.Helper()
	doc, err := plist.Parse([]byte(in), plist.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", in, err)
	}
	return doc.Root()
}

func TestIntegerIsDecimalOrHexadecimalAndFits(t *testing.T) {
	for _, test := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"0", 0, true},
		{"42", 42, true},
		{"-909", -909, true},
		{"+7", 7, true},
		{" 7\n", 7, true},
		{"0x1F", 31, true},
		{"-0X10", -16, true},
		{"&#52;2", 42, true},
		{"9223372036854775807", math.MaxInt64, true},
		{"-9223372036854775808", math.MinInt64, true},
		{"9223372036854775808", 0, false},
		{"0xffffffffffffffff", 0, false},
		{"", 0, false},
		{"-", 0, false},
		{"--1", 0, false},
		{"-+1", 0, false},
		{"0x", 0, false},
		{"0x-1", 0, false},
		{"1_000", 0, false},
		{"1.0", 0, false},
		{"1 2", 0, false},
		{"{{length}}", 0, false},
	} {
		got, ok := root(t, "<integer>"+test.in+"</integer>").Integer()
		if got != test.want || ok != test.ok {
			t.Errorf("%q: got %d, %v, want %d, %v", test.in, got, ok, test.want, test.ok)
		}
	}
	if _, ok := root(t, "<integer/>").Integer(); ok {
		t.Error("an empty integer is a number")
	}
	if _, ok := root(t, "<real>1</real>").Integer(); ok {
		t.Error("a real is an integer")
	}
	if got := root(t, "<integer>18446744073709551615</integer>").Any(); got != uint64(math.MaxUint64) {
		t.Errorf("beyond int64: got %v", got)
	}
}

func TestRealIsAFiniteNumber(t *testing.T) {
	for _, test := range []struct {
		in   string
		want float64
		ok   bool
	}{
		{"<real>0.94999998807907104</real>", 0.94999998807907104, true},
		{"<real>-1.5e3</real>", -1500, true},
		{"<real> .5 </real>", 0.5, true},
		{"<integer>2</integer>", 2, true},
		{"<integer>18446744073709551615</integer>", math.MaxUint64, true},
		{"<integer>x</integer>", 0, false},
		{"<real>nan</real>", 0, false},
		{"<real>+infinity</real>", 0, false},
		{"<real>-inf</real>", 0, false},
		{"<real>1e999</real>", 0, false},
		{"<real>0x1p4</real>", 0, false},
		{"<real>1_0</real>", 0, false},
		{"<real/>", 0, false},
		{"<string>1</string>", 0, false},
	} {
		got, ok := root(t, test.in).Real()
		if got != test.want || ok != test.ok {
			t.Errorf("%s: got %v, %v, want %v, %v", test.in, got, ok, test.want, test.ok)
		}
	}
	if f, ok := root(t, "<real>nan</real>").Any().(float64); !ok || !math.IsNaN(f) {
		t.Error("nan is lost on the way into any")
	}
}

func TestTimeIsUTC(t *testing.T) {
	for _, test := range []struct {
		in   string
		want time.Time
		ok   bool
	}{
		{"2026-11-22T16:48:00Z", time.Date(2026, 11, 22, 16, 48, 0, 0, time.UTC), true},
		{"\n2026-11-22T17:48:00+01:00 ", time.Date(2026, 11, 22, 16, 48, 0, 0, time.UTC), true},
		{"2026-11-22", time.Time{}, false},
		{"2026-13-22T16:48:00Z", time.Time{}, false},
		{"", time.Time{}, false},
		{"$(date)", time.Time{}, false},
	} {
		got, ok := root(t, "<date>"+test.in+"</date>").Time()
		if got != test.want || ok != test.ok {
			t.Errorf("%q: got %v, %v, want %v, %v", test.in, got, ok, test.want, test.ok)
		}
	}
}

func TestDataIsBase64(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []byte
		ok   bool
	}{
		{"aGVsbG8=", []byte("hello"), true},
		{"\r\n\taGVs\r\n\tbG8=\n", []byte("hello"), true},
		{"aG Vs bG 8=", []byte("hello"), true},
		{"<![CDATA[aGVsbG8=]]>", []byte("hello"), true},
		{"", []byte{}, true},
		{" \n", []byte{}, true},
		{"aGVsbG8", nil, false},
		{"aGVsbG8==", nil, false},
		{"aGVsbG8=aGVs", nil, false},
		{"$FLEET_VAR_CERT", nil, false},
	} {
		got, ok := root(t, "<data>"+test.in+"</data>").Data()
		if diff := cmp.Diff(test.want, got); diff != "" || ok != test.ok {
			t.Errorf("%q: ok %v, want %v; %s", test.in, ok, test.ok, diff)
		}
	}
}

func TestBadScalarCostsOneFieldNotTheAnswer(t *testing.T) {
	v := root(t, "<dict><key>a</key><integer>?</integer><key>b</key><data>?</data><key>c</key><date>?</date><key>d</key><real>?</real><key>e</key><true/></dict>")
	want := map[string]any{"a": "?", "b": "?", "c": "?", "d": "?", "e": true}
	if diff := cmp.Diff(want, v.Any()); diff != "" {
		t.Error(diff)
	}
}

func TestAccessorsOfAnotherKindGiveNothing(t *testing.T) {
	for _, v := range []plist.Value{{}, root(t, "<array><true/></array>"), root(t, "<string>1</string>"), root(t, "<true/>"), root(t, "<dict/>")} {
		if _, ok := v.Text(); ok != (v.Kind() == plist.String) {
			t.Errorf("%v: Text %v", v.Kind(), ok)
		}
		if _, ok := v.Integer(); ok {
			t.Errorf("%v: Integer", v.Kind())
		}
		if _, ok := v.Real(); ok {
			t.Errorf("%v: Real", v.Kind())
		}
		if got, ok := v.Bool(); ok != (v.Kind() == plist.Bool) || got != ok {
			t.Errorf("%v: Bool %v, %v", v.Kind(), got, ok)
		}
		if _, ok := v.Time(); ok {
			t.Errorf("%v: Time", v.Kind())
		}
		if _, ok := v.Data(); ok {
			t.Errorf("%v: Data", v.Kind())
		}
		if _, ok := v.Get("a"); ok {
			t.Errorf("%v: Get", v.Kind())
		}
		for range v.Pairs() {
			t.Errorf("%v: Pairs", v.Kind())
		}
		for range v.Items() {
			if v.Kind() != plist.Array {
				t.Errorf("%v: Items", v.Kind())
			}
		}
	}
}

func TestNothingIsSafe(t *testing.T) {
	var v plist.Value
	start, end := v.Span()
	keyStart, keyEnd := v.KeySpan()
	if v.Kind() != 0 || v.Len() != 0 || start+end+keyStart+keyEnd != 0 || v.Any() != nil {
		t.Errorf("nothing is something: %v %d %v", v.Kind(), v.Len(), v.Any())
	}
}

func TestGetFindsTheLastOfEqualKeys(t *testing.T) {
	v := root(t, "<dict><key>a</key><dict><key>b</key><true/></dict><key>b</key><integer>1</integer><key>&#98;</key><integer>2</integer></dict>")
	b, ok := v.Get("b")
	if i, _ := b.Integer(); i != 2 || !ok {
		t.Errorf("got %d, %v, want 2", i, ok)
	}
	if _, ok := v.Get("c"); ok {
		t.Error("found what is not there")
	}
	var keys []string
	for key := range v.Pairs() {
		keys = append(keys, key)
	}
	if diff := cmp.Diff([]string{"a", "b", "b"}, keys); diff != "" || v.Len() != 3 {
		t.Errorf("pairs come as they are written, each time: %s", diff)
	}
}

func TestIterationStops(t *testing.T) {
	n := 0
	for range root(t, "<array><true/><true/></array>").Items() {
		n++
		break
	}
	for range root(t, "<dict><key>a</key><true/><key>b</key><true/></dict>").Pairs() {
		n++
		break
	}
	if n != 2 {
		t.Errorf("got %d rounds, want 2", n)
	}
}

func TestSpanIsTheContentBetweenTheTags(t *testing.T) {
	in := "<dict><key>a&amp;b</key><string>x<![CDATA[y]]></string><key>t</key><true/><key>l</key><array> <data/></array></dict>"
	doc, err := plist.Parse([]byte(in), plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	span := func(start, end int) string { return in[start:end] }
	a, _ := doc.Root().Get("a&b")
	yes, _ := doc.Root().Get("t")
	l, _ := doc.Root().Get("l")
	var data plist.Value
	for data = range l.Items() {
	}
	for _, test := range []struct{ name, got, want string }{
		{"text keeps its markup", span(a.Span()), "x<![CDATA[y]]>"},
		{"so does a key", span(a.KeySpan()), "a&amp;b"},
		{"a boolean has no content", span(yes.Span()), ""},
		{"a container has everything in it", span(l.Span()), " <data/>"},
		{"an empty element has no content", span(data.Span()), ""},
		{"an item has no key", span(data.KeySpan()), ""},
		{"the root has no key", span(doc.Root().KeySpan()), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, test.got, test.want)
		}
	}
	if start, _ := yes.Span(); !strings.HasSuffix(in[:start], "<true/>") {
		t.Errorf("the place of a boolean is %d, not behind its tag", start)
	}
}

func TestOverwritingInPlaceLeavesTheRestReadable(t *testing.T) {
	in := []byte("<dict><key>IMEI</key><string>01&#32;23</string><key>Name</key><string>x</string></dict>")
	doc, err := plist.Parse(in, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	imei, _ := doc.Root().Get("IMEI")
	start, end := imei.Span()
	copy(doc.Bytes()[start:end], strings.Repeat("x", end-start))
	want := map[string]any{"IMEI": "xxxxxxxxx", "Name": "x"}
	if diff := cmp.Diff(want, doc.Root().Any()); diff != "" {
		t.Errorf("the document itself: %s", diff)
	}
	if diff := cmp.Diff(want, root(t, string(in)).Any()); diff != "" {
		t.Errorf("the input, read again: %s", diff)
	}
}
