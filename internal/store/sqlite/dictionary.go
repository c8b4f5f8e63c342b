package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/wardround/wardround/checks"
)

// A dictionary gives texts, findings, evidence sets, baselines and
// requirements their numbers within one transaction.
type dictionary struct {
	*txn
	texts        map[string]int64
	findings     map[digest]int64
	evidence     map[digest]int64
	baselines    map[string]int64
	requirements map[requirementID]int64
	reasons      map[checks.Reason]bool
	agings       map[digest]int64
	rules        map[int64]*aging // by number
	buf          []byte           // room to digest in
}

type requirementID struct{ baseline, id string }

func newDictionary(t *txn) *dictionary {
	return &dictionary{
		txn:          t,
		texts:        make(map[string]int64),
		findings:     make(map[digest]int64),
		evidence:     make(map[digest]int64),
		baselines:    make(map[string]int64),
		requirements: make(map[requirementID]int64),
		reasons:      make(map[checks.Reason]bool),
		agings:       make(map[digest]int64),
		rules:        make(map[int64]*aging),
	}
}

// number returns the number of a thing: from the cache, the table, or a new row.
func number[K comparable](d *dictionary, cache map[K]int64, k K, find, insert string, id, rest []any) (int64, error) {
	if n, ok := cache[k]; ok {
		return n, nil
	}
	var n int64
	found, err := d.row(find, id, []any{&n})
	if err == nil && !found {
		_, err = d.row(insert, append(id, rest...), []any{&n})
	}
	if err != nil {
		return 0, err
	}
	cache[k] = n
	return n, nil
}

func (d *dictionary) text(s string) (int64, error) {
	return number(d, d.texts, s, `SELECT text_key FROM text WHERE text = ?`,
		`INSERT INTO text (text) VALUES (?) RETURNING text_key`, []any{s}, nil)
}

func (d *dictionary) baseline(id string) (int64, error) {
	return number(d, d.baselines, id, `SELECT baseline_key FROM baseline WHERE id = ?`,
		`INSERT INTO baseline (id, position, expected, asked, answered) VALUES (?, 0, 0, 0, 0) RETURNING baseline_key`, []any{id}, nil)
}

func (d *dictionary) requirement(baseline, id string) (int64, error) {
	b, err := d.baseline(baseline)
	if err != nil {
		return 0, err
	}
	return number(d, d.requirements, requirementID{baseline, id}, `SELECT requirement_key FROM requirement WHERE baseline = ? AND id = ?`,
		`INSERT INTO requirement (baseline, id) VALUES (?, ?) RETURNING requirement_key`, []any{b, id}, nil)
}

// finding numbers what a verdict says, without whom it is said of.
func (d *dictionary) finding(v checks.Verdict) (int64, error) {
	sum := d.sum(appendFinding(d.buf[:0], v))
	if n, ok := d.findings[sum]; ok {
		return n, nil
	}
	d.reasons[v.Reason] = true
	rest := []any{v.Result, v.Reason, v.Assurance, v.Level, v.Severity, seconds(v.MaxAge)}
	for _, s := range []string{v.Expected, v.Observed, v.Message, v.NextStep} {
		n, err := d.text(s)
		if err != nil {
			return 0, err
		}
		rest = append(rest, n)
	}
	return number(d, d.findings, sum, `SELECT finding_key FROM finding WHERE sum = ?`,
		`INSERT INTO finding (sum, result, reason, assurance, level, severity, max_age, expected, observed, message, next_step)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING finding_key`, []any{sum[:]}, rest)
}

// appendFinding appends an unambiguous form of what a verdict says.
func appendFinding(b []byte, v checks.Verdict) []byte {
	for _, s := range []string{
		string(v.Result), string(v.Reason), string(v.Assurance), string(v.Level), string(v.Severity),
		v.Expected, v.Observed, v.Message, v.NextStep,
	} {
		b = appendText(b, s)
	}
	return binary.AppendVarint(b, seconds(v.MaxAge))
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A digest is a SHA-256 cut to 16 bytes: equality is all it is for.
type digest [16]byte

// sum digests b, which was appended to d.buf, and keeps its room.
func (d *dictionary) sum(b []byte) digest {
	d.buf = b
	sum := sha256.Sum256(b)
	return digest(sum[:16])
}

// A ref is one reference of an evidence set. Without sha256 it means the
// observation of that channel, query and status, whatever it is by then.
type ref struct {
	request, query, channel, status string
	sha256                          string
	collected                       int64
	missing                         bool // as in checks.EvidenceRef
}

// appendRefs appends an unambiguous form of a list of references.
func appendRefs(b []byte, refs []ref) []byte {
	b = binary.AppendUvarint(b, uint64(len(refs)))
	for _, r := range refs {
		for _, s := range []string{r.request, r.query, r.channel, r.status, r.sha256} {
			b = appendText(b, s)
		}
		b = binary.AppendVarint(b, r.collected)
	}
	for i, r := range refs { // at the end, so that lists without one sum up to what they always did
		if r.missing {
			b = binary.AppendUvarint(append(b, 0xff), uint64(i))
		}
	}
	return b
}

// evidenceSet numbers a list of references, 0 for the empty one.
func (d *dictionary) evidenceSet(refs []ref) (int64, error) {
	if len(refs) == 0 {
		return 0, nil
	}
	sum := d.sum(appendRefs(d.buf[:0], refs))
	if n, ok := d.evidence[sum]; ok {
		return n, nil
	}
	var n int64
	found, err := d.row(`SELECT evidence_key FROM evidence_set WHERE sum = ?`, []any{sum[:]}, []any{&n})
	if err == nil && !found {
		n, err = d.addEvidenceSet(sum, refs)
	}
	if err != nil {
		return 0, err
	}
	d.evidence[sum] = n
	return n, nil
}

func (d *dictionary) addEvidenceSet(sum digest, refs []ref) (n int64, err error) {
	if _, err := d.row(`INSERT INTO evidence_set (sum) VALUES (?) RETURNING evidence_key`, []any{sum[:]}, []any{&n}); err != nil {
		return 0, err
	}
	for i, r := range refs {
		args := []any{n, i}
		for _, s := range []string{r.request, r.query, r.channel, r.status} {
			k, err := d.text(s)
			if err != nil {
				return 0, err
			}
			args = append(args, k)
		}
		if r.sha256 == "" {
			args = append(args, nil, nil)
		} else {
			args = append(args, r.sha256, r.collected)
		}
		if _, err := d.exec(`INSERT INTO evidence_ref VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(args, r.missing)...); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// explain writes the words of all reasons met so far, in this or any round.
func (d *dictionary) explain() error {
	read := []checks.Reason{checks.ReasonStale, checks.ReasonAttested, checks.ReasonNotAttested} // as which views read what was judged
	for _, r := range read {
		d.reasons[r] = true
	}
	err := d.each(func(rows *sql.Rows) error {
		var r checks.Reason
		err := rows.Scan(&r)
		d.reasons[r] = true
		return err
	}, `SELECT reason FROM reason`)
	if err != nil {
		return err
	}
	for r := range d.reasons {
		e := checks.Explain(r)
		if slices.Contains(read, r) { // in the words of verdicts
			e.NextStep = e.Step()
		}
		_, err := d.exec(`INSERT INTO reason (reason, sentence, fix_by, next_step) VALUES (?, ?, ?, ?)
			ON CONFLICT (reason) DO UPDATE SET sentence = excluded.sentence, fix_by = excluded.fix_by, next_step = excluded.next_step`,
			r, e.Sentence, e.FixBy, e.NextStep)
		if err != nil {
			return fmt.Errorf("keep words of reason %q: %w", r, err)
		}
	}
	return nil
}
