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
const maxElements = 60_000

// ErrTooLarge is the error of a file over MaxSize.
var ErrTooLarge = errors.New("the file is larger than 8 MiB")

// Parse reads a profile, signed or not. Of a signed one the content is taken
// first, whatever the signature is worth: see Profile.Verify. The error of a file that is no property list says
// what it looks like instead. A property list that is no profile is read and
// has the problem NotAProfile. Name is kept and otherwise only used by callers.
func Parse(name string, data []byte) (*Profile, error) {
	if len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	content, layers, rest, err := unwrap(data)
	if err != nil {
		return nil, fmt.Errorf("not a property list: %w", err)
	}
	doc, err := plist.Parse(content, plist.Limits{Bytes: MaxSize, Depth: 64, Elements: maxElements})
	if err != nil {
		return nil, unreadable(content, len(layers) > 0, err)
	}
	sum := digest(data)
	p := &Profile{
		Name:          name,
		SHA256:        sum,
		ContentSHA256: sum,
		Signature:     SignatureNone,
	}
	if len(layers) > 0 {
		p.readSignature(content, layers, rest)
	}
	p.read(doc)
	return p, nil
}

// readSignature keeps what Verify needs, and says what is odd about it.
func (p *Profile) readSignature(content []byte, layers []layer, rest int) {
	p.ContentSHA256 = digest(content)
	p.Signature = SignatureUnchecked
	p.layers = layers
	if outer := layers[0].signers; len(outer) > 0 && outer[0].certificate != nil {
		p.Signer = digest(outer[0].certificate)
	}
	if len(layers) > 1 {
		p.problem(SignedTwice, SeverityInfo, "", fmt.Sprintf("the profile is signed %d times, one signature around the other", len(layers)))
	}
	if rest > 0 {
		p.problem(Syntax, SeverityWarning, "", fmt.Sprintf("%d bytes stand after the signature", rest))
	}
}

// unreadable turns the error of the property list reader into a sentence for
// the person who has the file.
func unreadable(data []byte, signed bool, err error) error {
	what := "not"
	if signed {
		what = "signed, and what is signed is not"
	}
	if looks := plist.LooksLike(data); looks != "" {
		return fmt.Errorf("%s a property list: it looks like %s: %w", what, looks, err)
	}
	return fmt.Errorf("%s a readable property list: %w", what, err)
}

// digest is the hex SHA-256 of data.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
