package plist

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
)

// Text is the text of a String, entities decoded and CDATA joined. Line ends
// stay as they are written.
func (v Value) Text() (string, bool) {
	n := v.node()
	if n.kind != String {
		return "", false
	}
	return v.doc.textOf(n), true
}

// Integer is the number of an Integer, decimal or with 0x, if it is one and
// fits.
func (v Value) Integer() (int64, bool) {
	n := v.node()
	if n.kind != Integer {
		return 0, false
	}
	negative, digits, base := splitInteger(v.doc.textOf(n))
	if negative {
		digits = "-" + digits
	}
	i, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return 0, false
	}
	return i, true
}

// splitInteger takes an integer's text apart into sign, digits and base. What
// is not a number leaves digits that strconv refuses.
func splitInteger(s string) (negative bool, digits string, base int) {
	s = strings.Trim(s, blanks)
	switch {
	case strings.HasPrefix(s, "-"):
		negative, s = true, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	base = 10
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		s, base = hex, 16
	}
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") { // a second sign is not a digit
		s = ""
	}
	return negative, s, base
}

// Real is the number of a Real or an Integer, because devices send either for
// the same key. Neither "nan" nor an infinity is a number.
func (v Value) Real() (float64, bool) {
	n := v.node()
	switch n.kind {
	case Integer:
		if i, ok := v.Integer(); ok {
			return float64(i), true
		}
		u, ok := v.unsigned()
		return float64(u), ok
	case Real:
		f, ok := parseReal(v.doc.textOf(n))
		if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
			return 0, false
		}
		return f, true
	default:
		return 0, false
	}
}

// parseReal reads the text of a real, "nan" and the infinities included.
func parseReal(s string) (float64, bool) {
	s = strings.Trim(s, blanks)
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "nan", "inf", "infinity":
	default: // strconv would also take hexadecimal reals and underscores
		if strings.Trim(s, "0123456789+-.eE") != "" {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// Bool is the value of a Bool.
func (v Value) Bool() (value, ok bool) {
	n := v.node()
	return n.marked && n.kind == Bool, n.kind == Bool
}

// Time is the time of a Date, in UTC, if it is written as RFC 3339.
func (v Value) Time() (time.Time, bool) {
	n := v.node()
	if n.kind != Date {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, strings.Trim(v.doc.textOf(n), blanks))
	if err != nil {
		return time.Time{}, false
	}
	return t.UTC(), true
}

// Data is the decoded content of a Data, never nil, if it is base64 with its
// padding.
func (v Value) Data() ([]byte, bool) {
	n := v.node()
	if n.kind != Data {
		return nil, false
	}
	content := v.doc.text[n.start:n.end]
	if n.marked {
		content = appendText(nil, content)
	}
	packed := make([]byte, 0, len(content))
	for _, c := range content {
		if !isBlank(c) {
			packed = append(packed, c)
		}
	}
	size, err := base64.StdEncoding.Decode(packed, packed)
	if err != nil {
		return nil, false
	}
	return packed[:size], true
}

// unsigned is the number of an Integer that may exceed an int64.
func (v Value) unsigned() (uint64, bool) {
	negative, digits, base := splitInteger(v.doc.textOf(v.node()))
	u, err := strconv.ParseUint(digits, base, 64)
	return u, err == nil && !negative
}

// Any is v as map[string]any, []any, string, int64, uint64 (only beyond the
// range of int64), float64 (NaN and infinities included), bool, time.Time or
// []byte; nil if v is nothing. The content of a scalar that its kind does not
// allow, such as <integer>{{n}}</integer>, comes as the string it is.
func (v Value) Any() any {
	n := v.node()
	switch n.kind {
	case Dict:
		m := make(map[string]any, n.count)
		for key, value := range v.Pairs() {
			m[key] = value.Any()
		}
		return m
	case Array:
		a := make([]any, 0, n.count)
		for item := range v.Items() {
			a = append(a, item.Any())
		}
		return a
	case 0:
		return nil
	default:
		return v.scalar(n)
	}
}

func (v Value) scalar(n node) any {
	switch n.kind {
	case Integer:
		if i, ok := v.Integer(); ok {
			return i
		}
		if u, ok := v.unsigned(); ok {
			return u
		}
	case Real:
		if f, ok := parseReal(v.doc.textOf(n)); ok {
			return f
		}
	case Bool:
		return n.marked
	case Date:
		if t, ok := v.Time(); ok {
			return t
		}
	case Data:
		if b, ok := v.Data(); ok {
			return b
		}
	}
	return v.doc.textOf(n)
}
