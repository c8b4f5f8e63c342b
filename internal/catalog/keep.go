package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wardround/wardround/profiles"
)

// A keeper is a folder of contents, each in a file named by its SHA-256.
type keeper struct {
	folder   string
	known    map[string]*profiles.Profile
	problems []Problem
}

// openKeeper makes the folder if need be and reads what is in it. A file that
// has not the content its name tells is a problem and is not taken.
func openKeeper(folder string) (*keeper, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	found, problems, err := walk([]string{folder}, usual())
	if err != nil {
		return nil, err
	}
	k := &keeper{folder: folder, known: make(map[string]*profiles.Profile), problems: problems}
	for _, f := range found {
		r := read(f.path)
		switch {
		case r.problem != nil:
			k.problems = append(k.problems, *r.problem)
		case filepath.Base(f.path) != keptName(r.profile.SHA256):
			k.problems = append(k.problems, Problem{
				Path: f.path, Code: "kept-content-changed",
				Message: "the file is not named by the SHA-256 of what is in it, so it is not the content that was kept",
			})
		default:
			k.known[r.profile.SHA256] = r.profile
		}
	}
	return k, nil
}

// all is what the folder held when it was opened.
func (k *keeper) all() map[string]*profiles.Profile { return k.known }

// keep writes a content unless it is there already. A file is there whole or
// not at all.
func (k *keeper) keep(sha256 string, data []byte) error {
	name := filepath.Join(k.folder, keptName(sha256))
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(k.folder, "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep content: %w", err), os.Remove(f.Name()))
	}
	return nil
}

func keptName(sha256 string) string { return sha256 + ".mobileconfig" }
