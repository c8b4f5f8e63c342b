package report

import (
	"fmt"
	"slices"

	"github.com/wardround/wardround/internal/plaintext"
)

// A chart is horizontal bars of one scale, as the page's SVG draws them. All
// measures are in the units of its viewBox.
type chart struct {
	Height int
	Text   string // what the chart says, for those who do not see it
	Bars   []bar
}

// A bar is one line of a chart: its name, its parts, and its counts in words.
type bar struct {
	Y            int
	Name, Counts string
	Parts        []part
}

// A part is a coloured piece of a bar.
type part struct {
	X, Width, Class, Title string
}

// How large a bar is drawn.
const (
	barHeight = 44 // of one bar with the line of words above it
	barWidth  = 700
)

// statusChart draws met, not met and undetermined on the scale of what was
// expected, so that devices that never enrolled are seen to be missing.
func statusChart(h Headline) chart {
	scale := max(h.Expected, h.Enrolled)
	b := newBar(0, fmt.Sprintf("%d enrolled of %d expected", h.Enrolled, h.Expected), scale, []piece{
		{"met", "met", h.Met},
		{"not-met", "not met", h.NotMet},
		{"undetermined", "undetermined", h.Undetermined},
	})
	b.Counts = fmt.Sprintf("%d met, %d not met, %d undetermined", h.Met, h.NotMet, h.Undetermined)
	return chart{Height: barHeight, Text: b.Name + ": " + b.Counts, Bars: []bar{b}}
}

// failChart draws the requirements that most devices fail, each on the scale of
// the devices it was judged or asked for.
func failChart(all []requirementView) chart {
	failing := slices.DeleteFunc(slices.Clone(all), func(r requirementView) bool { return r.Fail == 0 })
	shown, more := cut(failing, maxPageBars)
	c := chart{Text: fmt.Sprintf("%s with devices that fail", plural(len(failing), "requirement"))}
	if more > 0 {
		c.Text += fmt.Sprintf(", the first %d of them drawn; the table below has all", len(shown))
	}
	for i, r := range shown {
		of := r.Pass + r.Fail + r.Unknown
		b := newBar(i*barHeight, plaintext.Clip(r.ID, 60), of, []piece{
			{"not-met", "fail", r.Fail}, {"undetermined", "not known", r.Unknown}, {"met", "pass", r.Pass},
		})
		b.Counts = fmt.Sprintf("%d of %d fail, %d not known", r.Fail, of, r.Unknown)
		c.Bars = append(c.Bars, b)
	}
	c.Height = len(shown) * barHeight
	return c
}

// A piece is a count that becomes a part of a bar.
type piece struct {
	class, name string
	count       int
}

func newBar(y int, name string, scale int, pieces []piece) bar {
	b := bar{Y: y, Name: name}
	x := 0
	for _, p := range pieces {
		if p.count == 0 {
			continue
		}
		b.Parts = append(b.Parts, part{X: units(x, scale), Width: units(p.count, scale), Class: p.class, Title: fmt.Sprintf("%d %s", p.count, p.name)})
		x += p.count
	}
	return b
}

// units is how wide n of scale is.
func units(n, scale int) string {
	return fmt.Sprintf("%.2f", barWidth*float64(n)/float64(max(scale, 1)))
}
