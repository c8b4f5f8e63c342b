package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/wardround/wardround/internal/report"
)

// terminal returns w as the file of a terminal, if it is one.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// explainHint says how to see one device of the results in a folder.
func explainHint(dir string) string {
	return "One device in full: wardround explain DEVICE --dir " + dir
}

// textOptions suits a text report to where it goes.
func textOptions(w io.Writer) report.TextOptions {
	f, ok := terminal(w)
	if !ok {
		return report.TextOptions{}
	}
	_, noColor := os.LookupEnv("NO_COLOR")
	options := report.TextOptions{Color: !noColor}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		options.Width = min(width, 120)
	}
	return options
}

// forTerminal returns bytes of a device as they may be shown: unchanged to a
// file or pipe, and on a terminal without what could control it.
func forTerminal(w io.Writer, body []byte) []byte {
	if _, ok := terminal(w); !ok {
		return body
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || (unicode.IsPrint(r) && r != utf8.RuneError) {
			return r
		}
		return '\ufffd'
	}, body)
}

// counted writes a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
