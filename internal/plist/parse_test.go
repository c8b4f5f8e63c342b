package plist_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
)

// list wraps a value as Apple does.
func list(value string) string { return header + value + "\n</plist>\n" }

func TestParseReadsWhatDevicesAndPeopleSend(t *testing.T) {
	one := map[string]any{"a": "b"}
	const dict = "<dict><key>a</key><string>b</string></dict>"
	for _, test := range []struct {
		name  string
		in    string
		want  any
		notes []string
	}{
		{name: "as Apple writes it", in: list(dict), want: one},
		{name: "a blank line before the declaration", in: "\n " + list(dict), want: one},
		{name: "no declaration", in: `<plist version="1.0">` + dict + "</plist>", want: one, notes: []string{"missing-declaration"}},
		{name: "no DOCTYPE", in: `<?xml version="1.0"?><plist version="1.0">` + dict + "</plist>", want: one},
		{name: "the DOCTYPE of Apple Computer", in: `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist version="1.0">` + dict + "</plist>", want: one},
		{name: "a system DOCTYPE", in: `<?xml version="1.0"?><!DOCTYPE plist SYSTEM "file://localhost/System/Library/DTDs/PropertyList.dtd"><plist>` + dict + "</plist>", want: one},
		{name: "plist version 1", in: `<?xml version="1.0"?><plist version="1">` + dict + "</plist>", want: one},
		{name: "single quotes, all on one line", in: `<?xml version='1.0' encoding='UTF-8'?><plist version='1.0'>` + dict + "</plist>", want: one},
		{name: "curly quotes in the declaration", in: "<?xml version=“1.0” encoding=“UTF-8”?><plist version=“1.0”>" + dict + "</plist>", want: one},
		{name: "an unquoted version and no space between attributes", in: `<?xml version="1.0"encoding="UTF-8"?><plist version=1.0>` + dict + "</plist>", want: one},
		{name: "a plist tag with one quote", in: `<?xml version="1.0"?><plist version="1.0>` + dict + "</plist>", want: one},
		{name: "no plist element", in: `<?xml version="1.0"?>` + dict, want: one, notes: []string{"missing-plist"}},
		{name: "an outdated encoding in the declaration", in: `<?xml version="1.0" encoding="UTF-16"?><plist>` + dict + "</plist>", want: one},
		{name: "a UTF-8 byte order mark", in: "\ufeff" + list(dict), want: one, notes: []string{"bom"}},
		{name: "carriage returns and line feeds", in: strings.ReplaceAll(list("<dict>\n<key>a</key>\n<string>b</string>\n</dict>"), "\n", "\r\n"), want: one},
		{name: "NUL bytes after the end", in: list(dict) + "\x00\x00\n\x00", want: one, notes: []string{"stray-after-end"}},
		{name: "a comment and an instruction after the end", in: list(dict) + "<!-- signed off --><?done?>\n", want: one},
		{name: "two hyphens inside a comment", in: list("<!-- a -- b -->" + dict), want: one},
		{name: "comments everywhere", in: "<!--1--><?xml version='1.0'?><!--2--><plist><!--3--><dict><!--4--><key>a</key><!--5--><string>b</string><!--6--></dict><!--7--></plist>", want: one},
		{name: "a comment that holds markup", in: list("<dict><key>a</key><!-- <string>c</string> --><string>b</string></dict>"), want: one},
		{name: "a comment inside a string is no part of it", in: list("<string>b<!-- c -->d</string>"), want: "bd"},
		{name: "CDATA in key and string", in: list("<dict><key><![CDATA[a]]></key><string><![CDATA[<b>]]> &amp; <![CDATA[&lt;]]></string></dict>"), want: map[string]any{"a": "<b> & &lt;"}},
		{name: "the five entities", in: list("<string>&lt;&gt;&amp;&quot;&apos;</string>"), want: `<>&"'`},
		{name: "character references", in: list("<string>&#65;&#x42;&#X43;&#128512;&#x000041;</string>"), want: "ABC😀A"},
		{name: "an entity made of an entity stays text", in: list("<string>&amp;lt;</string>"), want: "&lt;"},
		{name: "a line end inside a string stays", in: list("<string>a\r\nb\n</string>"), want: "a\r\nb\n"},
		{name: "a control byte inside a key", in: list("<dict><key>PayloadIdentifie\x04r</key><string>b</string></dict>"), want: map[string]any{"PayloadIdentifie\x04r": "b"}, notes: []string{"control-byte"}},
		{name: "a NUL byte inside a string", in: list("<string>a\x00b</string>"), want: "a\x00b", notes: []string{"control-byte"}},
		{name: "names with CJK, quotes and an accent", in: list("<string>佐藤 “iPad” Ä</string>"), want: "佐藤 “iPad” Ä"},
		{name: "a key without a value is not reported", in: list("<dict><key>x</key><key>a</key><string>b</string><key>y</key></dict>"), want: one, notes: []string{"key-without-value", "key-without-value"}},
		{name: "of equal keys the last counts", in: list("<dict><key>a</key><true/><key>a</key><string>b</string></dict>"), want: one, notes: []string{"duplicate-key"}},
		{name: "keys that are equal only when decoded", in: list("<dict><key>&#97;</key><true/><key><![CDATA[a]]></key><string>b</string></dict>"), want: one, notes: []string{"duplicate-key"}},
		{name: "empty containers and scalars", in: list("<array><dict/><dict></dict><array/><array> </array><string/><string></string><data/><data></data></array>"), want: []any{map[string]any{}, map[string]any{}, []any{}, []any{}, "", "", []byte{}, []byte{}}},
		{name: "an empty key", in: list("<dict><key/><true/></dict>"), want: map[string]any{"": true}},
		{name: "booleans in both forms", in: list("<array><true/><false /><true></true><false>\n</false></array>"), want: []any{true, false, true, false}},
		{name: "blanks inside tags", in: list("<array ><string\n>a</string ><integer\t>1</integer\n></array\r\n>"), want: []any{"a", int64(1)}},
		{name: "attributes on values", in: list(`<array id="1"><string xml:space='preserve'>a</string></array>`), want: []any{"a"}},
		{name: "template text where a number belongs", in: list("<dict><key>n</key><integer>{{passcode_length}}</integer></dict>"), want: map[string]any{"n": "{{passcode_length}}"}},
		{name: "a variable where base64 belongs", in: list("<data>$FLEET_VAR_CERT</data>"), want: "$FLEET_VAR_CERT"},
		{name: "a scalar as the root", in: list("<integer>-909</integer>"), want: int64(-909)},
		{name: "DEL is an ordinary character", in: list("<string>a\x7f</string>"), want: "a\x7f"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := plist.Parse([]byte(test.in), plist.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, doc.Root().Any()); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			var codes []string
			for _, note := range doc.Notes() {
				codes = append(codes, note.Code)
			}
			if diff := cmp.Diff(test.notes, codes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if doc.Rewritten() || string(doc.Bytes()) != test.in {
				t.Error("the bytes of UTF-8 XML are not the input itself")
			}
		})
	}
}

func TestParseRefusesWithPlaceAndReason(t *testing.T) {
	for _, test := range []struct {
		name string
		in   string
		want string
	}{
		{name: "an internal subset", in: "<?xml version=\"1.0\"?>\n<!DOCTYPE plist [ <!ENTITY a \"aaaa\"> ]>\n<plist/>", want: "line 2, column 17: DOCTYPE with an internal subset"},
		{name: "an entity declaration", in: "<!ENTITY a \"b\"><plist><true/></plist>", want: "line 1, column 1: markup declaration other than DOCTYPE"},
		{name: "a DOCTYPE without its end", in: "<!DOCTYPE plist", want: "line 1, column 1: DOCTYPE without its end"},
		{name: "a DOCTYPE that two readers end in two places", in: "<!DOCTYPE \"><true/><!-- \"><false/><!-- -->", want: "line 1, column 1: DOCTYPE without its end"},
		{name: "an unknown entity", in: "<plist>\n<string>&entity;</string></plist>", want: "line 2, column 9: & that begins no entity of XML's own; write &amp;"},
		{name: "an unescaped ampersand", in: "<plist><string>Smith & Sons</string></plist>", want: "line 1, column 22: & that begins no entity of XML's own; write &amp;"},
		{name: "an unescaped ampersand in a key", in: "<plist><dict><key>a&b</key><true/></dict></plist>", want: "line 1, column 20: & that begins no entity of XML's own; write &amp;"},
		{name: "an entity cut by the end tag", in: "<plist><string>&am</string>p;</plist>", want: "line 1, column 16: & that begins no entity of XML's own; write &amp;"},
		{name: "a reference to half a character", in: "<plist><string>&#xD800;</string></plist>", want: "line 1, column 16: & that begins no entity of XML's own; write &amp;"},
		{name: "a reference to NUL", in: "<plist><string>&#0;</string></plist>", want: "line 1, column 16: & that begins no entity of XML's own; write &amp;"},
		{name: "a tag in capitals", in: "<plist><String>a</String></plist>", want: `line 1, column 8: element "String" does not exist in property lists`},
		{name: "an unknown tag", in: "<plist><dict><key>a</key><null/></dict></plist>", want: `line 1, column 26: element "null" does not exist in property lists`},
		{name: "an end tag without its <", in: "<plist><dict><key>a</key><string>b/string></dict></plist>", want: "line 1, column 26: string without its end tag"},
		{name: "an end tag of another name", in: "<plist><dict><key>a</key><string>b</strin></dict></plist>", want: "line 1, column 26: string without its end tag"},
		{name: "an end tag with a longer name", in: "<plist><string>b</strings></plist>", want: "line 1, column 17: end tag without its end"},
		{name: "containers that cross", in: "<plist><dict><key>a</key><array></dict></array></plist>", want: "line 1, column 26: array without its end tag"},
		{name: "a tag inside a string", in: "<plist><string>a<true/></string></plist>", want: "line 1, column 17: markup inside string, or a < that is not written &lt;"},
		{name: "text in a dict", in: "<plist><dict>a<key>b</key><true/></dict></plist>", want: "line 1, column 14: text between the elements of dict"},
		{name: "text in an array", in: "<plist><array><true/>,<true/></array></plist>", want: "line 1, column 22: text between the elements of array"},
		{name: "CDATA in an array", in: "<plist><array><![CDATA[]]></array></plist>", want: `line 1, column 15: element "![CDATA[]]" does not exist in property lists`},
		{name: "a value without a key", in: "<plist><dict><true/></dict></plist>", want: "line 1, column 14: true in a dict without a key before it"},
		{name: "two values of one key", in: "<plist><dict><key>a</key><true/><string>b</string></dict></plist>", want: "line 1, column 33: string in a dict without a key before it"},
		{name: "a key in an array", in: "<plist><array><key>a</key></array></plist>", want: "line 1, column 15: key outside a dict"},
		{name: "a key as the root", in: "<plist><key>a</key></plist>", want: "line 1, column 8: key outside a dict"},
		{name: "a plist in a plist", in: "<plist><plist><true/></plist></plist>", want: "line 1, column 8: plist inside a property list"},
		{name: "an empty plist", in: "<plist version=\"1.0\"/>", want: "line 1, column 1: plist without a value"},
		{name: "a plist with blanks only", in: "<plist> </plist>", want: "line 1, column 1: plist without a value"},
		{name: "a second root", in: "<plist><true/><false/></plist>", want: "line 1, column 15: more than one value in plist"},
		{name: "text after the end", in: "<plist><true/></plist>\nabc", want: "line 2, column 1: something after the end of the property list"},
		{name: "a second document", in: "<plist><true/></plist><plist><true/></plist>", want: "line 1, column 23: something after the end of the property list"},
		{name: "an end that is cut off", in: "<plist>\n <dict><key>a</key>", want: "line 2, column 2: dict without its end tag"},
		{name: "a plist that is cut off", in: "<plist><true/>", want: "line 1, column 1: plist without its end tag"},
		{name: "a tag that is cut off", in: "<plist><true/></plist", want: "line 1, column 1: plist without its end tag"},
		{name: "a string that is cut off", in: "<plist><string>a", want: "line 1, column 8: string without its end tag"},
		{name: "a comment that is cut off", in: "<plist><!-- a", want: "line 1, column 8: comment without its end"},
		{name: "a declaration that is cut off", in: "<?xml version", want: "line 1, column 1: processing instruction without its end"},
		{name: "CDATA that is cut off", in: "<plist><string><![CDATA[a]]</string>", want: "line 1, column 16: CDATA without its end"},
		{name: "a tag without >", in: "<plist><dict<key>a</key><true/></dict></plist>", want: `line 1, column 8: element "dict<key" does not exist in property lists`},
		{name: "a tag without > after a blank", in: "<plist><dict <key>a</key><true/></dict></plist>", want: "line 1, column 8: tag without its end"},
		{name: "an attribute that hides the end of its tag", in: `<plist><string a=">b</string></plist>`, want: "line 1, column 8: attribute without its closing quote"},
		{name: "a boolean with a content", in: "<plist><true>1</true></plist>", want: "line 1, column 8: true with a content"},
		{name: "bytes that are not UTF-8", in: "<plist><string>\xc4rzte</string></plist>", want: "line 1, column 16: bytes that are not UTF-8"},
		{name: "a surrogate in UTF-8", in: "<plist><string>\xed\xa0\x80</string></plist>", want: "line 1, column 16: bytes that are not UTF-8"},
		{name: "a NUL byte between elements", in: "<plist><array>\x00</array></plist>", want: "line 1, column 15: text between the elements of array"},
		{name: "nothing", in: "", want: "line 1, column 1: no property list, but empty"},
		{name: "OpenStep text", in: "{ PayloadType = \"com.apple.wifi.managed\"; }", want: "line 1, column 1: no property list, but an OpenStep property list"},
		{name: "RTF", in: `{\rtf1\ansi\ansicpg1252 <plist><dict/></plist>}`, want: "line 1, column 1: no property list, but RTF"},
		{name: "XML of another kind", in: "<xml>test</xml>", want: `line 1, column 1: element "xml" does not exist in property lists`},
		{name: "a binary property list of another version", in: "bplist15\x00", want: "line 1, column 1: no property list, but a binary property list of a version that is not read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := plist.Parse([]byte(test.in), plist.Limits{})
			if _, ok := errors.AsType[*plist.SyntaxError](err); !ok {
				t.Fatalf("got %T %v, want a SyntaxError", err, err)
			}
			if doc != nil {
				t.Error("a document beside an error")
			}
			if err.Error() != test.want {
				t.Errorf("got  %q\nwant %q", err, test.want)
			}
		})
	}
}
