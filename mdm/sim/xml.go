package sim

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A dict is a dictionary whose keys stay in the order in which they are given.
type dict []entry

type entry struct {
	key   string
	value any
}

// get returns the value of key, nil if there is none.
func (d dict) get(key string) any {
	for _, e := range d {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// writeXML writes v the way CoreFoundation does: tabs, base64 in lines of 68
// columns, an empty dictionary as <dict/>.
func writeXML(v any) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n" +
		`<plist version="1.0">` + "\n")
	writeValue(&b, v, "")
	b.WriteString("</plist>\n")
	return b.Bytes()
}

func writeValue(b *bytes.Buffer, v any, indent string) {
	switch v := v.(type) {
	case dict:
		writeDict(b, v, indent)
	case []any:
		writeArray(b, v, indent)
	case string:
		fmt.Fprintf(b, "%s<string>%s</string>\n", indent, escape(v))
	case bool:
		fmt.Fprintf(b, "%s<%t/>\n", indent, v)
	case int:
		fmt.Fprintf(b, "%s<integer>%d</integer>\n", indent, v)
	case float64:
		fmt.Fprintf(b, "%s<real>%s</real>\n", indent, strconv.FormatFloat(v, 'g', -1, 64))
	case time.Time:
		fmt.Fprintf(b, "%s<date>%s</date>\n", indent, v.UTC().Format(time.RFC3339))
	case []byte:
		writeData(b, v, indent)
	default:
		panic(fmt.Sprintf("sim: a %T has no property list form", v)) // a mistake in this package
	}
}

func writeDict(b *bytes.Buffer, d dict, indent string) {
	if len(d) == 0 {
		fmt.Fprintf(b, "%s<dict/>\n", indent)
		return
	}
	fmt.Fprintf(b, "%s<dict>\n", indent)
	for _, e := range d {
		fmt.Fprintf(b, "%s\t<key>%s</key>\n", indent, escape(e.key))
		writeValue(b, e.value, indent+"\t")
	}
	fmt.Fprintf(b, "%s</dict>\n", indent)
}

func writeArray(b *bytes.Buffer, list []any, indent string) {
	if len(list) == 0 {
		fmt.Fprintf(b, "%s<array/>\n", indent)
		return
	}
	fmt.Fprintf(b, "%s<array>\n", indent)
	for _, v := range list {
		writeValue(b, v, indent+"\t")
	}
	fmt.Fprintf(b, "%s</array>\n", indent)
}

func writeData(b *bytes.Buffer, data []byte, indent string) {
	text := base64.StdEncoding.EncodeToString(data)
	fmt.Fprintf(b, "%s<data>\n", indent)
	for len(text) > 0 {
		n := min(68, len(text))
		fmt.Fprintf(b, "%s%s\n", indent, text[:n])
		text = text[n:]
	}
	fmt.Fprintf(b, "%s</data>\n", indent)
}

// escape is what CoreFoundation escapes: quotes stay as they are.
func escape(s string) string {
	if !strings.ContainsAny(s, "&<>") {
		return s // a Replacer is dear to make
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// stringList makes an array of strings.
func stringList(list ...string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
