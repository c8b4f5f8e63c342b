package main

import (
	"encoding/csv"
	"io"
	"slices"

	"github.com/wardround/wardround/internal/report"
)

// csvRows writes CSV as reports do: RFC 4180, and no cell that a spreadsheet
// takes for a formula.
type csvRows struct{ w *csv.Writer }

func newCSVRows(out io.Writer) csvRows {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return csvRows{w}
}

// row writes one row. That it could not, end tells.
func (r csvRows) row(cells ...string) {
	safe := slices.Clone(cells)
	for i := range safe {
		safe[i] = report.Cell(safe[i])
	}
	_ = r.w.Write(safe)
}

// end writes what is left, and errs if anything could not be written.
func (r csvRows) end() error {
	r.w.Flush()
	return r.w.Error()
}
