package evidence

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A Writer writes an export. Baselines, Profiles, Items and Statements come before the
// first Device, Observations after their Device. It is not safe for concurrent
// use.
type Writer struct {
	zip   *zstd.Encoder
	buf   *bufio.Writer
	lines *json.Encoder
	end   end
}

// NewWriter begins an export. Close ends it, and does not close w.
func NewWriter(w io.Writer, h Head) (*Writer, error) {
	zip, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	buf := bufio.NewWriterSize(zip, 64<<10)
	out := &Writer{zip: zip, buf: buf, lines: json.NewEncoder(buf)}
	out.lines.SetEscapeHTML(false)
	h.Format = Format
	return out, out.line(line{Head: &h})
}

func (w *Writer) line(l line) error {
	if err := w.lines.Encode(l); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// Baseline writes a baseline.
func (w *Writer) Baseline(b Baseline) error {
	w.end.Baselines++
	return w.line(line{Baseline: &b})
}

// Profile writes a file of the catalog.
func (w *Writer) Profile(p Profile) error {
	w.end.Profiles++
	return w.line(line{Profile: &p})
}

// Item writes a row of the inventory.
func (w *Writer) Item(i Item) error {
	w.end.Items++
	return w.line(line{Item: &i})
}

// Statement writes a statement.
func (w *Writer) Statement(s Statement) error {
	w.end.Statements++
	return w.line(line{Statement: &s})
}

// Device writes a device and its answers.
func (w *Writer) Device(d Device, answers []Observation) error {
	w.end.Devices++
	if err := w.line(line{Device: &d}); err != nil {
		return err
	}
	for i := range answers {
		w.end.Observations++
		if err := w.line(line{Observation: &answers[i]}); err != nil {
			return err
		}
	}
	return nil
}

// Close writes the end.
func (w *Writer) Close() error {
	err := w.line(line{End: &w.end})
	if err = errors.Join(err, w.buf.Flush(), w.zip.Close()); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}
