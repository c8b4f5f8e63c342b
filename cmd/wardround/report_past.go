package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/internal/store"
)

// reportPast writes the fleet as it was known at a time. A day means its end.
func reportPast(ctx context.Context, results store.Results, opts reportOptions, zone *time.Location, now time.Time, text report.TextOptions, out io.Writer) error {
	at, day, err := moment("as-of", opts.asOf, zone)
	if err != nil {
		return err
	}
	if day {
		if at = at.AddDate(0, 0, 1).Add(-time.Second); at.After(now) && !at.AddDate(0, 0, -1).After(now) {
			at = now
		}
	}
	if at.After(now) {
		return usage(fmt.Errorf("--as-of %s: that is still to come", opts.asOf), "")
	}
	if _, _, err := results.AsOf(ctx); err != nil {
		return reportFrom(ctx, results, now, opts, text, out)
	}
	src := results.At(at)
	if _, _, err := src.AsOf(ctx); errors.Is(err, store.ErrNotFound) {
		reason := strings.TrimPrefix(err.Error(), store.ErrNotFound.Error()+": ")
		return usage(fmt.Errorf("nothing was known at %s: %s", at.UTC().Format(time.RFC3339), reason), "")
	}
	return reportFrom(ctx, src, at, opts, text, out)
}
