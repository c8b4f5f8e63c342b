package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wardround/wardround/internal/store"
)

// baselineTexts keeps what the baselines of the round say, each version once.
func (c *Recorder) baselineTexts(r store.Round) error {
	for _, b := range r.Baselines {
		var kept int64
		found, err := c.row(`SELECT 1 FROM baseline_text WHERE digest = ?`, []any{b.Digest}, []any{&kept})
		if err != nil {
			return err
		}
		if found || b.Digest == "" {
			continue
		}
		canonical, err := json.Marshal(b)
		if err != nil {
			return err
		}
		texts, err := json.Marshal(b.Texts())
		if err != nil {
			return err
		}
		if _, err := c.exec(`INSERT INTO baseline_text (digest, canonical, texts) VALUES (?, ?, ?)`, b.Digest, canonical, texts); err != nil {
			return err
		}
	}
	return nil
}

// BaselineText returns the baseline with a digest.
func (r *Results) BaselineText(ctx context.Context, digest string) (store.BaselineText, error) {
	t := store.BaselineText{Digest: digest}
	var texts []byte
	err := r.read.QueryRowContext(ctx, `SELECT canonical, texts FROM baseline_text WHERE digest = ?`, digest).Scan(&t.Canonical, &texts)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = store.ErrNotFound
	case err == nil:
		err = json.Unmarshal(texts, &t.Texts)
	}
	if err != nil {
		return store.BaselineText{}, fmt.Errorf("read the text of baseline %.12s: %w", digest, err)
	}
	return t, nil
}
