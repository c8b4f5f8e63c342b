package checks

import (
	"errors"
	"fmt"
	"path"
	"strconv"
)

// A Text is a file that a baseline was read from.
type Text struct {
	In   int    `json:"in"`   // the place in the list of the text that extends it; -1: it is the baseline itself
	Name string `json:"name"` // what that text calls it; of the baseline itself the last part of its file name
	YAML string `json:"yaml"`
}

// Texts are the files that the baseline was read from, itself first. Shipped
// ones are not among them; of a shipped baseline there are none. Restore reads
// them again.
func (b *Baseline) Texts() []Text { return b.texts }

// maxTexts is how many files a restored baseline may be made of.
const maxTexts = 1000

// Restore reads a baseline from what Texts gave. Shipped baselines and rules
// that it uses are those of this version: its Digest tells whether it is still
// the same.
func Restore(texts []Text) (*Baseline, error) {
	if len(texts) == 0 || len(texts) > maxTexts {
		return nil, errors.New("restore baseline: its text was not kept")
	}
	find := func(from, name string) (string, []byte, error) {
		in, err := strconv.Atoi(from)
		if err != nil {
			return "", nil, err
		}
		for i, t := range texts {
			if t.In == in && t.Name == name {
				return strconv.Itoa(i), []byte(t.YAML), nil
			}
		}
		return "", nil, fmt.Errorf("the text of %s was not kept", name)
	}
	b, err := ParseBaselineFrom("0", []byte(texts[0].YAML), find)
	if err != nil {
		return nil, fmt.Errorf("restore baseline: %w", err)
	}
	b.texts = texts
	return b, nil
}

// keepText notes what a baseline was read from.
func (b *Baseline) keepText(name string, data []byte, parents []*Baseline) {
	b.texts = []Text{{In: -1, Name: path.Base(name), YAML: string(data)}}
	for _, p := range parents {
		at := len(b.texts)
		for i, t := range p.texts {
			if t.In += at; i == 0 {
				t.In = 0
			}
			b.texts = append(b.texts, t)
		}
	}
}
