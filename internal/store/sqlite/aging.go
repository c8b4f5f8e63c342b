package sqlite

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/wardround/wardround/checks"
)

// An aging says how the times of a device's standings follow from when its
// observations were last received: all that is needed to move them along while
// the verdicts stay as they are. Many devices share one.
type aging struct {
	Standings []agingStanding
	Others    []bound // of the verdicts that count towards no standing
	Stale     []bound // of those that were stale when they were judged
}

// An agingStanding is a device's row against one baseline: checks.StatusOf over
// time, since a fail that ages is unknown, never met.
type agingStanding struct {
	Baseline             int64
	FailHigh, Fail, Open int64
	Fails, Passes        []bound
	Attested             []bound `json:",omitempty"` // of what people stated, which makes nothing judged
}

// A bound is when verdicts stop being fresh: MaxAge seconds after the oldest of
// what they rest on was received, which is Fixed or the last receipt of an
// observation.
type bound struct {
	Fixed  int64
	Slots  []slotKey
	MaxAge int64
}

// A slotKey is a slot with the numbers of its texts.
type slotKey struct{ Channel, Query, Status int64 }

// Receipts are when the observations of a device were last received. They are
// few enough to be looked through.
type receipts []receipt

// A receipt is when the observation of a place was last received.
type receipt struct {
	at   slotKey
	last int64
}

// of is 0 for a place without an observation.
func (rs receipts) of(at slotKey) int64 {
	for _, r := range rs {
		if r.at == at {
			return r.last
		}
	}
	return 0
}

// lack reports whether there is no observation in a place.
func (rs receipts) lack(at slotKey) bool { return rs.of(at) == 0 }

// heard is the last of all receipts, nil for none.
func (rs receipts) heard() any {
	if len(rs) == 0 {
		return nil
	}
	return slices.MaxFunc(rs, func(a, b receipt) int { return cmp.Compare(a.last, b.last) }).last
}

// never is the bound of what does not age.
func never() bound { return bound{Fixed: forever} }

// at is the bound when the observations were last received as received says.
func (b bound) at(received receipts) int64 {
	oldest := b.Fixed
	for _, s := range b.Slots {
		oldest = min(oldest, received.of(s))
	}
	return min(oldest+b.MaxAge, forever)
}

// stand gives a standing its times.
func (a agingStanding) stand(received receipts) standing {
	s := standing{nFailHigh: a.FailHigh, nFail: a.Fail, nUnknown: a.Open, passUntil: forever, until: forever}
	for _, b := range a.Fails {
		at := b.at(received)
		s.failUntil, s.judgedUntil, s.until = max(s.failUntil, at), max(s.judgedUntil, at), min(s.until, at)
	}
	for _, b := range a.Passes {
		at := b.at(received)
		s.passUntil, s.judgedUntil, s.until = min(s.passUntil, at), max(s.judgedUntil, at), min(s.until, at)
	}
	for _, b := range a.Attested {
		at := b.at(received)
		s.passUntil, s.until = min(s.passUntil, at), min(s.until, at)
	}
	if a.Open > 0 || a.Fail > 0 || len(a.Passes) == 0 {
		s.passUntil = 0
	}
	return s
}

// freshMin is the first time at which one of the verdicts is stale, or one that
// counts towards a standing is attested no longer.
func (a *aging) freshMin(received receipts) int64 {
	first := forever
	for _, s := range a.Standings {
		for _, b := range s.Fails {
			first = min(first, b.at(received))
		}
		for _, b := range slices.Concat(s.Passes, s.Attested) {
			first = min(first, b.at(received))
		}
	}
	for _, b := range a.Others {
		first = min(first, b.at(received))
	}
	return first
}

// stillStale reports whether what was stale when it was judged is so at a time.
func (a *aging) stillStale(received receipts, at int64) bool {
	return !slices.ContainsFunc(a.Stale, func(b bound) bool { return b.at(received) >= at })
}

// slots lists the observations that times follow from, each once or more.
func (a *aging) slots() []slotKey {
	var all []slotKey
	add := func(list []bound) {
		for _, b := range list {
			all = append(all, b.Slots...)
		}
	}
	for _, s := range a.Standings {
		add(s.Fails)
		add(s.Passes)
	}
	add(a.Others)
	add(a.Stale)
	return all
}

// agingOf tells how the verdicts of a device age. Moves is false if that does
// not follow from its observations: a verdict is fresh for longer or shorter
// than what it rests on.
func (d *dictionary) agingOf(r checks.DeviceResult, rows []row) (a *aging, moves bool, err error) {
	a, moves = new(aging), true
	index := make(map[string]int, len(r.Status))
	for _, id := range slices.Sorted(maps.Keys(r.Status)) {
		b, err := d.baseline(id)
		if err != nil {
			return nil, false, err
		}
		index[id] = len(a.Standings)
		a.Standings = append(a.Standings, agingStanding{Baseline: b})
	}
	for _, row := range rows {
		b, follows, err := d.boundOf(row)
		if err != nil {
			return nil, false, err
		}
		moves = moves && follows
		i, counts := index[row.Baseline]
		switch {
		case counts && row.Level == checks.Required:
			a.Standings[i].add(row.Verdict, b)
		case judged(row.Verdict):
			addBound(&a.Others, b)
		}
		if row.Reason == checks.ReasonStale {
			addBound(&a.Stale, b)
		}
	}
	return a, moves, nil
}

// add counts a required verdict.
func (a *agingStanding) add(v checks.Verdict, b bound) {
	switch v.Result {
	case checks.Fail:
		a.Fail++
		if v.Severity == checks.High {
			a.FailHigh++
		}
		addBound(&a.Fails, b)
	case checks.Pass:
		addBound(&a.Passes, b)
	case checks.Unknown, checks.Error, checks.NotChecked:
		if v.Reason != checks.ReasonAttested || v.Attestation == nil {
			a.Open++
			return
		}
		addBound(&a.Attested, bound{Fixed: v.Attestation.Until.Unix() - 1}) // from its end on it does not count
	}
}

func addBound(list *[]bound, b bound) {
	if !slices.ContainsFunc(*list, b.equal) {
		*list = append(*list, b)
	}
}

func (b bound) equal(o bound) bool {
	return b.Fixed == o.Fixed && b.MaxAge == o.MaxAge && slices.Equal(b.Slots, o.Slots)
}

// boundOf says when a verdict stops being fresh, and whether that follows from
// the observations it rests on.
func (d *dictionary) boundOf(r row) (b bound, follows bool, err error) {
	ages := judged(r.Verdict) || r.Reason == checks.ReasonStale
	switch {
	case !ages || r.FreshUntil.IsZero():
		return never(), true, nil
	case r.fresh.Valid:
		tied := slices.ContainsFunc(r.refs, func(f ref) bool { return f.sha256 == "" && !f.missing })
		return bound{Fixed: r.fresh.Int64}, !tied, nil
	}
	b = bound{Fixed: forever, MaxAge: seconds(r.MaxAge)}
	for _, f := range r.refs {
		if f.missing {
			continue
		}
		if f.sha256 != "" {
			b.Fixed = min(b.Fixed, f.collected)
			continue
		}
		key, err := d.slotKey(slot{f.channel, f.query, f.status})
		if err != nil {
			return b, false, err
		}
		if !slices.Contains(b.Slots, key) {
			b.Slots = append(b.Slots, key)
		}
	}
	return b, true, nil
}

func (d *dictionary) slotKey(s slot) (key slotKey, err error) {
	for _, part := range [...]struct {
		word   string
		number *int64
	}{{s.channel, &key.Channel}, {s.query, &key.Query}, {s.status, &key.Status}} {
		if *part.number, err = d.text(part.word); err != nil {
			return slotKey{}, err
		}
	}
	return key, nil
}

// agingKey numbers an aging.
func (d *dictionary) agingKey(a *aging) (int64, error) {
	rule, err := json.Marshal(a)
	if err != nil {
		return 0, fmt.Errorf("write how verdicts age: %w", err)
	}
	sum := d.sum(append(d.buf[:0], rule...))
	key, err := number(d, d.agings, sum, `SELECT aging_key FROM aging WHERE sum = ?`,
		`INSERT INTO aging (sum, rule) VALUES (?, ?) RETURNING aging_key`, []any{sum[:]}, []any{string(rule)})
	if err == nil {
		d.learn(key, a)
	}
	return key, err
}

func (d *dictionary) learn(key int64, a *aging) {
	if len(d.rules) >= maxFindings {
		clear(d.rules)
	}
	d.rules[key] = a
}

// agingAt is the aging of a number.
func (d *dictionary) agingAt(key int64) (*aging, error) {
	if a, ok := d.rules[key]; ok {
		return a, nil
	}
	var rule []byte
	found, err := d.row(`SELECT rule FROM aging WHERE aging_key = ?`, []any{key}, []any{&rule})
	if err == nil && !found {
		err = fmt.Errorf("aging %d is missing", key)
	}
	if err != nil {
		return nil, err
	}
	a := new(aging)
	if err := json.Unmarshal(rule, a); err != nil {
		return nil, fmt.Errorf("read how verdicts age: %w", err)
	}
	d.learn(key, a)
	return a, nil
}
