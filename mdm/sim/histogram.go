package sim

import (
	"math"
	"math/bits"
	"time"
)

// A histogram counts durations in buckets that are at most 1/64 of their value
// wide, in memory that does not grow with them. The zero histogram is empty.
type histogram struct {
	buckets [64 * 36]uint64
	count   uint64
	max     time.Duration
}

// add counts one duration.
func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d)]++
	h.count++
	h.max = max(h.max, d)
}

// quantile returns the upper end of the bucket that holds the duration which
// a share q of all do not exceed (nearest rank); 0 if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := max(1, uint64(math.Ceil(q*float64(h.count))))
	var seen uint64
	for i, n := range h.buckets {
		if seen += n; n > 0 && seen >= rank {
			return min(upperEnd(i), h.max)
		}
	}
	return h.max
}

// bucketOf counts microseconds: one bucket each up to 128, then 64 between one
// power of two and the next. The last takes all that is longer than two weeks.
func bucketOf(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	shift := max(0, bits.Len64(us)-7)
	return min(shift*64+int(us>>shift), len(histogram{}.buckets)-1)
}

// upperEnd is the longest duration that falls into bucket i.
func upperEnd(i int) time.Duration {
	shift := max(0, i/64-1)
	us := uint64(i-shift*64+1) << shift
	return time.Duration(us)*time.Microsecond - 1
}
