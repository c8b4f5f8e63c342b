package sqlite

import (
	"cmp"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/wardround/wardround/checks"
)

// A keptRow is a verdict as the tables have it, but for its device.
type keptRow struct {
	requirement    int64
	rank           int
	verdict        checks.Verdict // without evidence and times
	refs           []keptRef
	fresh, rejudge sql.NullInt64
}

// An ownRow is one that a device does not share with others.
type ownRow struct {
	keptRow
	from int64
	past bool // it has ended since
}

// A sighting is an observation as far as verdicts tell it.
type sighting struct {
	at          keptSlot
	sha256      string
	since, last int64
}

// listOf writes keys for json_each.
func listOf(keys []int64) (string, error) {
	list, err := json.Marshal(keys)
	return string(list), err
}

// verdicts returns the verdicts of devices, as they were recorded but with the
// evidence as it is now. What many devices share is read once.
func (d *reader) verdicts(devices []*standIn) (map[int64][]checks.Verdict, error) {
	if err := d.loadLists(devices); err != nil {
		return nil, err
	}
	keys, moved := make([]int64, 0, len(devices)), make([]int64, 0)
	for _, p := range devices {
		keys = append(keys, p.key)
		if p.changed > d.at || p.list == 0 {
			moved = append(moved, p.key)
		}
	}
	own, err := d.ownRows(keys, moved)
	if err != nil {
		return nil, err
	}
	seen, err := d.observations(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]checks.Verdict, len(devices))
	for _, p := range devices {
		all[p.key] = d.build(p.result.Subject.ID, d.held(p, own[p.key]), seen[p.key])
	}
	return all, nil
}

// held are the verdicts of a device at d.at: those of its list and its own, in
// the order of requirements.
func (d *reader) held(p *standIn, own []ownRow) []keptRow {
	list := d.lists[p.list]
	if p.from > d.at {
		list = nil
	}
	if len(own) == 0 {
		return list
	}
	open := make(map[int64]bool, len(own))
	rows := make([]keptRow, 0, len(list)+len(own))
	for _, k := range own {
		open[k.requirement] = open[k.requirement] || !k.past
		if k.from <= d.at {
			rows = append(rows, k.keptRow)
		}
	}
	for _, k := range list {
		if !open[k.requirement] {
			rows = append(rows, k)
		}
	}
	slices.SortFunc(rows, func(a, b keptRow) int { return cmp.Compare(a.rank, b.rank) })
	return rows
}

// loadLists reads the lists of devices that are not at hand.
func (d *reader) loadLists(devices []*standIn) error {
	if len(d.lists) >= 2*maxLists {
		clear(d.lists)
	}
	var missing []int64
	for _, p := range devices {
		if _, known := d.lists[p.list]; !known && p.list != 0 {
			d.lists[p.list] = nil
			missing = append(missing, p.list)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	list, err := listOf(missing)
	if err != nil {
		return err
	}
	err = d.each(func(rows *sql.Rows) error {
		var list int64
		k, err := d.keptRow(rows, &list)
		d.lists[list] = append(d.lists[list], k)
		return err
	}, `SELECT v.list, v.requirement, v.finding, v.evidence, v.fresh_until, v.rejudge_at FROM json_each(?) j CROSS JOIN list_verdict v ON v.list = j.value`, list)
	for _, key := range missing {
		slices.SortFunc(d.lists[key], func(a, b keptRow) int { return cmp.Compare(a.rank, b.rank) })
	}
	return err
}

// ownRows reads the rows that devices have of their own, and of those of which
// verdicts moved since d.at the ones that have ended.
func (d *reader) ownRows(devices, moved []int64) (map[int64][]ownRow, error) {
	all := make(map[int64][]ownRow)
	read := func(past bool) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var device, from int64
			k, err := d.keptRow(rows, &device, &from)
			all[device] = append(all[device], ownRow{k, from, past})
			return err
		}
	}
	list, err := listOf(devices)
	if err != nil {
		return nil, err
	}
	if err := d.each(read(false), `SELECT v.device, v.valid_from, v.requirement, v.finding, v.evidence, v.fresh_until, v.rejudge_at
		FROM json_each(?) j CROSS JOIN verdict v ON v.device = j.value`, list); err != nil || d.at == forever || len(moved) == 0 {
		return all, err
	}
	if list, err = listOf(moved); err != nil {
		return nil, err
	}
	return all, d.each(read(true), `SELECT v.device, v.valid_from, v.requirement, v.finding, v.evidence, v.fresh_until, NULL
		FROM json_each(?1) j CROSS JOIN verdict_past v ON v.device = j.value WHERE v.valid_from <= ?2 AND v.valid_to > ?2`, list, d.at)
}

// keptRow reads what stands of a verdict behind other columns.
func (d *reader) keptRow(rows *sql.Rows, before ...any) (k keptRow, err error) {
	var finding, evidence int64
	if err := rows.Scan(append(before, &k.requirement, &finding, &evidence, &k.fresh, &k.rejudge)...); err != nil {
		return k, err
	}
	if k.verdict, err = d.finding(finding); err != nil {
		return k, err
	}
	if k.refs, err = d.refs(evidence); err != nil {
		return k, err
	}
	p := d.requirements[k.requirement]
	k.rank, k.verdict.Baseline, k.verdict.Requirement = p.rank, p.baseline, p.id
	return k, nil
}

func (d *reader) observations(devices []int64) (map[int64][]sighting, error) {
	list, err := listOf(devices)
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]sighting, len(devices))
	err = d.each(func(rows *sql.Rows) error {
		var device int64
		var sum sql.RawBytes
		var s sighting
		if err := rows.Scan(&device, &s.at.channel, &s.at.query, &s.at.status, &sum, &s.since, &s.last); err != nil {
			return err
		}
		s.sha256 = hex.EncodeToString(sum)
		all[device] = append(all[device], s)
		return nil
	}, `SELECT o.device, o.channel, o.query, o.status, o.sha256, o.since, o.last
		FROM json_each(?) j CROSS JOIN observation o ON o.device = j.value`, list)
	return all, err
}

// build makes the verdicts of one device of its rows and observations.
func (d *reader) build(device string, rows []keptRow, seen []sighting) []checks.Verdict {
	if len(rows) == 0 {
		return nil
	}
	n := 0
	for i := range rows {
		n += len(rows[i].refs)
	}
	all, room := make([]checks.Verdict, len(rows)), make([]checks.EvidenceRef, 0, n)
	for i := range rows {
		k, v := &rows[i], &all[i]
		*v = k.verdict
		v.Device = device
		from, oldest := len(room), forever
		for _, r := range k.refs {
			e, last, known := d.evidenceOf(r, seen)
			if !r.missing {
				oldest = min(oldest, last)
			}
			if known {
				room = append(room, e)
			}
		}
		if len(room) > from {
			v.Evidence = room[from:len(room):len(room)]
		}
		v.FreshUntil = timeAt(k.fresh, fromUnix(oldest).Add(v.MaxAge))
		v.RejudgeAt = timeAt(k.rejudge, v.FreshUntil)
	}
	return all
}

// evidenceOf is what a reference refers to, and when that was last received. It
// is not known of the past if another answer has taken its place.
func (d *reader) evidenceOf(r keptRef, seen []sighting) (e checks.EvidenceRef, last int64, known bool) {
	e = checks.EvidenceRef{Query: r.request, Key: r.query, SHA256: r.sha256, Collected: fromUnix(r.collected), Missing: r.missing}
	if r.sha256 != "" {
		return e, r.collected, true
	}
	var s sighting
	if i := slices.IndexFunc(seen, func(s sighting) bool { return s.at == r.at }); i >= 0 {
		s = seen[i]
	}
	e.SHA256, e.Collected = s.sha256, fromUnix(s.last)
	if s.last > d.at {
		e.Collected = fromUnix(s.since)
	}
	return e, s.last, s.since <= d.at && (s.last > 0 || d.at == forever)
}
