package profiles

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/wardround/wardround/internal/plist"
)

// MaxSize is the size in bytes up to which a file is read. Profiles with
// hundreds of certificates stay below 1 MiB.
const MaxSize = 8 << 20

// maxElements bounds the keys and values of a file. A large profile has a few
// thousand.
const maxElements = 200_000

// ErrTooLarge is the error of a file over MaxSize.
var ErrTooLarge = errors.New("the file is larger than 8 MiB")

// Parse reads a profile. The error of a file that is no property list says
// what it looks like instead. A property list that is no profile is read and
// has the problem NotAProfile. Name is kept and otherwise only used by callers.
func Parse(name string, data []byte) (*Profile, error) {
	if len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	doc, err := plist.Parse(data, plist.Limits{Bytes: MaxSize, Depth: 64, Elements: maxElements})
	if err != nil {
		return nil, unreadable(data, err)
	}
	p := &Profile{
		Name:          name,
		SHA256:        digest(data),
		ContentSHA256: digest(data),
		Signature:     SignatureNone,
	}
	p.read(doc)
	return p, nil
}

// unreadable turns the error of the property list reader into a sentence for
// the person who has the file.
func unreadable(data []byte, err error) error {
	if looks := plist.LooksLike(data); looks != "" {
		return fmt.Errorf("not a property list: it looks like %s: %w", looks, err)
	}
	return fmt.Errorf("not a readable property list: %w", err)
}

// digest is the hex SHA-256 of data.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
