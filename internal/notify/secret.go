package notify

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// A secret prints as ***.
type secret string

// String hides it.
func (secret) String() string { return "***" }

// GoString hides it from %#v too.
func (secret) GoString() string { return "***" }

// MarshalText hides it from encoders.
func (secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// maxSecret is more than any key, URL or bundle of authorities has.
const maxSecret = 1 << 20

// readFile reads a file of a bounded size, and says whether others than its
// owner may read it.
func readFile(path string) (data []byte, open bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
		return nil, false, fmt.Errorf("read %s: it is not a file", path)
	}
	data, err = io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("read %s: %w", path, err)
	case len(data) > maxSecret:
		return nil, false, fmt.Errorf("read %s: it is longer than %d bytes", path, maxSecret)
	}
	return data, info.Mode().Perm()&0o077 != 0, nil
}

// readSecret reads a file that holds a secret and nothing else; white space
// around it does not count.
func readSecret(path string) (s secret, open bool, err error) {
	data, open, err := readFile(path)
	if err != nil {
		return "", false, err
	}
	s = secret(strings.TrimSpace(string(data)))
	if s == "" {
		return "", false, fmt.Errorf("read %s: it is empty", path)
	}
	return s, open, nil
}

// A scrubber takes secrets out of the words of errors: libraries quote URLs,
// and servers what they were sent.
type scrubber struct{ words []string }

var (
	anyURL   = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"']+`)
	fragment = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// minFragment is the shortest part of a secret that is looked for by itself:
// shorter ones are in ordinary words.
const minFragment = 5

// newScrubber knows the secrets, how they look escaped, and their parts.
func newScrubber(secrets ...secret) scrubber {
	var words []string
	for _, s := range secrets {
		plain := string(s)
		if p, err := url.PathUnescape(plain); err == nil {
			words = append(words, p)
			words = append(words, fragment.Split(p, -1)...)
		}
		words = append(words, plain, url.QueryEscape(plain), url.PathEscape(plain))
		words = append(words, fragment.Split(plain, -1)...)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < minFragment })
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return scrubber{slices.Compact(words)}
}

// Of an error so many bytes are looked through, and so many characters are told.
const (
	maxScrubbed = 16 << 10
	maxError    = 300
)

// error is err in words without secrets. What it was made of cannot be had
// from it.
func (s scrubber) error(err error) error {
	if err == nil {
		return nil
	}
	text := anyURL.ReplaceAllString(bounded(err.Error(), maxScrubbed), "***")
	for _, w := range s.words {
		text = replaceFold(text, w)
	}
	return errors.New(clean(text, maxError))
}

// replaceFold hides a word in any case: hosts are lower-cased on the way.
func replaceFold(text, word string) string {
	text = strings.ReplaceAll(text, word, "***")
	lower, word := strings.ToLower(text), strings.ToLower(word)
	if len(lower) != len(text) { // a letter whose cases differ in length
		return strings.ReplaceAll(lower, word, "***")
	}
	var b strings.Builder
	for {
		i := strings.Index(lower, word)
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i] + "***")
		text, lower = text[i+len(word):], lower[i+len(word):]
	}
}
