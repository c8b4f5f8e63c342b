package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

var _ store.Chain = (*chained)(nil)

// Chain opens the chain as it is now.
func (r *Results) Chain(ctx context.Context) (store.Chain, error) {
	tx, err := r.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("open the chain: %w", err)
	}
	return &chained{txn: newTxn(ctx, tx)}, nil
}

// chained is the chain within one transaction.
type chained struct {
	*txn
	digests map[int64]*chain.Digest // of changes, by time; nil: not taken yet
	strays  map[int64]map[int64]string
}

// Close ends the transaction.
func (c *chained) Close() error {
	if err := c.tx.Rollback(); err != nil {
		return fmt.Errorf("close the chain: %w", err)
	}
	return nil
}

const entryColumns = `SELECT seq, at, kind, body, body_sha256, prev, hash FROM chain`

func scanEntry(rows *sql.Rows) (chain.Entry, error) {
	var e chain.Entry
	var body sql.Null[[]byte]
	var sum, prev, hash []byte
	if err := rows.Scan(&e.Seq, &e.At, &e.Kind, &body, &sum, &prev, &hash); err != nil {
		return chain.Entry{}, err
	}
	if body.Valid {
		e.Body = append([]byte{}, body.V...)
	}
	for _, h := range []struct {
		to   *chain.Hash
		from []byte
	}{{&e.BodySHA256, sum}, {&e.Prev, prev}, {&e.Hash, hash}} {
		if len(h.from) == len(h.to) { // else it is zero, which no hash is
			copy(h.to[:], h.from)
		}
	}
	return e, nil
}

// Head is the last entry, and the chain it is on.
func (c *chained) Head(context.Context) (chain.ID, chain.Entry, error) {
	var id chain.ID
	var first, last chain.Entry
	err := c.each(func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if e.Seq == 1 {
			first = e
		}
		last = e
		return err
	}, entryColumns+` WHERE seq = 1 OR seq = (SELECT max(seq) FROM chain) ORDER BY seq`)
	if err == nil && last.Seq == 0 {
		err = store.ErrNotFound
	}
	if err == nil {
		var g chain.Genesis
		g, err = chain.Decode[chain.Genesis](first)
		id = g.Chain
	}
	if err != nil {
		return chain.ID{}, chain.Entry{}, fmt.Errorf("read the head of the chain: %w", err)
	}
	return id, last, nil
}

// errEnough ends a walk that nobody follows any more.
var errEnough = errors.New("enough")

// Entries yields all entries in order.
func (c *chained) Entries(context.Context) iter.Seq2[chain.Entry, error] {
	return func(yield func(chain.Entry, error) bool) {
		err := c.each(func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			if err == nil && !yield(e, nil) {
				err = errEnough
			}
			return err
		}, entryColumns+` ORDER BY seq`)
		if err != nil && !errors.Is(err, errEnough) {
			yield(chain.Entry{}, fmt.Errorf("read the chain: %w", err))
		}
	}
}

// Changes is over the verdicts that changed at a time.
func (c *chained) Changes(ctx context.Context, at time.Time) (chain.Tally, error) {
	if err := c.sumUp(ctx); err != nil {
		return chain.Tally{}, err
	}
	d, ok := c.digests[at.Unix()]
	if !ok {
		return chain.Tally{}, fmt.Errorf("changes at %s: %w", at.Format(time.RFC3339), store.ErrNotFound)
	}
	return d.Tally(), nil
}

// sumUp takes the digests of all times in one pass, device by device.
func (c *chained) sumUp(ctx context.Context) error {
	if c.digests != nil {
		return nil
	}
	var devices []int64
	names := make(map[int64]string)
	err := c.each(func(rows *sql.Rows) error {
		var key int64
		var id sql.NullString
		err := rows.Scan(&key, &id)
		devices = append(devices, key)
		names[key] = id.String
		return err
	}, `SELECT d.device, n.id FROM (SELECT device_key AS device FROM device WHERE list IS NOT NULL UNION SELECT device FROM verdict UNION SELECT device FROM verdict_past) d
		LEFT JOIN device n ON n.device_key = d.device ORDER BY d.device`)
	if err != nil {
		return fmt.Errorf("read what changed: %w", err)
	}
	digests, strays := make(map[int64]*chain.Digest), make(map[int64]map[int64]string)
	w := newWording(c.txn)
	for _, device := range devices {
		if err := ctx.Err(); err != nil {
			return err
		}
		spans, err := w.spans(device, spansOf, device)
		if err != nil {
			return err
		}
		changesOf(device, spans, func(at int64, change chain.Change) {
			if digests[at] == nil {
				digests[at], strays[at] = chain.NewChangeDigest(), make(map[int64]string)
			}
			digests[at].Change(change)
			if _, had := strays[at][device]; len(strays[at]) < maxStrays || had {
				id := names[device]
				if change.Result != "" {
					id = "" // what began is not what an erasure does
				}
				if before, had := strays[at][device]; !had || before != "" {
					strays[at][device] = id
				}
			}
		})
	}
	c.digests, c.strays = digests, strays
	return nil
}

// maxStrays bounds how many devices are remembered of one time.
const maxStrays = 1000

// Strays tells of changes at times that are not known.
func (c *chained) Strays(ctx context.Context, known map[int64]bool, erased func(id string) bool, f func(at time.Time, device int64) error) error {
	if err := c.sumUp(ctx); err != nil {
		return err
	}
	for at, devices := range c.strays {
		if known[at] {
			continue
		}
		for device, id := range devices {
			if id != "" && erased(id) {
				continue
			}
			if err := f(fromUnix(at), device); err != nil {
				return err
			}
		}
	}
	return nil
}

// Words compares what verdicts say with the sums by which the chain names it.
func (c *chained) Words(_ context.Context, erased func(text string) bool, f func(what string) error) error {
	d := newDictionary(c.txn)
	var told error // what f returned, which is its own affair
	err := c.each(func(rows *sql.Rows) error {
		var key int64
		var sum []byte
		var v checks.Verdict
		var age int64
		if err := rows.Scan(&key, &sum, &v.Result, &v.Reason, &v.Assurance, &v.Level, &v.Severity, &age, &v.Expected, &v.Observed, &v.Message, &v.NextStep); err != nil {
			return err
		}
		v.MaxAge = time.Duration(age) * time.Second
		if got := d.sum(appendFinding(d.buf[:0], v)); string(got[:]) == string(sum) {
			return nil
		}
		if slices.ContainsFunc([]string{v.Expected, v.Observed, v.Message, v.NextStep}, erased) {
			return nil
		}
		told = f(fmt.Sprintf("finding %d", key))
		return told
	}, `SELECT f.finding_key, f.sum, f.result, f.reason, f.assurance, f.level, f.severity, f.max_age,
		coalesce(a.text, ''), coalesce(b.text, ''), coalesce(c.text, ''), coalesce(d.text, '')
		FROM finding f LEFT JOIN text a ON a.text_key = f.expected LEFT JOIN text b ON b.text_key = f.observed
		LEFT JOIN text c ON c.text_key = f.message LEFT JOIN text d ON d.text_key = f.next_step`)
	if err == nil {
		told, err = c.evidenceSets(d, erased, f)
	}
	if err != nil && told == nil {
		return fmt.Errorf("read the words of verdicts: %w", err)
	}
	return told
}

// evidenceSets does the same for the lists of evidence.
func (c *chained) evidenceSets(d *dictionary, erased func(text string) bool, f func(what string) error) (told, err error) {
	var key int64
	var sum []byte
	var refs []ref
	gone := false
	compare := func() error {
		if got := d.sum(appendRefs(d.buf[:0], refs)); key != 0 && !gone && string(got[:]) != string(sum) {
			told = f(fmt.Sprintf("list of evidence %d", key))
		}
		refs, gone = refs[:0], false
		return told
	}
	err = c.each(func(rows *sql.Rows) error {
		var of int64
		var ofSum []byte
		var r ref
		var sha256 sql.NullString
		var collected sql.NullInt64
		if err := rows.Scan(&of, &ofSum, &r.request, &r.query, &r.channel, &r.status, &sha256, &collected, &r.missing); err != nil {
			return err
		}
		if of != key {
			if err := compare(); err != nil {
				return err
			}
			key, sum = of, append(sum[:0], ofSum...)
		}
		r.sha256, r.collected = sha256.String, collected.Int64
		gone = gone || erased(r.channel)
		refs = append(refs, r)
		return nil
	}, `SELECT s.evidence_key, s.sum, coalesce(a.text, ''), coalesce(b.text, ''), coalesce(c.text, ''), coalesce(d.text, ''), r.sha256, r.collected,
		coalesce(r.missing, 0) FROM evidence_set s LEFT JOIN evidence_ref r ON r.evidence = s.evidence_key
		LEFT JOIN text a ON a.text_key = r.request LEFT JOIN text b ON b.text_key = r.query
		LEFT JOIN text c ON c.text_key = r.channel LEFT JOIN text d ON d.text_key = r.status ORDER BY s.evidence_key, r.position`)
	if err == nil {
		err = compare()
	}
	return told, err
}

// Acts maps ids of acts to the numbers of their entries.
func (c *chained) Acts(context.Context) (map[int64]int64, error) {
	acts := make(map[int64]int64)
	err := c.each(func(rows *sql.Rows) error {
		var act, seq int64
		err := rows.Scan(&act, &seq)
		acts[act] = seq
		return err
	}, `SELECT act, seq FROM chain_act`)
	if err != nil {
		return nil, fmt.Errorf("read which acts are in the chain: %w", err)
	}
	return acts, nil
}

// Seen are the newest observations of a device by the last round. Of a user's
// channel the type is not kept.
func (c *chained) Seen(_ context.Context, deviceID string) ([]store.Seen, error) {
	var list []store.Seen
	err := c.each(func(rows *sql.Rows) error {
		var s store.Seen
		var channel string
		var sum []byte
		var since, last, gap int64
		if err := rows.Scan(&channel, &s.Query, &s.Status, &sum, &since, &last, &gap, &s.Count); err != nil {
			return err
		}
		s.Enrollment.ID = deviceID
		if channel != "" {
			s.Enrollment.ID, s.Enrollment.ParentID = channel, deviceID
		}
		copy(s.SHA256[:], sum)
		s.Since, s.Last, s.LongestGap = fromUnix(since), fromUnix(last), time.Duration(gap)*time.Second
		list = append(list, s)
		return nil
	}, `SELECT a.text, b.text, c.text, o.sha256, o.since, o.last, o.longest_gap, o.count FROM device d JOIN observation o ON o.device = d.device_key
		JOIN text a ON a.text_key = o.channel JOIN text b ON b.text_key = o.query JOIN text c ON c.text_key = o.status WHERE d.id = ?`, deviceID)
	if err != nil {
		return nil, fmt.Errorf("read what was seen of %q: %w", deviceID, err)
	}
	return list, nil
}
