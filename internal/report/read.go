package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plaintext"
)

// MaxDocument is how many bytes of JSON ReadJSON reads, about 18,000 devices
// with 40 verdicts each; MaxElement bounds one baseline, device or problem.
const (
	MaxDocument = 512 << 20
	MaxElement  = 4 << 20
)

// How many elements the lists of a report may have.
const (
	maxBaselines    = 1_000
	maxDevices      = 1_000_000
	maxProblemsRead = 100_000
)

// ReadJSON reads a report that WriteJSON wrote. Keys that it does not know are
// passed over, since a later version may have added them. Another schema, a
// word that is none of ours, and a headline that does not add up are errors.
func ReadJSON(r io.Reader) (*Document, error) { return readJSON(r, MaxDocument) }

func readJSON(r io.Reader, limit int64) (*Document, error) {
	bounded := &io.LimitedReader{R: r, N: limit + 1}
	in := &jsonReader{dec: json.NewDecoder(bounded)}
	doc, err := in.document()
	switch {
	case bounded.N <= 0:
		return nil, fmt.Errorf("read report: it is larger than %d bytes", limit)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("read report: it ends too early: the file is empty or was cut off")
	case err != nil:
		return nil, fmt.Errorf("read report: %w", err)
	}
	return doc, nil
}

// A jsonReader reads a document element by element. Nothing is decoded into
// our structures, which take many times the room, before it is known to be
// small.
type jsonReader struct {
	dec *json.Decoder
}

func (in *jsonReader) document() (*Document, error) {
	doc := &Document{Baselines: []Baseline{}, Devices: []Device{}, Problems: []checks.Problem{}}
	if err := in.delimiter('{', "a JSON object"); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for in.dec.More() {
		token, err := in.dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		if seen[key] {
			return nil, fmt.Errorf("key %q is there twice", plaintext.Clip(plaintext.Harmless(key), 40))
		}
		if known(key) {
			seen[key] = true
		}
		if err := in.key(doc, key); err != nil {
			return nil, err
		}
	}
	if _, err := in.dec.Token(); err != nil {
		return nil, err
	}
	if _, err := in.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the end of the report")
	}
	return doc, doc.validate(seen)
}

func known(key string) bool {
	switch key {
	case "schema", "as_of", "tool", "baselines", "devices", "problems":
		return true
	}
	return false
}

// key reads the value of one key of the document.
func (in *jsonReader) key(doc *Document, key string) error {
	switch key {
	case "schema":
		if err := in.value(key, &doc.Schema); err != nil {
			return err
		}
		return checkSchema(doc.Schema)
	case "as_of":
		return in.value(key, &doc.AsOf)
	case "tool":
		return in.value(key, &doc.Tool)
	case "baselines":
		return readList(in, key, &doc.Baselines, maxBaselines, (*Baseline).validate)
	case "devices":
		return readList(in, key, &doc.Devices, maxDevices, (*Device).validate)
	case "problems":
		return readList(in, key, &doc.Problems, maxProblemsRead, func(*checks.Problem) error { return nil })
	}
	var skipped json.RawMessage
	return in.dec.Decode(&skipped)
}

func checkSchema(schema string) error {
	if schema == Schema {
		return nil
	}
	if strings.HasPrefix(schema, "wardround.report/") {
		return fmt.Errorf("its schema is %q and this wardround reads %q: use the wardround that wrote it, or a newer one", plaintext.Clip(plaintext.Harmless(schema), 60), Schema)
	}
	return fmt.Errorf("its schema is %q, not %q: is it a report that wardround wrote with --format json?", plaintext.Clip(plaintext.Harmless(schema), 60), Schema)
}

func (in *jsonReader) delimiter(want json.Delim, what string) error {
	token, err := in.dec.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("it is not %s", what)
	}
	return nil
}

// value decodes one value of bounded size into v.
func (in *jsonReader) value(place string, v any) error {
	var raw json.RawMessage
	if err := in.dec.Decode(&raw); err != nil {
		return err
	}
	if len(raw) > MaxElement {
		return fmt.Errorf("%s: larger than %d bytes", place, MaxElement)
	}
	if bytes.Equal(raw, []byte("null")) {
		return fmt.Errorf("%s: null is not a value here", place)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	return nil
}

// readList reads a list, checking each element before the next is read.
func readList[T any](in *jsonReader, key string, list *[]T, most int, check func(*T) error) error {
	if err := in.delimiter('[', "a report: "+key+" is not a list"); err != nil {
		return err
	}
	for in.dec.More() {
		if len(*list) == most {
			return fmt.Errorf("%s has more than %d elements", key, most)
		}
		place := fmt.Sprintf("%s[%d]", key, len(*list))
		var element T
		if err := in.value(place, &element); err != nil {
			return err
		}
		if err := check(&element); err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
		*list = append(*list, element)
	}
	_, err := in.dec.Token()
	return err
}
