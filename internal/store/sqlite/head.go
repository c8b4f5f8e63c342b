package sqlite

import (
	"database/sql"
	"errors"
)

// A head is what is known of a device before its verdicts are read.
type head struct {
	key             int64
	digest          []byte // nil: no verdicts are kept
	freshMin        int64
	inputs          []byte // nil: to be judged anew
	aging           int64
	rejudge         int64 // forever: never
	asked, answered bool
	visited         bool
}

func (c *Recorder) loadHeads() error {
	return c.each(func(rows *sql.Rows) error {
		var h head
		var id string
		if err := rows.Scan(&id, &h.key, &h.digest, &h.freshMin, &h.inputs, &h.aging, &h.rejudge, &h.asked, &h.answered); err != nil {
			return err
		}
		c.heads[id] = &h
		return nil
	}, `SELECT id, device_key, digest, fresh_min, inputs, coalesce(aging, 0), coalesce(rejudge_min, ?), asked, answered FROM device`, forever)
}

// head returns the head of a device that comes for the first time in the round,
// with a row of its own.
func (c *Recorder) head(id string) (*head, error) {
	h, ok := c.heads[id]
	if !ok {
		h = &head{}
		if _, err := c.row(`INSERT INTO device (id, valid_from) VALUES (?, ?) RETURNING device_key`, []any{id, c.at}, []any{&h.key}); err != nil {
			return nil, err
		}
		c.heads[id] = h
	}
	return h, h.visit()
}

func (h *head) visit() error {
	if h.visited {
		return errors.New("it comes twice in one round")
	}
	h.visited = true
	return nil
}
