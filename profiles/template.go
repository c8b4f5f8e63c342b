package profiles

import (
	"bytes"
	"fmt"

	"github.com/wardround/wardround/internal/plist"
)

// readTemplates names the template texts that stand where values belong.
func (p *Profile) readTemplates(doc *plist.Document) {
	walk(doc.Root(), nil, func(v plist.Value, at *trail) {
		if found := placeholderIn(raw(doc, v)); found != "" {
			p.problem(Placeholder, SeverityWarning, at.String(),
				fmt.Sprintf("the template text %s was left in: the value is unknown", found))
		}
	})
}

// walk calls visit for v and all values in it that can hold text.
func walk(v plist.Value, at *trail, visit func(plist.Value, *trail)) {
	switch v.Kind() {
	case plist.Dict:
		for key, value := range v.Pairs() {
			walk(value, at.child(key), visit)
		}
	case plist.Array:
		index := 0
		for item := range v.Items() {
			walk(item, at.item(index), visit)
			index++
		}
	case plist.Bool, 0:
	default:
		visit(v, at)
	}
}

// raw is the text of a scalar: of a string its content, of a scalar that its
// kind does not allow (<integer>{{n}}</integer>) what stands there instead,
// and "" of everything else.
func raw(doc *plist.Document, v plist.Value) string {
	if s, ok := v.Text(); ok {
		return s
	}
	readable := true
	switch v.Kind() {
	case plist.Integer, plist.Real:
		_, readable = v.Real()
	case plist.Date:
		_, readable = v.Time()
	case plist.Data:
		start, end := v.Span()
		readable = !bytes.ContainsAny(doc.Bytes()[start:end], "${") // cheaper than decoding every certificate
	}
	if readable {
		return ""
	}
	start, end := v.Span()
	return string(doc.Bytes()[start:min(end, start+1024)])
}
