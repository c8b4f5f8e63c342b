package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

// chain appends what the round adds to the chain: the first entry if there is
// none, the acts since the last round, and the round. It reads the cursor of
// the last round, so it runs before meta.
func (c *Recorder) chain(r store.Round) error {
	last, err := c.lastEntry()
	if err == nil && last.Seq == 0 {
		if last, err = chain.Begin(fromUnix(c.at), chain.Genesis{Chain: chain.NewID(), Tool: r.Tool, Key: r.Key}); err == nil {
			err = c.link(last)
		}
	}
	for _, a := range r.Acts {
		if err == nil {
			last, err = c.act(last, a)
		}
	}
	var round chain.Round
	if err == nil {
		round, err = c.roundEntry(r)
	}
	if err == nil {
		if last, err = last.Append(fromUnix(c.at), round); err == nil {
			err = c.link(last)
		}
	}
	if err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	return nil
}

// lastEntry is the zero Entry if there is none.
func (c *Recorder) lastEntry() (last chain.Entry, err error) {
	var hash []byte
	_, err = c.row(`SELECT seq, at, hash FROM chain ORDER BY seq DESC LIMIT 1`, nil, []any{&last.Seq, &last.At, &hash})
	copy(last.Hash[:], hash)
	return last, err
}

func (c *Recorder) link(e chain.Entry) error {
	_, err := c.exec(`INSERT INTO chain (seq, at, kind, body, body_sha256, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, e.At, string(e.Kind), e.Body, e.BodySHA256[:], e.Prev[:], e.Hash[:])
	return err
}

// act appends an act, dated as it is, but never before the entry before it.
func (c *Recorder) act(last chain.Entry, a store.Act) (chain.Entry, error) {
	body, err := a.Entry(c.roundBefore)
	if err != nil {
		return last, err
	}
	e, err := last.Append(fromUnix(max(a.At.Unix(), last.At)), body)
	if err == nil {
		err = c.link(e)
	}
	if err == nil {
		_, err = c.exec(`INSERT INTO chain_act (act, seq) VALUES (?, ?)`, a.ID, e.Seq)
	}
	return e, err
}

func (c *Recorder) roundBefore(t time.Time) (seq int64, err error) {
	_, err = c.row(`SELECT coalesce(max(seq), 0) FROM chain WHERE kind = ? AND at < ?`, []any{string(chain.KindRound), t.Unix()}, []any{&seq})
	return seq, err
}

func (c *Recorder) roundEntry(r store.Round) (chain.Round, error) {
	e := chain.Round{
		Tool: r.Tool, AsOf: c.at, Sweep: r.Sweep.ID, Through: r.Cursor, Evidence: r.Consumed,
		Catalog: hashOf(r.Catalog), Inputs: make(map[string]chain.Hash),
	}
	for _, h := range c.heads {
		if h.visited && h.key != organisationKey {
			e.Devices++
		}
	}
	if _, err := c.row(`SELECT cursor FROM meta`, nil, []any{&e.After}); err != nil {
		return e, err
	}
	e.After = min(e.After, e.Through) // evidence that was restored from a backup begins anew
	if e.Evidence == (chain.Tally{}) {
		e.Evidence = chain.NewEvidenceDigest().Tally()
	}
	for name, sum := range r.Inputs {
		e.Inputs[name] = chain.Hash(sum)
	}
	if sum := inventoryDigest(r.Inventory); sum != nil {
		e.Inputs["inventory"] = chain.Hash(sum)
	}
	for _, b := range r.Results {
		e.Baselines = append(e.Baselines, chain.Baseline{ID: b.ID, Version: b.Version, Digest: b.Digest})
	}
	var err error
	e.Changes, err = c.changes()
	return e, err
}

// organisationKey is the device that stands for the organisation.
const organisationKey = 0

// hashOf reads a digest, zero if text is none.
func hashOf(text string) chain.Hash {
	var h chain.Hash
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(h) {
		copy(h[:], b)
	}
	return h
}

// changes sums up what the round changed, by the rows as they are now. They
// are those of the devices that diff was called for.
func (c *Recorder) changes() (chain.Tally, error) {
	sum := chain.NewChangeDigest()
	w := newWording(c.txn)
	for _, device := range slices.Sorted(maps.Keys(c.touched)) {
		spans, err := w.spans(device, spansAt, device, c.at)
		if err != nil {
			return chain.Tally{}, err
		}
		changesOf(device, spans, func(at int64, change chain.Change) {
			if at == c.at {
				sum.Change(change)
			}
		})
	}
	return sum.Tally(), nil
}

// touch notes that verdicts of a device may have changed.
func (c *Recorder) touch(device int64) {
	if c.touched == nil {
		c.touched = make(map[int64]bool)
	}
	c.touched[device] = true
}

// A span is an interval of a verdict.
type span struct {
	requirement, from, to   int64 // to 0: open
	finding, evidence       int64
	paged                   sql.NullInt64 // the severity that it stands under among those that fail; not valid: it does not
	baseline, requirementID string
	findingResult, reason   string
	findingSum, evidenceSum chain.Hash
	severity                int64
}

// Which spans of a device are read: all, or those that began or ended at ?2.
const (
	openSpans = `SELECT v.requirement, v.valid_from, 0, v.finding, v.evidence, CASE WHEN x.since <> v.since THEN 0 ELSE x.severity END
		FROM _open v LEFT JOIN failing x ON x.device = v.device AND x.requirement = v.requirement WHERE v.device = ?1`
	pastSpans = `SELECT requirement, valid_from, valid_to, finding, evidence, NULL FROM verdict_past WHERE device = ?1`
	spansOf   = openSpans + ` UNION ALL ` + pastSpans
	spansAt   = openSpans + ` AND v.valid_from = ?2 UNION ALL ` + pastSpans + ` AND (valid_to = ?2 OR valid_from = ?2)`
)

// A wording looks up what the numbers in spans stand for, and remembers it.
type wording struct {
	*txn
	requirements map[int64]requirementID
	findings     map[int64]findingHead
	sets         map[int64]chain.Hash
}

type findingHead struct {
	result, reason string
	severity       int64
	sum            chain.Hash
}

func newWording(t *txn) *wording {
	return &wording{
		txn: t, requirements: make(map[int64]requirementID), findings: make(map[int64]findingHead), sets: map[int64]chain.Hash{0: {}},
	}
}

// spans reads spans of a device in the order in which their changes go into a
// digest.
func (w *wording) spans(device int64, statement string, args ...any) ([]span, error) {
	var list []span
	err := w.each(func(rows *sql.Rows) error {
		var s span
		err := rows.Scan(&s.requirement, &s.from, &s.to, &s.finding, &s.evidence, &s.paged)
		list = append(list, s)
		return err
	}, statement, args...)
	for i := range list {
		if err == nil {
			err = w.fill(&list[i])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read what changed of device %d: %w", device, err)
	}
	slices.SortFunc(list, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.baseline, b.baseline), cmp.Compare(a.requirementID, b.requirementID), cmp.Compare(a.from, b.from))
	})
	return list, nil
}

func (w *wording) fill(s *span) error {
	name, ok := w.requirements[s.requirement]
	if !ok {
		if _, err := w.row(`SELECT b.id, r.id FROM requirement r JOIN baseline b ON b.baseline_key = r.baseline WHERE r.requirement_key = ?`,
			[]any{s.requirement}, []any{&name.baseline, &name.id}); err != nil {
			return err
		}
		w.requirements[s.requirement] = name
	}
	f, ok := w.findings[s.finding]
	if !ok {
		var sum []byte
		var severity string
		if _, err := w.row(`SELECT result, reason, severity, sum FROM finding WHERE finding_key = ?`,
			[]any{s.finding}, []any{&f.result, &f.reason, &severity, &sum}); err != nil {
			return err
		}
		copy(f.sum[:], sum)
		f.severity = severityRank(checks.Severity(severity))
		w.findings[s.finding] = f
	}
	set, ok := w.sets[s.evidence]
	if !ok {
		var sum []byte
		if _, err := w.row(`SELECT sum FROM evidence_set WHERE evidence_key = ?`, []any{s.evidence}, []any{&sum}); err != nil {
			return err
		}
		copy(set[:], sum)
		w.sets[s.evidence] = set
	}
	s.baseline, s.requirementID = name.baseline, name.id
	s.findingResult, s.reason, s.findingSum, s.severity = f.result, f.reason, f.sum, f.severity
	s.evidenceSum = set
	return nil
}

// changesOf calls f with each change that spans tell of, in the order that a
// digest wants of one time: what began, and what ended without another
// beginning. The table that pages of what fails are read from must agree with
// the finding.
func changesOf(device int64, spans []span, f func(at int64, c chain.Change)) {
	for i, s := range spans {
		c := chain.Change{Device: device, Baseline: s.baseline, Requirement: s.requirementID, Result: s.findingResult, Reason: s.reason, Finding: s.findingSum, Evidence: s.evidenceSum}
		if fails := s.findingResult == string(checks.Fail); s.to == 0 && (s.paged.Valid != fails || fails && s.paged.Int64 != s.severity) {
			c.Result = s.findingResult + ", but not so among those that fail"
		}
		f(s.from, c)
		followed := i+1 < len(spans) && spans[i+1].requirement == s.requirement && spans[i+1].from == s.to
		if s.to != 0 && !followed {
			f(s.to, chain.Change{Device: device, Baseline: s.baseline, Requirement: s.requirementID})
		}
	}
}

// ActCursor is the id of the last act in the chain.
func (r *Results) ActCursor(ctx context.Context) (int64, error) {
	var cursor int64
	if err := r.read.QueryRowContext(ctx, `SELECT coalesce(max(act), 0) FROM chain_act`).Scan(&cursor); err != nil {
		return 0, fmt.Errorf("read the last act of the chain: %w", err)
	}
	return cursor, nil
}
