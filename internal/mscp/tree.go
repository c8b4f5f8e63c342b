package mscp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Bounds of a checkout. The real one has some 1,000 rules of about 4 KiB.
const (
	maxFiles     = 20_000
	maxFile      = 1 << 20   // bytes
	maxTree      = 128 << 20 // bytes, of all files together
	maxTreeDepth = 10
)

// A tree is a checkout, read through os.Root: no link leads out of it.
type tree struct {
	root  *os.Root
	name  string // as the user wrote it
	files int
	bytes int64
}

func openTree(name string) (*tree, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open the checkout: %w", err)
	}
	return &tree{root: root, name: name}, nil
}

// folder reports whether the tree has a folder of that name.
func (t *tree) folder(name string) bool {
	info, err := t.root.Stat(name)
	return err == nil && info.IsDir()
}

// yaml lists the YAML files below a folder in order of their names; none if
// there is no such folder. Links are not followed.
func (t *tree) yaml(folder string) ([]string, error) {
	var names []string
	if !t.folder(folder) {
		return nil, nil
	}
	err := fs.WalkDir(t.root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.Count(name, "/")-strings.Count(folder, "/") > maxTreeDepth:
			return fmt.Errorf("%s is nested deeper than %d folders", name, maxTreeDepth)
		case entry.IsDir():
			return nil
		}
		if t.files++; t.files > maxFiles {
			return fmt.Errorf("%s holds more than %d files", t.name, maxFiles)
		}
		if ext := path.Ext(name); entry.Type().IsRegular() && (ext == ".yaml" || ext == ".yml") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", folder, err)
	}
	slices.Sort(names)
	return names, nil
}

// read gives the bytes of a file.
func (t *tree) read(name string) ([]byte, error) {
	f, err := t.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxFile:
		return nil, fmt.Errorf("%s has more than the %d bytes that are read", name, maxFile)
	}
	if t.bytes += int64(len(data)); t.bytes > maxTree {
		return nil, fmt.Errorf("%s holds more than %d MiB of rules", t.name, maxTree>>20)
	}
	return data, nil
}

// commit is what the checkout stands at, empty where that cannot be read.
func (t *tree) commit() string {
	head, err := t.read(".git/HEAD")
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(head))
	name, symbolic := strings.CutPrefix(text, "ref: ")
	if !symbolic {
		return hexDigest(text)
	}
	if !fs.ValidPath(name) {
		return ""
	}
	loose, err := t.read(".git/" + name)
	if err == nil {
		return hexDigest(strings.TrimSpace(string(loose)))
	}
	packed, err := t.read(".git/packed-refs")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	for line := range strings.Lines(string(packed)) {
		if digest, ref, ok := strings.Cut(strings.TrimSpace(line), " "); ok && ref == name {
			return hexDigest(digest)
		}
	}
	return ""
}

// hexDigest gives text back if it is a commit, so that nothing else of a
// foreign file gets into ours.
func hexDigest(text string) string {
	if len(text) != 40 && len(text) != 64 || strings.Trim(text, "0123456789abcdef") != "" {
		return ""
	}
	return text
}
