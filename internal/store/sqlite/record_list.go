package sqlite

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// An entry is what a list, or a row of its own, says of a requirement.
type entry struct {
	requirement, finding, evidence int64
	fresh, rejudge                 sql.NullInt64
}

const (
	// maxLists is how many lists are begun and looked through with ease: in a
	// fleet of which no two devices are alike, lists would save nothing.
	maxLists = 500
	// fewApart is which part of a list may be otherwise with a device that no
	// list of its own is begun for, and manyApart which once there are many lists.
	fewApart, manyApart = 8, 2
)

// Lists are those of the file, of the oldest not all.
type lists struct {
	entries map[int64][]entry // by list, in order of requirement
	exact   map[digest]int64
	alike   map[digest][]int64 // by their requirements
}

// A packing is where the verdicts of a device are: the times are of those
// without a row of their own.
type packing struct{ list, since, from int64 }

// pack writes the open verdicts of a device, of which old are in the file: it
// names the list that fits best, and gives rows to those that differ.
func (c *Recorder) pack(device int64, old, now map[int64]kept) error {
	var was, is packing
	if _, err := c.row(`SELECT coalesce(list, 0), list_since, list_from FROM device WHERE device_key = ?`,
		[]any{device}, []any{&was.list, &was.since, &was.from}); err != nil {
		return err
	}
	entries := make([]entry, 0, len(now))
	for _, requirement := range slices.Sorted(maps.Keys(now)) {
		entries = append(entries, now[requirement].entry)
	}
	var said []entry
	if len(entries) > 0 {
		is.since, is.from = commonest(entries, now, was)
		var err error
		if is.list, said, err = c.listFor(entries, was.list); err != nil {
			return err
		}
	}
	if is != was {
		if _, err := c.exec(`UPDATE device SET list = nullif(?, 0), list_since = ?, list_from = ? WHERE device_key = ?`,
			is.list, is.since, is.from, device); err != nil {
			return err
		}
	}
	for i, e := range entries {
		k := now[e.requirement]
		k.own = e != said[i] || k.since != is.since || k.from != is.from
		if err := c.ownRow(device, old[e.requirement], k); err != nil {
			return err
		}
	}
	for requirement, k := range old {
		if _, stays := now[requirement]; !stays {
			if err := c.ownRow(device, k, kept{entry: entry{requirement: requirement}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// commonest are the times that most verdicts of a device have; of as many,
// those of before.
func commonest(entries []entry, now map[int64]kept, was packing) (since, from int64) {
	type times struct{ since, from int64 }
	best, most, counts := times{}, 0, make(map[times]int, 1)
	for _, e := range entries {
		t := times{now[e.requirement].since, now[e.requirement].from}
		counts[t]++
		if n := counts[t]; n > most || n == most && t == (times{was.since, was.from}) {
			best, most = t, n
		}
	}
	return best.since, best.from
}

// ownRow brings the rows of one verdict from what they were to what they are to
// be: its own, and that of one that fails.
func (c *Recorder) ownRow(device int64, was, is kept) error {
	fails := func(k kept) bool { return k.result == resultFail }
	var err error
	switch {
	case is.own && (!was.own || was.entry != is.entry || was.since != is.since || was.from != is.from):
		_, err = c.exec(`INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			device, is.requirement, is.finding, is.evidence, is.since, is.from, is.fresh, is.rejudge)
	case was.own && !is.own:
		_, err = c.exec(`DELETE FROM verdict WHERE device = ? AND requirement = ?`, device, is.requirement)
	}
	switch {
	case err != nil:
	case fails(is) && (!fails(was) || was.severity != is.severity || was.since != is.since):
		_, err = c.exec(`INSERT OR REPLACE INTO failing VALUES (?, ?, ?, ?, ?)`, device, is.requirement, is.baseline, is.severity, is.since)
	case fails(was) && !fails(is):
		_, err = c.exec(`DELETE FROM failing WHERE device = ? AND requirement = ?`, device, is.requirement)
	}
	return err
}

// listFor returns a list of the requirements of entries: one that says just
// that, or little else, or a new one.
func (c *Recorder) listFor(entries []entry, before int64) (list int64, said []entry, err error) {
	if c.lists == nil {
		if err := c.loadLists(); err != nil {
			return 0, nil, fmt.Errorf("read lists of verdicts: %w", err)
		}
	}
	l := c.lists
	if list, ok := l.exact[c.listSum(entries)]; ok {
		return list, l.entries[list], nil
	}
	nearest, least := int64(0), len(entries)+1
	for _, list := range l.alike[c.requirementsSum(entries)] {
		n := apart(entries, l.entries[list], least)
		if n < least || n == least && list == before {
			nearest, least = list, n
		}
	}
	part := fewApart
	if len(l.entries) >= maxLists {
		part = manyApart
	}
	if nearest != 0 && least <= len(entries)/part {
		return nearest, l.entries[nearest], nil
	}
	if list, err = c.addList(entries); err != nil {
		return 0, nil, err
	}
	return list, entries, nil
}

// apart counts the entries in which lists of the same requirements differ, as
// far as a number beyond enough.
func apart(a, b []entry, enough int) (n int) {
	for i := range a {
		if a[i] != b[i] {
			if n++; n > enough {
				break
			}
		}
	}
	return n
}

func (c *Recorder) addList(entries []entry) (list int64, err error) {
	if _, err := c.row(`INSERT INTO verdict_list DEFAULT VALUES RETURNING list_key`, nil, []any{&list}); err != nil {
		return 0, err
	}
	for _, e := range entries {
		if _, err := c.exec(`INSERT INTO list_verdict VALUES (?, ?, ?, ?, ?, ?)`, list, e.requirement, e.finding, e.evidence, e.fresh, e.rejudge); err != nil {
			return 0, err
		}
	}
	if len(c.lists.entries) < 2*maxLists {
		c.learnList(list, entries)
	}
	return list, nil
}

func (c *Recorder) learnList(list int64, entries []entry) {
	c.lists.entries[list] = entries
	c.lists.exact[c.listSum(entries)] = list
	like := c.requirementsSum(entries)
	c.lists.alike[like] = append(c.lists.alike[like], list)
}

// loadLists reads the lists, and drops those that no device has any more.
func (c *Recorder) loadLists() error {
	c.lists = &lists{entries: make(map[int64][]entry), exact: make(map[digest]int64), alike: make(map[digest][]int64)}
	if _, err := dropLists(c.txn); err != nil {
		return err
	}
	found := make(map[int64][]entry)
	err := c.each(func(rows *sql.Rows) error {
		var list int64
		var e entry
		err := rows.Scan(&list, &e.requirement, &e.finding, &e.evidence, &e.fresh, &e.rejudge)
		found[list] = append(found[list], e)
		return err
	}, `SELECT list, requirement, finding, evidence, fresh_until, rejudge_at FROM list_verdict
		WHERE list IN (SELECT list_key FROM verdict_list ORDER BY list_key DESC LIMIT ?) ORDER BY list, requirement`, maxLists)
	for _, list := range slices.Sorted(maps.Keys(found)) {
		c.learnList(list, found[list])
	}
	return err
}

// dropLists drops the lists that no device has, and says how many.
func dropLists(t *txn) (int64, error) {
	const unused = ` NOT IN (SELECT list FROM device WHERE list IS NOT NULL)`
	if _, err := t.exec(`DELETE FROM list_verdict WHERE list` + unused); err != nil {
		return 0, err
	}
	return t.exec(`DELETE FROM verdict_list WHERE list_key` + unused)
}

// listSum sums up entries.
func (c *Recorder) listSum(entries []entry) digest {
	b := c.buf[:0]
	for _, e := range entries {
		for _, n := range []int64{e.requirement, e.finding, e.evidence} {
			b = binary.AppendVarint(b, n)
		}
		for _, n := range []sql.NullInt64{e.fresh, e.rejudge} {
			if b = append(b, 0); n.Valid {
				b = binary.AppendVarint(append(b[:len(b)-1], 1), n.Int64)
			}
		}
	}
	return c.sum(b)
}

// requirementsSum sums up what entries are about.
func (c *Recorder) requirementsSum(entries []entry) digest {
	b := c.buf[:0]
	for _, e := range entries {
		b = binary.AppendVarint(b, e.requirement)
	}
	return c.sum(b)
}
