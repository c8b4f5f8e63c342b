package chain

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// What the text of a head is made of. The form is that of a C2SP signed note.
const (
	headDomain = "wardround/chain/head/1/" // the first line, with the chain's id
	signer     = "wardround"
	sigPrefix  = "\u2014 " + signer + " "
	maxHead    = 1 << 10 // bytes
)

// A Head fixes a chain up to and including one entry. It says that at a time
// the chain was that; kept elsewhere it proves so later.
type Head struct {
	Chain ID
	Seq   int64
	Hash  Hash
	At    int64 // Unix seconds at which the head was taken
}

// HeadOf is the head of a chain that ends with e, taken at a time.
func HeadOf(chain ID, e Entry, at time.Time) Head {
	return Head{Chain: chain, Seq: e.Seq, Hash: e.Hash, At: at.Unix()}
}

// Time is At in UTC.
func (h Head) Time() time.Time { return time.Unix(h.At, 0).UTC() }

// text is what is signed: four lines.
func (h Head) text() string {
	return headDomain + h.Chain.String() + "\n" +
		strconv.FormatInt(h.Seq, 10) + "\n" +
		base64.StdEncoding.EncodeToString(h.Hash[:]) + "\n" +
		h.Time().Format(time.RFC3339) + "\n"
}

// Follows walks the entries after an older head up to h, and returns why h is
// not of the chain that older was taken of. Entries after h may follow, and
// must if one of them tells of a body that was dropped before.
func (h Head) Follows(ctx context.Context, older Head, between iter.Seq2[Entry, error]) error {
	switch {
	case h.Chain != older.Chain:
		return fmt.Errorf("follow a head: one is of chain %s, the other of %s", older.Chain, h.Chain)
	case h.Seq < older.Seq:
		return fmt.Errorf("follow a head: entry %d is before entry %d", h.Seq, older.Seq)
	}
	_, err := Verify(ctx, between, Verification{After: &older, Heads: []Head{h}})
	return err
}

// A SignedHead is a head with its signature, which may or may not be right:
// see Verify.
type SignedHead struct {
	Head
	KeyHash   [4]byte // tells which key signed it, and proves nothing
	Signature [64]byte
}

// String is the text of the head: four lines, an empty one, and the signature.
// ParseHead reads it.
func (s SignedHead) String() string {
	sig := append(s.KeyHash[:], s.Signature[:]...)
	return s.text() + "\n" + sigPrefix + base64.StdEncoding.EncodeToString(sig) + "\n"
}

// ErrOtherKey means that a head was signed with another key.
var ErrOtherKey = errors.New("signed with another key")

// Verify returns an error unless s was signed with the private key of p:
// ErrOtherKey if it does not claim to be.
func (s SignedHead) Verify(p PublicKey) error {
	switch {
	case s.KeyHash != p.hash():
		return fmt.Errorf("verify the head of entry %d: %w", s.Seq, ErrOtherKey)
	case !p.verify([]byte(s.text()), s.Signature[:]):
		return fmt.Errorf("verify the head of entry %d: the signature does not fit", s.Seq)
	}
	return nil
}

// ParseHead reads the text of a signed head. What a mail or a log leaves around
// it is fine: white space and quotation marks about the whole, lines that end
// in CR LF or in a backslash and an n. All else must be as SignedHead writes
// it. The signature is not verified.
func ParseHead(text []byte) (SignedHead, error) {
	s, err := parseHead(text)
	if err != nil {
		return SignedHead{}, fmt.Errorf("parse a head: %w", err)
	}
	return s, nil
}

func parseHead(text []byte) (SignedHead, error) {
	if len(text) > maxHead {
		return SignedHead{}, fmt.Errorf("more than %d bytes", maxHead)
	}
	plain := strings.NewReplacer("\r\n", "\n", `\n`, "\n").Replace(string(text))
	plain = strings.Trim(plain, "\" \t\n")
	lines := strings.Split(plain, "\n")
	if len(lines) != 6 || lines[4] != "" {
		return SignedHead{}, errors.New("it is not four lines, an empty one and a signature")
	}
	var s SignedHead
	id, ours := strings.CutPrefix(lines[0], headDomain)
	if err := s.Chain.UnmarshalText([]byte(id)); err != nil || !ours {
		return SignedHead{}, errors.New("the first line does not name a wardround chain")
	}
	seq, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || seq < 1 || seq > maxInt {
		return SignedHead{}, errors.New("the second line is not the number of an entry")
	}
	if err := decodeBase64(s.Hash[:], lines[2]); err != nil {
		return SignedHead{}, errors.New("the third line is not a hash in base64")
	}
	at, err := time.Parse(time.RFC3339, lines[3])
	if err != nil || at.Unix() < 0 || at.Unix() > maxTime {
		return SignedHead{}, errors.New("the fourth line is not a time")
	}
	s.Seq, s.At = seq, at.Unix()
	sig, found := strings.CutPrefix(lines[5], sigPrefix)
	var raw [68]byte
	if err := decodeBase64(raw[:], sig); err != nil || !found {
		return SignedHead{}, errors.New("the last line is not a signature by " + signer)
	}
	copy(s.KeyHash[:], raw[:4])
	copy(s.Signature[:], raw[4:])
	if strings.TrimSpace(s.String()) != plain {
		return SignedHead{}, errors.New("it is not written as a head is written")
	}
	return s, nil
}

func decodeBase64(to []byte, text string) error {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return err
	case len(data) != len(to):
		return errors.New("of another length")
	}
	copy(to, data)
	return nil
}
