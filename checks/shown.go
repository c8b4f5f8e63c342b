package checks

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wardround/wardround/checks/fact"
)

// Bounds of the observed text: what a device sends must not fill the report.
const (
	maxShown     = 5  // elements of a list
	maxShownText = 80 // runes of a text
)

func describeList(b []byte, label string, list []fact.Object) []byte {
	switch {
	case label == "wifi" && len(list) == 0:
		return append(b, "no Wi-Fi payload in any installed profile"...)
	case label == "wifi":
		return describeEach(append(b, "Wi-Fi by profile: "...), list, describeWiFi)
	case label == "credentials":
		return describeEach(append(b, "valid until: "...), list, describeCredential)
	case label == "apps":
		return describeApps(b, list)
	}
	return strconv.AppendInt(append(append(b, label...), ": "...), int64(len(list)), 10)
}

func describeEach(b []byte, list []fact.Object, describe func([]byte, fact.Object) []byte) []byte {
	for i, o := range list[:min(len(list), maxShown)] {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = describe(b, o)
	}
	if more := len(list) - maxShown; more > 0 {
		b = fmt.Appendf(b, ", and %d more", more)
	}
	return b
}

// describeApps names the apps that were found; only those were asked for that
// facts are about.
func describeApps(b []byte, list []fact.Object) []byte {
	if len(list) == 0 {
		return append(b, "none of the apps that were asked for"...)
	}
	return describeEach(append(b, "apps: "...), list, func(b []byte, o fact.Object) []byte {
		name, _ := o.Fields["identifier"].Value.(string)
		b = appendQuoted(b, name)
		switch o.Fields["managed"].Value {
		case true:
			return append(b, " managed"...)
		case false:
			return append(b, " not managed"...)
		}
		return b
	})
}

func describeCredential(b []byte, o fact.Object) []byte {
	what, _ := o.Fields["what"].Value.(string)
	b = append(b, what...)
	end := o.Fields["not_after"]
	if !end.Known() {
		return append(append(append(b, " not known ("...), end.Absent...), ')')
	}
	// The day is enough, and one text does for all who were enrolled on it.
	name, _ := o.Fields["name"].Value.(string)
	until, _ := end.Value.(time.Time)
	return until.UTC().AppendFormat(append(appendQuoted(append(b, ' '), name), ' '), time.DateOnly)
}

func describeWiFi(b []byte, o fact.Object) []byte {
	text := func(field string) string {
		s, _ := o.Fields[field].Value.(string)
		return shorten(s)
	}
	if f := o.Fields["security"]; !f.Known() {
		return append(append(append(b, "one whose content is not known ("...), f.Absent...), ')')
	}
	b = append(strconv.AppendQuote(b, text("ssid")), ' ')
	b = append(b, text("security")...)
	if enc := text("encryption"); enc != "" {
		b = append(append(b, ' '), enc...)
	}
	rating := text("rating")
	if rating == "" || text("security") != "enterprise" {
		return b
	}
	b = append(append(b, ", rated "...), rating...)
	if why := text("why"); why != "" {
		b = append(append(append(b, " ("...), why...), ')')
	}
	if certificates := text("certificates_why"); certificates != "" {
		b = append(append(b, ", "...), certificates...)
	}
	return b
}

// show renders a value as appendShown does.
func show(value any) string { return string(appendShown(nil, value)) }

// appendShown renders a value; texts are quoted, so that nothing a device sends
// can pass for words of ours.
func appendShown(b []byte, value any) []byte {
	if text, ok := value.(string); ok {
		return appendQuoted(b, text)
	}
	return appendPlain(b, value)
}

// plain renders a value, texts as they are.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return string(appendPlain(nil, value))
}

func appendPlain(b []byte, value any) []byte {
	switch v := value.(type) {
	case time.Time:
		return v.UTC().AppendFormat(b, time.RFC3339)
	case []string:
		return append(appendStrings(append(b, '['), v), ']')
	case time.Duration:
		return append(b, v.String()...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	}
	return fmt.Append(b, value)
}

func appendStrings(b []byte, list []string) []byte {
	for i, s := range list[:min(len(list), maxShown)] {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendQuoted(b, s)
	}
	if more := len(list) - maxShown; more > 0 {
		b = fmt.Appendf(b, ", and %d more", more)
	}
	return b
}

func appendQuoted(b []byte, s string) []byte { return strconv.AppendQuote(b, shorten(s)) }

// shorten cuts a text to what a report line bears, and strips what a terminal
// would act on.
func shorten(s string) string {
	if len(s) <= maxShownText && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	n := 0
	for i := range s {
		if n == maxShownText {
			s = s[:i] + "…"
			break
		}
		n++
	}
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}
