package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/wardround/wardround/checks"
)

// lastGoodDir is where serve keeps the baselines that it could last read, a file
// each, named for the baseline and for its digest.
const lastGoodDir = "baselines-last-good"

// baselineBroken is the code of the problem that a round has whose baseline could
// not be read.
const baselineBroken = "baseline-broken"

// A baselineKeeper reads baselines for rounds. Where dir is set, one that cannot
// be read is judged as it was when it last could be: a file that somebody is in
// the middle of writing does not cost a night's round. The log says so, and so
// does a problem of the round. Without dir that is an error. It is safe for
// concurrent use.
type baselineKeeper struct {
	dir    string // where they are kept over restarts; empty: nothing is
	logger *slog.Logger

	mu   sync.Mutex
	last map[string]*checks.Baseline // by the name it was asked for; guarded by mu
}

func newBaselineKeeper(dir string, logger *slog.Logger) *baselineKeeper {
	return &baselineKeeper{dir: dir, logger: logger, last: make(map[string]*checks.Baseline)}
}

// load is loadBaselines, with what was kept in the place of what is broken.
func (k *baselineKeeper) load(ctx context.Context, names []string) ([]*checks.Baseline, []checks.Problem, error) {
	if k.dir == "" {
		baselines, err := loadBaselines(names)
		return baselines, nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	read, errs := make([]*checks.Baseline, len(names)), make([]error, len(names))
	for i, name := range names {
		read[i], errs[i] = loadBaseline(name)
	}
	k.clashes(ctx, names, read, errs)
	var problems []checks.Problem
	var baselines []*checks.Baseline
	for i, name := range names {
		b := read[i]
		if err := errs[i]; err != nil {
			if b = k.recall(ctx, name); b == nil {
				return nil, nil, err
			}
			k.logger.ErrorContext(ctx, "a baseline is broken, its last readable version judges", "baseline", b.ID, "version", b.Version, "digest", b.Digest, "err", err)
			problems = append(problems, checks.Problem{
				Path: filepath.Base(name), Code: baselineBroken,
				Message: fmt.Sprintf("baseline %s judges as it last could be read, in version %s with digest %.12s: %s", b.ID, b.Version, b.Digest, briefText(withoutFolder(oneLine(err), name))),
			})
		}
		if slices.ContainsFunc(baselines, func(o *checks.Baseline) bool { return o.ID == b.ID }) {
			return nil, nil, namedTwice(b.ID)
		}
		baselines = append(baselines, b)
	}
	if len(baselines) == 0 {
		_, err := loadBaselines(nil)
		return nil, nil, err
	}
	for i, name := range names {
		if errs[i] == nil {
			k.keep(ctx, name, baselines[i])
		}
	}
	return baselines, problems, nil
}

// clashes makes an error of each baseline that has taken the id of another one
// since it was last read; k.mu is held.
func (k *baselineKeeper) clashes(ctx context.Context, names []string, read []*checks.Baseline, errs []error) {
	for i, b := range read {
		for j := range read {
			if errs[i] != nil {
				break
			}
			other := read[j]
			if errs[j] != nil {
				other = k.recall(ctx, names[j])
			}
			if i == j || other == nil || other.ID != b.ID {
				continue
			}
			if was := k.recall(ctx, names[i]); was != nil && was.ID != b.ID {
				errs[i] = namedTwice(b.ID)
			}
		}
	}
}

func namedTwice(id string) error { return usage(fmt.Errorf("baseline %s is named twice", id), "") }

// withoutFolder takes the folder of a file out of a text: results are handed
// out, and a folder may be called after a person.
func withoutFolder(text, name string) string {
	text = strings.ReplaceAll(text, name, filepath.Base(name)) // however it is written
	dir := filepath.Dir(filepath.Clean(name))
	if dir == "." || dir == string(filepath.Separator) {
		return text
	}
	return strings.ReplaceAll(text, dir+string(filepath.Separator), "")
}

// maxProblemText bounds what a problem quotes, in runes.
const maxProblemText = 500

func briefText(text string) string {
	if runes := []rune(text); len(runes) > maxProblemText {
		return string(runes[:maxProblemText]) + "…"
	}
	return text
}

// A keptBaseline is the file of a baseline that could be read.
type keptBaseline struct {
	Name    string        `json:"name"` // as it was asked for
	ID      string        `json:"id"`
	Version string        `json:"version"`
	Digest  string        `json:"digest"`
	Texts   []checks.Text `json:"texts"`
}

// keep remembers a baseline; k.mu is held. That it could not be written is
// logged: the round has what it needs.
func (k *baselineKeeper) keep(ctx context.Context, name string, b *checks.Baseline) {
	if before := k.last[name]; before != nil && before.Digest == b.Digest || len(b.Texts()) == 0 {
		k.last[name] = b
		return
	}
	k.last[name] = b
	if err := k.write(name, b); err != nil {
		k.logger.WarnContext(ctx, "a baseline is not kept for after a restart", "baseline", b.ID, "err", err)
	}
}

func (k *baselineKeeper) write(name string, b *checks.Baseline) error {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(k.dir, fmt.Sprintf("%s-%.12s.json", b.ID, b.Digest))
	err := writeWhole(file, 0o600, func(w io.Writer) error {
		return writeIndented(w, keptBaseline{Name: name, ID: b.ID, Version: b.Version, Digest: b.Digest, Texts: b.Texts()})
	})
	if err != nil {
		return err
	}
	return k.eachKept(func(other string, kept keptBaseline) error {
		if kept.Name == name && other != file {
			return os.Remove(other)
		}
		return nil
	})
}

// recall is the baseline that a name last stood for, nil if that is not known;
// k.mu is held.
func (k *baselineKeeper) recall(ctx context.Context, name string) *checks.Baseline {
	if b := k.last[name]; b != nil {
		return b
	}
	var found *checks.Baseline
	err := k.eachKept(func(file string, kept keptBaseline) error {
		if kept.Name != name {
			return nil
		}
		b, err := checks.Restore(kept.Texts)
		if err == nil && b.Digest != kept.Digest {
			err = errors.New("this version of wardround reads it otherwise")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		found = b
		return nil
	})
	if err != nil {
		k.logger.WarnContext(ctx, "a baseline that was kept cannot be used", "name", name, "err", err)
	}
	if found != nil {
		k.last[name] = found
	}
	return found
}

// maxKeptBaseline bounds the file of a kept baseline, in bytes: several texts,
// escaped.
const maxKeptBaseline = 8 * maxBaselineFile

// eachKept calls f with each file of a kept baseline.
func (k *baselineKeeper) eachKept(f func(file string, kept keptBaseline) error) error {
	entries, err := os.ReadDir(k.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			continue
		}
		file := filepath.Join(k.dir, e.Name())
		data, err := readFile(file, maxKeptBaseline)
		var kept keptBaseline
		if err == nil {
			err = json.Unmarshal(data, &kept)
		}
		if err == nil {
			err = f(file, kept)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.Name(), err))
		}
	}
	return errors.Join(errs...)
}
