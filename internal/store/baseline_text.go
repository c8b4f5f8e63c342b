package store

import (
	"context"

	"github.com/wardround/wardround/checks"
)

// A BaselineText is what a version of a baseline says.
type BaselineText struct {
	Digest    string        // of the baseline, hex
	Canonical []byte        // JSON, as the baseline marshals; checks.DiffCanonical compares two
	Texts     []checks.Text // the files it was read from, for checks.Restore; none of a shipped one
}

// A BaselineKeep has the text of each baseline that was judged since rounds keep
// it. It is safe for concurrent use.
type BaselineKeep interface {
	// BaselineText returns the baseline with a digest, or ErrNotFound if it is
	// not kept.
	BaselineText(ctx context.Context, digest string) (BaselineText, error)
}
