package report

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// WriteJSON writes doc with each device on a line of its own. The same
// document gives the same bytes.
func WriteJSON(w io.Writer, doc *Document) error { return writeJSON(w, doc.Feed()) }

// StreamJSON writes what WriteJSON writes of Build, one device at a time.
func StreamJSON(ctx context.Context, w io.Writer, src Source, now time.Time) error {
	in, err := Open(ctx, src, now)
	if err != nil {
		return err
	}
	return writeJSON(w, in)
}

func writeJSON(w io.Writer, in *Feed) error {
	out := newJSONWriter(w)
	out.raw("{\n\"schema\":").value(in.head.Schema)
	out.raw(",\n\"as_of\":").value(in.head.AsOf)
	out.raw(",\n\"tool\":").value(in.head.Tool)

	out.raw(",\n\"baselines\":[")
	for i := range in.head.Baselines {
		out.element(i, in.head.Baselines[i])
	}
	out.end(len(in.head.Baselines))

	out.raw(",\n\"devices\":[")
	n := 0
	err := in.each(nil, func(d Device) error {
		out.element(n, d)
		n++
		return out.err
	})
	if err != nil && out.err == nil {
		return err
	}
	out.end(n)

	out.raw(",\n\"problems\":[")
	for i := range in.head.Problems {
		out.element(i, in.head.Problems[i])
	}
	out.end(len(in.head.Problems))
	out.raw("\n}\n")
	return out.flush()
}

// A jsonWriter writes a document piece by piece and keeps the first error.
type jsonWriter struct {
	w      *bufio.Writer
	buffer bytes.Buffer
	enc    *json.Encoder
	err    error
}

func newJSONWriter(w io.Writer) *jsonWriter {
	out := &jsonWriter{w: bufio.NewWriter(w)}
	out.enc = json.NewEncoder(&out.buffer)
	out.enc.SetEscapeHTML(false)
	return out
}

func (out *jsonWriter) raw(s string) *jsonWriter {
	if out.err == nil {
		_, out.err = out.w.WriteString(s)
	}
	return out
}

func (out *jsonWriter) value(v any) {
	if out.err != nil {
		return
	}
	out.buffer.Reset()
	if out.err = out.enc.Encode(v); out.err == nil {
		_, out.err = out.w.Write(bytes.TrimSuffix(out.buffer.Bytes(), []byte("\n")))
	}
}

// element writes the nth element of a list.
func (out *jsonWriter) element(n int, v any) {
	if n > 0 {
		out.raw(",")
	}
	out.raw("\n").value(v)
}

// end closes a list of n elements.
func (out *jsonWriter) end(n int) {
	if n > 0 {
		out.raw("\n")
	}
	out.raw("]")
}

func (out *jsonWriter) flush() error {
	if out.err == nil {
		out.err = out.w.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("write report: %w", out.err)
	}
	return nil
}
