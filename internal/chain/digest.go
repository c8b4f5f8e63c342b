package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"
)

// digestDomain and a version begin what a Digest is taken of.
const (
	digestDomain  = "wardround/chain/digest"
	digestVersion = 1
)

// What a field of a row begins with. No encoding of a field is the beginning
// of another's, so no two sequences of rows are encoded alike.
const (
	tagInt   = 'i' // eight bytes, big-endian
	tagText  = 's' // its length in eight bytes, then it
	tagBytes = 'b' // so too
	tagRow   = 'r' // ends a row
)

// A Tally stands for rows: how many there are, and one digest over all of them
// in their order.
type Tally struct {
	Count  int64 `json:"count"`
	SHA256 Hash  `json:"sha256"`
}

// A Digest takes rows one after the other, each field by field and closed by
// Row, and keeps none. It is not safe for concurrent use. The zero value is of
// no use; see NewDigest.
type Digest struct {
	h     hash.Hash
	count int64
	buf   []byte
}

// NewDigest begins a digest of rows of the named sort. Equal rows of two sorts
// have different digests.
func NewDigest(sort string) *Digest {
	d := &Digest{h: sha256.New()}
	d.buf = append(d.buf, digestDomain...)
	d.buf = append(d.buf, digestVersion)
	d.Text(sort)
	return d
}

// Int adds a field.
func (d *Digest) Int(n int64) {
	d.buf = binary.BigEndian.AppendUint64(append(d.buf, tagInt), uint64(n))
}

// Text adds a field. A text and the same bytes are different fields.
func (d *Digest) Text(s string) {
	d.buf = binary.BigEndian.AppendUint64(append(d.buf, tagText), uint64(len(s)))
	d.buf = append(d.buf, s...)
}

// Bytes adds a field.
func (d *Digest) Bytes(b []byte) {
	d.buf = binary.BigEndian.AppendUint64(append(d.buf, tagBytes), uint64(len(b)))
	d.buf = append(d.buf, b...)
}

// Row ends a row.
func (d *Digest) Row() {
	d.buf = append(d.buf, tagRow)
	d.count++
	d.flush()
}

// Tally is what was taken so far. Fields that no Row has closed are in it. More
// rows may follow.
func (d *Digest) Tally() Tally {
	d.flush()
	return Tally{Count: d.count, SHA256: Hash(d.h.Sum(nil))}
}

func (d *Digest) flush() {
	_, _ = d.h.Write(d.buf) // never returns an error
	d.buf = d.buf[:0]
}

// An EvidenceRow is what Round.Evidence takes of a piece of evidence. It stays
// when the body is pruned and when the device is erased.
type EvidenceRow struct {
	ID             int64
	SHA256         Hash // of the kept bytes
	ReceivedSHA256 Hash // of those that came
	Received       time.Time
}

// NewEvidenceDigest begins the digest of Round.Evidence.
func NewEvidenceDigest() *Digest { return NewDigest("evidence") }

// Evidence adds a row; rows come in order of id. Of the time it takes whole
// milliseconds.
func (d *Digest) Evidence(r EvidenceRow) {
	d.Int(r.ID)
	d.Bytes(r.SHA256[:])
	d.Bytes(r.ReceivedSHA256[:])
	d.Int(r.Received.UnixMilli())
	d.Row()
}

// A Change is what Round.Changes takes of a verdict that a round changed: the
// interval that began with it, or the end of one that none followed. The
// device is a bare number, so that the row can stay when the device is erased.
type Change struct {
	Device      int64 // device_key; 0: the organisation
	Baseline    string
	Requirement string
	Result      string // in the words of XCCDF; empty: no interval followed
	Reason      string
	Finding     Hash // over all else that the verdict says
	Evidence    Hash // over the evidence that it rests on; zero: none
}

// NewChangeDigest begins the digest of Round.Changes.
func NewChangeDigest() *Digest { return NewDigest("changes") }

// Change adds a row; rows come in order of device, baseline and requirement,
// texts by their bytes.
func (d *Digest) Change(c Change) {
	d.Int(c.Device)
	d.Text(c.Baseline)
	d.Text(c.Requirement)
	d.Text(c.Result)
	d.Text(c.Reason)
	d.Bytes(c.Finding[:])
	d.Bytes(c.Evidence[:])
	d.Row()
}
