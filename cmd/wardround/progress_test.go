package main

import (
	"bytes"
	"testing"
)

func TestProgressElsewhereIsOneLineAStep(t *testing.T) {
	var out bytes.Buffer
	bar := newProgressBar(&out)
	bar.show("asking", 0, 10)
	bar.show("asking", 7, 10)
	bar.show("judging", 3, 3)
	bar.end()
	bar.end()
	if got, want := out.String(), "asking     7/10\njudging    3/3\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressOnATerminalStaysInItsBar(t *testing.T) {
	for _, done := range []int{-5, 0, 5, 10, 15} {
		var out bytes.Buffer
		bar := &progressBar{w: &out, live: true}
		bar.show("asking", done, 10)
		open, shut := bytes.IndexByte(out.Bytes(), '['), bytes.IndexByte(out.Bytes(), ']')
		if shut-open-1 != barWidth {
			t.Errorf("%d of 10: got a bar of %d columns, want %d: %q", done, shut-open-1, barWidth, &out)
		}
	}
}
