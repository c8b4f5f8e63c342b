package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// entryDomain begins what an entry's hash is taken of, and nothing else that
// this package hashes or signs. Its number is the version of that encoding.
const entryDomain = "wardround/chain/entry/1\n"

// maxTime is the last second of the year 9999.
const maxTime = 253402300799

// An Entry is one link: what was put down at a time, and the hash of the entry
// before it. A zero Prev is the first entry's.
type Entry struct {
	Seq        int64  // 1 for the first, and one more for each
	At         int64  // Unix seconds
	Kind       Kind   // what the body is
	Body       []byte // canonical JSON, an object; nil: dropped, its digest stays
	BodySHA256 Hash   // SHA-256 of the body, as sha256sum prints it
	Prev       Hash
	Hash       Hash // over all of the above but the body, for which its digest stands
}

// Begin makes the first entry of a chain.
func Begin(at time.Time, g Genesis) (Entry, error) { return link(Entry{}, at, g) }

// Append makes the entry that follows e, of which only Seq and Hash are read.
// Nothing is kept by it: two entries that follow the same one are a fork, so
// the caller reads e and writes what follows in one transaction.
func (e Entry) Append(at time.Time, body Body) (Entry, error) {
	if e.Seq < 1 {
		return Entry{}, errors.New("append to the chain: there is no entry to follow")
	}
	if body.Kind() == KindGenesis {
		return Entry{}, errors.New("append to the chain: a genesis is its first entry")
	}
	return link(e, at, body)
}

func link(prev Entry, at time.Time, body Body) (Entry, error) {
	if err := body.check(); err != nil {
		return Entry{}, fmt.Errorf("append a %s entry: %w", body.Kind(), err)
	}
	data, err := Canonical(body)
	if err != nil {
		return Entry{}, fmt.Errorf("append a %s entry: %w", body.Kind(), err)
	}
	e := Entry{
		Seq: prev.Seq + 1, At: at.Unix(), Kind: body.Kind(),
		Body: data, BodySHA256: sha256.Sum256(data), Prev: prev.Hash,
	}
	e.Hash = e.sum()
	if err := e.checkForm(); err != nil {
		return Entry{}, fmt.Errorf("append a %s entry: %w", body.Kind(), err)
	}
	return e, nil
}

// Time is At in UTC.
func (e Entry) Time() time.Time { return time.Unix(e.At, 0).UTC() }

// sum is the hash that e ought to have. All but the kind has a fixed length,
// and the kind is preceded by its own, so no two entries are encoded alike.
func (e Entry) sum() Hash {
	b := make([]byte, 0, 192)
	b = append(b, entryDomain...)
	b = append(b, e.Prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(e.At))
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Kind)))
	b = append(b, e.Kind...)
	b = append(b, e.BodySHA256[:]...)
	return sha256.Sum256(b)
}

// checkForm wants what every entry has, whatever it is linked to.
func (e Entry) checkForm() error {
	switch {
	case e.Seq < 1 || e.Seq > maxInt:
		return fmt.Errorf("a number of %d", e.Seq)
	case e.At < 0 || e.At > maxTime:
		return fmt.Errorf("a time of %d, which is not in the years 1970 to 9999", e.At)
	case !e.Kind.valid():
		return fmt.Errorf("a kind of %.40q", e.Kind)
	case len(e.Body) > MaxBody:
		return fmt.Errorf("a body of more than %d bytes", MaxBody)
	}
	return nil
}

// Encode writes e as one line of canonical JSON, without a line feed. It does
// not look whether the hashes are right.
func Encode(e Entry) ([]byte, error) {
	err := e.checkForm()
	if err == nil && e.Body != nil {
		err = checkBody(e.Body)
	}
	if err != nil {
		return nil, fmt.Errorf("encode entry %d: %w", e.Seq, err)
	}
	// Canonical as it stands: the members are in order, a kind needs no escapes.
	line := fmt.Appendf(make([]byte, 0, len(e.Body)+320), `{"at":%d,`, e.At)
	if e.Body != nil {
		line = append(append(append(line, `"body":`...), e.Body...), ',')
	}
	return fmt.Appendf(line, `"body_sha256":"%s","hash":"%s","kind":"%s","prev":"%s","seq":%d}`, e.BodySHA256, e.Hash, e.Kind, e.Prev, e.Seq), nil
}

// Parse reads a line that Encode wrote, and refuses any other: no two lines
// are the same entry. It does not look whether the hashes are right; a Verifier
// does.
func Parse(line []byte) (Entry, error) {
	e, err := parse(line)
	if err != nil {
		return Entry{}, fmt.Errorf("parse an entry: %w", err)
	}
	return e, nil
}

func parse(line []byte) (Entry, error) {
	if len(line) > maxLine {
		return Entry{}, fmt.Errorf("more than %d bytes", maxLine)
	}
	var l struct {
		At         int64           `json:"at"`
		Body       json.RawMessage `json:"body"`
		BodySHA256 Hash            `json:"body_sha256"`
		Hash       Hash            `json:"hash"`
		Kind       Kind            `json:"kind"`
		Prev       Hash            `json:"prev"`
		Seq        int64           `json:"seq"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return Entry{}, err
	}
	e := Entry{Seq: l.Seq, At: l.At, Kind: l.Kind, Body: l.Body, BodySHA256: l.BodySHA256, Prev: l.Prev, Hash: l.Hash}
	again, err := Encode(e)
	switch {
	case err != nil:
		return Entry{}, err
	case !bytes.Equal(again, line):
		return Entry{}, errors.New("it is not written as an entry is written")
	}
	return e, nil
}

func checkBody(body []byte) error {
	if len(body) == 0 || body[0] != '{' {
		return errors.New("a body that is no object")
	}
	return checkCanonical(body)
}
