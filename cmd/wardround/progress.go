package main

import (
	"fmt"
	"io"
	"strings"
)

const barWidth = 30

// A progressBar shows how far a step is: drawn over itself on a terminal, and
// elsewhere one line when the step ends.
type progressBar struct {
	w     io.Writer
	live  bool
	drawn string
	step  string
	done  int
	of    int
}

func newProgressBar(w io.Writer) *progressBar {
	_, live := terminal(w)
	return &progressBar{w: w, live: live}
}

// show draws the step; a new step ends the one before.
func (p *progressBar) show(step string, done, of int) {
	if p.step != "" && p.step != step {
		p.end()
	}
	p.step, p.done, p.of = step, done, of
	if !p.live || of <= 0 {
		return
	}
	filled := min(max(barWidth*done/of, 0), barWidth)
	line := fmt.Sprintf("%-10s [%s%s] %d/%d", step, strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), done, of)
	if line != p.drawn {
		fmt.Fprintf(p.w, "\r%s\x1b[K", line)
		p.drawn = line
	}
}

// end leaves the step as it stands on a line of its own.
func (p *progressBar) end() {
	if p.step == "" {
		return
	}
	if p.live {
		fmt.Fprintln(p.w)
	} else {
		fmt.Fprintf(p.w, "%-10s %d/%d\n", p.step, p.done, p.of)
	}
	p.step, p.drawn = "", ""
}
