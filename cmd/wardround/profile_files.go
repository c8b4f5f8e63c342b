package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wardround/wardround/profiles"
)

// A profileFile is one file with the profile in it; or, when profile is nil,
// the reason why there is none.
type profileFile struct {
	path      string
	profile   *profiles.Profile
	signature profiles.Signature
	err       error
}

// eachProfile reads files, and of folders all files below them, and calls f
// with each in order. Hidden files and folders inside a folder are passed
// over, links are not followed. What cannot be read is handed to f as such;
// only a path that is not there at all is the user's error, before anything is
// read.
func eachProfile(ctx context.Context, paths []string, read func(path string) profileFile, f func(profileFile) error) error {
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return usage(fmt.Errorf("profile %s: no such file or folder", path), "")
		}
	}
	for _, path := range paths {
		root := path
		if info, err := os.Stat(path); err == nil && info.IsDir() && !strings.HasSuffix(root, string(filepath.Separator)) {
			root += string(filepath.Separator) // so that a link to a folder is entered
		}
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				return f(unreadableFile(name, reasonWithoutPath(err)))
			case name != root && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case entry.IsDir():
				return nil
			case name != root && !entry.Type().IsRegular():
				return f(unreadableFile(name, errors.New("not a regular file")))
			}
			return f(read(name))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readProfile reads one profile. A file that is too large is not opened.
func readProfile(path string) profileFile {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return unreadableFile(path, reasonWithoutPath(err))
	case !info.Mode().IsRegular():
		return unreadableFile(path, errors.New("not a regular file"))
	case info.Size() > profiles.MaxSize:
		return unreadableFile(path, profiles.ErrTooLarge)
	}
	file, err := os.Open(path)
	if err != nil {
		return unreadableFile(path, reasonWithoutPath(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, profiles.MaxSize+1))
	if err != nil {
		return unreadableFile(path, reasonWithoutPath(err))
	}
	p, err := profiles.Parse(path, data)
	if err != nil {
		unread := unreadableFile(path, err)
		if len(data) > 1 && data[0] == 0x30 { // a DER or BER sequence, as signed files are
			unread.signature = profiles.SignatureUnchecked
		}
		return unread
	}
	return profileFile{path: path, profile: p, signature: p.Signature}
}

func unreadableFile(path string, err error) profileFile {
	return profileFile{path: path, signature: profiles.SignatureNone, err: err}
}

// reasonWithoutPath is an error without the path, which stands beside it.
func reasonWithoutPath(err error) error {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err
	}
	return err
}
