package main

import (
	"encoding/base64"
	"fmt"
	"math"
	"time"

	"github.com/wardround/wardround/profiles"
)

// A contentRecord is all that show prints of one file: what lint says, and
// what is inside.
type contentRecord struct {
	profileRecord
	Name          string          `json:"name"`
	Organization  string          `json:"organization"`
	Scope         string          `json:"scope"`
	SHA256        string          `json:"sha256"`
	ContentSHA256 string          `json:"content_sha256"`
	Signer        string          `json:"signer"`
	Payloads      []payloadRecord `json:"payloads"`
	Values        []valueRecord   `json:"values"`
	Wired         []wifiRecord    `json:"wired"`
}

type payloadRecord struct {
	Index      int    `json:"index"`
	Type       string `json:"type"`
	Identifier string `json:"identifier"`
	UUID       string `json:"uuid"`
	Name       string `json:"name"`
}

// A valueRecord is one value that a payload sets. Value is "" unless State is
// "set".
type valueRecord struct {
	Payload int    `json:"payload"`
	Domain  string `json:"domain"`
	Key     string `json:"key"`
	Written string `json:"written"` // the key as the file spells it
	Value   any    `json:"value"`
	State   string `json:"state"` // set, placeholder, unexpected-type, not-shown (a secret) or not-read
	Forced  bool   `json:"forced"`
	Known   bool   `json:"known"`
}

func contentOf(f profileFile) contentRecord {
	c := contentRecord{profileRecord: recordOf(f), Payloads: []payloadRecord{}, Values: []valueRecord{}, Wired: []wifiRecord{}}
	p := f.profile
	if p == nil {
		return c
	}
	c.Name, c.Organization, c.Scope = p.DisplayName, p.Organization, p.Scope
	c.SHA256, c.ContentSHA256, c.Signer = p.SHA256, p.ContentSHA256, p.Signer
	for _, l := range p.Payloads {
		c.Payloads = append(c.Payloads, payloadRecord{Index: l.Index, Type: l.Type, Identifier: l.Identifier, UUID: l.UUID, Name: l.DisplayName})
	}
	for _, s := range p.Settings() {
		c.Values = append(c.Values, valueOf(s))
	}
	c.Wired = wifiRecords(p.Wired(profiles.Platform{}))
	return c
}

func valueOf(s profiles.Setting) valueRecord {
	v := valueRecord{Payload: s.Payload, Domain: s.Domain, Key: s.Key, Written: s.Written, Value: "", State: "set", Forced: s.Forced, Known: s.Known}
	switch {
	case s.Placeholder:
		v.State = "placeholder"
	case s.Secret:
		v.State = "not-shown"
	case s.Known && s.Mistyped:
		v.State = "unexpected-type"
	case s.Value == nil:
		v.State = "not-read"
	default:
		v.Value = plainValue(s.Value)
	}
	return v
}

// plainValue is a value as JSON can hold it.
func plainValue(value any) any {
	switch value := value.(type) {
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Sprint(value)
		}
	case time.Time:
		return value.UTC().Format(time.RFC3339)
	case []byte:
		return base64.StdEncoding.EncodeToString(value)
	case []string:
		return append([]string{}, value...)
	}
	return value
}

// longestValue is how much of a value is shown to a person.
const longestValue = 100

// words shows the value to a person.
func (v valueRecord) words() string {
	switch v.State {
	case "placeholder":
		return "(template text was left in)"
	case "not-shown":
		return "(not shown)"
	case "unexpected-type":
		return "(of another type than the key's)"
	case "not-read":
		return "(not read)"
	}
	text := fmt.Sprint(v.Value)
	if s, ok := v.Value.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if len(text) > longestValue {
		text = text[:longestValue] + "..."
	}
	if !v.Forced {
		text += " (set once, then the user's)"
	}
	return text
}
