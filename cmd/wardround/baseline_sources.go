package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wardround/wardround/checks"
)

// maxSourceFile is the largest document that is read, in bytes.
const maxSourceFile = 16 << 20

// lintSources compares the documents in a folder with those that the
// requirements of the baselines were drawn from. A document is known by its
// name, or by its digest under another one.
func lintSources(dir string, baselines []*checks.Baseline, out io.Writer) error {
	byName, names, err := digestsIn(dir)
	if err != nil {
		return usage(fmt.Errorf("sources: %w", err), "name the folder of the documents with --sources")
	}
	changed := 0
	for _, s := range sourcesOf(baselines) {
		found, ok := byName[s.File]
		switch {
		case s.SHA256 == "":
			fmt.Fprintf(out, "source %s: no digest is kept; add sha256: to it\n", s.Key)
		case names[s.SHA256] != "":
			fmt.Fprintf(out, "source %s: %s is the text that was read\n", s.Key, names[s.SHA256])
		case ok:
			changed++
			fmt.Fprintf(out, "source %s: %s has another text, SHA-256 %s, than the one that was read, %s; read it again and compare the clauses\n", s.Key, s.File, found, s.SHA256)
		default:
			changed++
			fmt.Fprintf(out, "source %s: no document in %s is the text that was read, SHA-256 %s\n", s.Key, dir, s.SHA256)
		}
	}
	if changed > 0 {
		return &statusError{code: exitFailures, why: fmt.Sprintf("documents that are not the ones that were read: %d", changed)}
	}
	return nil
}

// sourcesOf lists the sources that the baselines name, each once, in order.
func sourcesOf(baselines []*checks.Baseline) []checks.Source {
	named := map[string]bool{}
	var own []checks.Source
	for _, b := range baselines {
		for _, r := range b.Requirements {
			for _, ref := range append([]checks.SourceRef{r.Source}, r.Also...) {
				named[ref.Key] = true
			}
		}
		own = append(own, b.Sources()...)
	}
	var all []checks.Source
	for _, s := range append(checks.Sources(), own...) {
		if named[s.Key] {
			all = append(all, s)
			delete(named, s.Key)
		}
	}
	return all
}

// digestsIn gives the digests of the files in a folder by name, and their names
// by digest.
func digestsIn(dir string) (byName, names map[string]string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	byName, names = map[string]string{}, map[string]string{}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		data, err := readFile(filepath.Join(dir, e.Name()), maxSourceFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(data)
		byName[e.Name()] = hex.EncodeToString(sum[:])
		names[byName[e.Name()]] = e.Name()
	}
	return byName, names, nil
}
