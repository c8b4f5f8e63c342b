package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/wardround/wardround/mdm"
)

// keep makes durable what an event says, and that it is to be passed on. A poll
// writes nothing, save the first of an enrollment since the start: a device that
// was enrolled before wardround was attached is known by that.
func (r *Receiver) keep(ctx context.Context, in incoming, body []byte) error {
	e := in.evidence
	switch {
	case e == nil:
		return r.pass(ctx, in, body)
	case in.poll && r.known.has(e.Enrollment.ID):
		r.journal.Seen(e.Enrollment.ID, e.Received)
		return r.pass(ctx, in, body)
	case e.Class == mdm.CheckIn && !in.created.IsZero() && moves(e.Query):
		return r.keepCheckIn(ctx, in, body)
	}
	err := r.forward.write(ctx, e, in.lane, body, func(tx mdm.Tx) error { return answered(tx, e, r.cfg.Now()) })
	if err == nil && e.Class == mdm.Report {
		r.known.add(e.Enrollment.ID)
	}
	return err
}

// moves reports whether a check-in says whether its enrollment is there.
func moves(message mdm.QueryKey) bool {
	switch message {
	case mdm.Authenticate, mdm.TokenUpdate, mdm.CheckOut:
		return true
	}
	return false
}

// keepCheckIn keeps a check-in that says whether its enrollment is there. The
// last word has the one that the server heard last, though NanoMDM sends each
// from a goroutine of its own and they overtake each other: after one that is
// late the last is kept once more. One that comes again after long, from
// whoever has listened, is not heeded.
func (r *Receiver) keepCheckIn(ctx context.Context, in incoming, body []byte) error {
	e := in.evidence
	lock := &r.checkIns[maphash.String(r.seed, e.Enrollment.ID)%uint64(len(r.checkIns))]
	lock.Lock()
	defer lock.Unlock()
	last, err := lastCheckIn(ctx, r.journal, e.Enrollment.ID)
	if err != nil {
		return err
	}
	made, now := dated(e.Query, in.created), r.cfg.Now()
	if last.created > now.Add(maxDisorder).UnixMicro() {
		last = checkIn{} // a clock was wrong, here or there
	}
	old := made < last.created || made == last.created && e.ReceivedSHA256 == last.evidence.ReceivedSHA256
	switch {
	case old && now.Sub(in.created) > maxDisorder:
		*e = unread(*e, fmt.Errorf("a %s that is not the last and was made %s ago: sent again, or under way for that long",
			e.Query, now.Sub(in.created).Round(time.Second)))
		return r.forward.write(ctx, e, in.lane, body, nil)
	case made < last.created:
		if err := r.forward.write(ctx, e, in.lane, body, nil); err != nil {
			return err
		}
		last.evidence.Received = latest(last.evidence.Received, e.Received).Add(time.Millisecond)
		return r.journal.Write(ctx, &last.evidence, func(tx mdm.Tx) error { return last.note(tx) })
	}
	last = checkIn{created: made, evidence: *e}
	return r.forward.write(ctx, e, in.lane, body, func(tx mdm.Tx) error { return last.note(tx) })
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// A checkIn is the last of an enrollment.
type checkIn struct {
	created  int64 // microseconds, by the server's clock; 0: there is none
	evidence mdm.Evidence
}

// enrolTime is how much later than its TokenUpdate an Authenticate can be dated
// that came before it: NanoMDM dates events in the goroutines that send them, and
// a device sends one right after the other. One that really enrols anew within so
// short a time sends another TokenUpdate.
const enrolTime = 10 * time.Second

// dated is when a check-in counts as made, in microseconds.
func dated(message mdm.QueryKey, created time.Time) int64 {
	if message == mdm.Authenticate {
		created = created.Add(-enrolTime)
	}
	return created.UnixMicro()
}

func lastCheckIn(ctx context.Context, journal mdm.Journal, id string) (last checkIn, err error) {
	var text []byte
	err = journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT created, evidence FROM webhook_checkin WHERE enrollment = ?`, []any{id}, []any{&last.created, &text})
		return err
	})
	if err == nil && text != nil {
		err = json.Unmarshal(text, &last.evidence)
	}
	if err != nil {
		return checkIn{}, fmt.Errorf("read the last check-in: %w", err)
	}
	return last, nil
}

func (c checkIn) note(tx mdm.Tx) error {
	text, err := json.Marshal(c.evidence)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO webhook_checkin (enrollment, created, evidence) VALUES (?, ?, ?)
		ON CONFLICT (enrollment) DO UPDATE SET created = excluded.created, evidence = excluded.evidence`,
		c.evidence.Enrollment.ID, c.created, text)
	return err
}
