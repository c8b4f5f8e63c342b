package profiles

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	groob "github.com/groob/plist"
)

// A Draft is a configuration profile to be written.
type Draft struct {
	// Identifier is the PayloadIdentifier. A device that is sent another
	// profile of the same identifier replaces the first by it.
	Identifier   string
	DisplayName  string
	Description  string
	Organization string
	Payloads     []DraftPayload // one for each payload type
}

// A DraftPayload is one payload of a Draft.
type DraftPayload struct {
	Type        string
	DisplayName string

	// Settings are the values by key; keys of nested dictionaries are joined
	// by dots, as in Setting.Key. A value is a bool, int64, float64, string or
	// []string.
	Settings map[string]any
}

// Encode writes the profile, for the whole device (PayloadScope System).
// The UUIDs are made from the content: the same draft gives the same bytes,
// and a changed one other UUIDs, so that what is installed can be told apart.
// A draft without identifier or payloads, a type that is there twice, and a
// value that no setting has are errors.
func (d Draft) Encode() ([]byte, error) {
	if d.Identifier == "" || len(d.Payloads) == 0 {
		return nil, errors.New("write profile: it needs an identifier and a payload")
	}
	payloads := slices.SortedFunc(slices.Values(d.Payloads), func(a, b DraftPayload) int { return strings.Compare(a.Type, b.Type) })
	var contents []any
	for i, payload := range payloads {
		if i > 0 && payloads[i-1].Type == payload.Type {
			return nil, fmt.Errorf("write profile: there are two payloads of type %s", payload.Type)
		}
		content, err := payload.dict(d.Identifier)
		if err != nil {
			return nil, fmt.Errorf("write profile: payload %q: %w", payload.Type, err)
		}
		contents = append(contents, content)
	}
	return marshalDict(d.dict(contents))
}

func (d Draft) dict(contents []any) map[string]any {
	root := map[string]any{
		"PayloadContent":    contents,
		"PayloadIdentifier": d.Identifier,
		"PayloadScope":      "System",
		"PayloadType":       "Configuration",
		"PayloadVersion":    1,
	}
	for key, text := range map[string]string{
		"PayloadDisplayName": d.DisplayName, "PayloadDescription": d.Description, "PayloadOrganization": d.Organization,
	} {
		if text != "" {
			root[key] = text
		}
	}
	root["PayloadUUID"] = contentUUID(root)
	return root
}

func (l DraftPayload) dict(profile string) (map[string]any, error) {
	if l.Type == "" || len(l.Settings) == 0 {
		return nil, errors.New("it needs a type and a setting")
	}
	dict := map[string]any{}
	for key, value := range l.Settings {
		if err := setDotted(dict, key, value); err != nil {
			return nil, err
		}
	}
	dict["PayloadIdentifier"] = profile + "." + l.Type
	dict["PayloadType"] = l.Type
	dict["PayloadVersion"] = 1
	if l.DisplayName != "" {
		dict["PayloadDisplayName"] = l.DisplayName
	}
	dict["PayloadUUID"] = contentUUID(dict)
	return dict, nil
}

// setDotted puts a value under a key, into nested dictionaries at its dots.
func setDotted(dict map[string]any, key string, value any) error {
	switch value.(type) {
	case bool, int64, float64, string, []string:
	default:
		return fmt.Errorf("%s: a %T is no value of a setting", key, value)
	}
	if key == "" || strings.HasPrefix(key, "Payload") {
		return fmt.Errorf("%q is no key of a setting", key)
	}
	parts := strings.Split(key, ".")
	for _, part := range parts[:len(parts)-1] {
		inner, ok := dict[part].(map[string]any)
		if !ok && dict[part] != nil {
			return fmt.Errorf("%s: %s has a value of its own", key, part)
		}
		if !ok {
			inner = map[string]any{}
			dict[part] = inner
		}
		dict = inner
	}
	last := parts[len(parts)-1]
	if dict[last] != nil {
		return fmt.Errorf("%s: there are other keys below it", key)
	}
	dict[last] = value
	return nil
}

// contentUUID names a dictionary by its content (RFC 9562, version 8).
func contentUUID(dict map[string]any) string {
	text, err := marshalDict(dict)
	if err != nil {
		panic(err) // only strings, numbers, booleans, lists and dictionaries of them are put in
	}
	sum := sha256.Sum256(text)
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// marshalDict writes a property list with its keys in order.
func marshalDict(dict map[string]any) ([]byte, error) {
	text, err := groob.MarshalIndent(dict, "\t")
	if err != nil {
		return nil, fmt.Errorf("write property list: %w", err)
	}
	return text, nil
}
