package mdm

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/wardround/wardround/internal/plist"
)

// MaxBody is the largest body that Receive reads, in bytes.
const MaxBody = 16 << 20

// KeptOfRefused is how much of a refused body is kept, in bytes.
const KeptOfRefused = 64 << 10

// MaxKept is the largest body that Decode reads, in bytes. Overwriting can make
// a body longer: a boolean becomes an empty string, data lose their folds.
const MaxKept = 2 * MaxBody

// Receive reads one message of a device, that came at the given time: it
// bounds it, reads its envelope, overwrites what must not be kept and takes
// the digests. It does not change body, and the Evidence shares none of it.
//
// An error means that body was refused. The Evidence is then of class Unread,
// to be kept all the same, with the CommandUUID and the enrollment where they
// could be read, and the Envelope is nil. The body of such Evidence is the
// beginning of what came with every value overwritten.
//
// Evidence.Enrollment is in its Private form, Envelope.Enrollment returns the
// one that NanoMDM uses. Both are what the message says of itself: only a
// transport can tell whether that is true. Evidence.SHA256 is zero until Seal,
// which whoever keeps the evidence calls: most answers are as before and are not
// kept again. Receive is safe for concurrent use.
func (k Key) Receive(body []byte, at time.Time) (Evidence, *Envelope, error) {
	e := Evidence{
		Class:          Unread,
		Received:       at.UTC(),
		Size:           int64(len(body)),
		ReceivedSHA256: sha256.Sum256(body),
	}
	doc, err := plist.Parse(body, plist.Limits{Bytes: MaxBody})
	if err != nil {
		return e.refused(body, fmt.Errorf("read message: %w", err))
	}
	env, err := readEnvelope(doc.Root())
	e.CommandUUID = env.CommandUUID
	if enrollment, ok := env.Enrollment(); ok {
		e.Enrollment = k.Private(enrollment)
	}
	if err != nil {
		return e.refused(body, fmt.Errorf("read envelope: %w", err))
	}

	e.Class, e.Status, e.Query = env.Class, env.Status, env.query()
	e.Rewritten = doc.Rewritten()
	kept := scrub(doc, env.ownersDevice(), k)
	e.Body, e.Canonical = kept.body, kept.canonical()
	if bytes.Equal(e.Body, body) {
		e.SHA256 = e.ReceivedSHA256
	}
	return e, env, nil
}

// Receive is Key.Receive without a key and with Seal, for messages that no
// device channel brings.
func Receive(body []byte, at time.Time) (Evidence, *Envelope, error) {
	e, env, err := Key{}.Receive(body, at)
	e.Seal()
	return e, env, err
}

// Seal takes the digest of the kept bytes, if that was not done.
func (e *Evidence) Seal() {
	if e.SHA256 == (Digest{}) {
		e.SHA256 = sha256.Sum256(e.Body)
	}
}

// refused returns e as the evidence of a body that could not be read.
func (e Evidence) refused(body []byte, why error) (Evidence, *Envelope, error) {
	e.Body = withoutContent(body)
	e.SHA256 = sha256.Sum256(e.Body)
	e.Canonical = e.ReceivedSHA256
	e.Refusal = why.Error()
	return e, nil, why
}

// Asked refines e.Query with the query that the command e answers had asked:
// only the command tells which of the two profile lists a ProfileList is, and
// a report without an answer (Error, NotNow) does not say its kind at all. A
// query that disagrees with the kind of the answer is ignored, as is any for
// a check-in, an Idle report or a refused body.
func (e *Evidence) Asked(q QueryKey) {
	if e.Class != Report || e.Status == Idle || q == "" {
		return
	}
	if e.Query == "" || e.Query == QueryKey(q.RequestType()) {
		e.Query = q
	}
}
