package sqlite

import (
	"cmp"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/wardround/wardround/checks"
)

// maxShapes bounds how many lists of verdicts a reader remembers; each is
// about as large as the verdicts of a device.
const maxShapes = 1000

// A keptRow is a verdict as the tables have it, but for its device.
type keptRow struct {
	rank           int
	verdict        checks.Verdict // without evidence and times
	refs           []keptRef
	fresh, rejudge sql.NullInt64
}

// A sighting is an observation as far as verdicts tell it.
type sighting struct {
	at          keptSlot
	sha256      string
	since, last int64
}

// listOf writes keys of devices for json_each.
func listOf(keys []int64) (string, error) {
	list, err := json.Marshal(keys)
	return string(list), err
}

// verdicts returns the verdicts of devices, as they were recorded but with the
// evidence as it is now. What many devices share is read once.
func (d *reader) verdicts(devices []*standIn) (map[int64][]checks.Verdict, error) {
	lists := make(map[int64][]keptRow, len(devices))
	var missing []int64
	first := make(map[digest]int64) // of those that are missing, whose shape others have too
	for _, p := range devices {
		if !p.shaped {
			missing = append(missing, p.key)
		} else if _, known := d.shapes[p.shape]; !known && first[p.shape] == 0 {
			first[p.shape] = p.key
			missing = append(missing, p.key)
		}
	}
	if len(missing) > 0 {
		read, err := d.rows(missing)
		if err != nil {
			return nil, err
		}
		if len(d.shapes) >= maxShapes {
			d.forget(devices)
		}
		for shape, key := range first {
			d.shapes[shape] = read[key]
		}
		lists = read
	}
	for _, p := range devices {
		if p.shaped {
			lists[p.key] = d.shapes[p.shape]
		}
	}
	keys := make([]int64, 0, len(devices))
	for _, p := range devices {
		keys = append(keys, p.key)
	}
	seen, err := d.observations(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]checks.Verdict, len(devices))
	for _, p := range devices {
		all[p.key] = d.build(p.result.Subject.ID, lists[p.key], seen[p.key])
	}
	return all, nil
}

// forget drops the shapes that none of devices has.
func (d *reader) forget(devices []*standIn) {
	kept := make(map[digest][]keptRow, len(devices))
	for _, p := range devices {
		if list, ok := d.shapes[p.shape]; ok && p.shaped {
			kept[p.shape] = list
		}
	}
	d.shapes = kept
}

// rows reads the rows of devices, in the order of requirements.
func (d *reader) rows(devices []int64) (map[int64][]keptRow, error) {
	list, err := listOf(devices)
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]keptRow, len(devices))
	read := func(rows *sql.Rows) error {
		var device, requirement, finding, evidence int64
		var k keptRow
		err := rows.Scan(&device, &requirement, &finding, &evidence, &k.fresh, &k.rejudge)
		if err != nil {
			return err
		}
		if k.verdict, err = d.finding(finding); err != nil {
			return err
		}
		if k.refs, err = d.refs(evidence); err != nil {
			return err
		}
		place := d.requirements[requirement]
		k.rank, k.verdict.Baseline, k.verdict.Requirement = place.rank, place.baseline, place.id
		all[device] = append(all[device], k)
		return nil
	}
	err = d.each(read, `SELECT v.device, v.requirement, v.finding, v.evidence, v.fresh_until, v.rejudge_at
		FROM json_each(?) j CROSS JOIN verdict v ON v.device = j.value WHERE v.valid_from <= ?`, list, d.at)
	if err == nil && d.at < forever {
		err = d.each(read, `SELECT v.device, v.requirement, v.finding, v.evidence, v.fresh_until, NULL
			FROM json_each(?1) j CROSS JOIN verdict_past v ON v.device = j.value WHERE v.valid_from <= ?2 AND v.valid_to > ?2`, list, d.at)
	}
	for _, rows := range all {
		slices.SortFunc(rows, func(a, b keptRow) int { return cmp.Compare(a.rank, b.rank) })
	}
	return all, err
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
