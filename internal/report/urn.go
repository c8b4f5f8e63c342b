package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// lot is what decides whether something is drawn. Each part is hashed with its
// length, so that no two lists of parts are the same bytes.
func lot(seed string, parts ...string) [sha256.Size]byte {
	var b strings.Builder
	for _, part := range append([]string{seed}, parts...) {
		fmt.Fprintf(&b, "%d:%s", len(part), part)
	}
	return sha256.Sum256([]byte(b.String()))
}

// An urn keeps the lowest lots of what is put into it, at most so many.
type urn[T any] struct {
	most, seen int
	kept       []ticket[T]
}

type ticket[T any] struct {
	lot [sha256.Size]byte
	of  T
}

func newUrns(most int) []*urn[Device] {
	return []*urn[Device]{{most: most}, {most: most}, {most: most}}
}

func newRowUrns() []*urn[Verdict] {
	return []*urn[Verdict]{{most: rowsPerDevice}, {most: rowsPerDevice}, {most: rowsPerDevice}}
}

func (u *urn[T]) add(lot [sha256.Size]byte, of T) {
	u.seen++
	at, _ := slices.BinarySearchFunc(u.kept, lot, func(t ticket[T], lot [sha256.Size]byte) int { return slices.Compare(t.lot[:], lot[:]) })
	if at == u.most {
		return
	}
	u.kept = slices.Insert(u.kept, at, ticket[T]{lot, of})
	u.kept = u.kept[:min(len(u.kept), u.most)]
}

// draw takes n from the urns: from each in proportion to what went into it.
func draw[T any](urns []*urn[T], n int) [][]T {
	sizes := make([]int, len(urns))
	for i, u := range urns {
		sizes[i] = u.seen
	}
	drawn := make([][]T, len(urns))
	for i, share := range allot(sizes, n) {
		for _, t := range urns[i].kept[:share] {
			drawn[i] = append(drawn[i], t.of)
		}
	}
	return drawn
}

// allot shares n among groups in proportion to their sizes, by the largest
// remainder; each group that is not empty has one first, in their order, and no
// group has more than its size.
func allot(sizes []int, n int) []int {
	all := 0
	for _, size := range sizes {
		all += size
	}
	n = min(n, all)
	shares := make([]int, len(sizes))
	left := n
	for i, size := range sizes {
		if size > 0 && left > 0 {
			shares[i] = 1
			left--
		}
	}
	for ; left > 0; left-- {
		// The group that is furthest behind its part has the next one.
		next := -1
		for i, size := range sizes {
			if shares[i] < size && (next < 0 || cmp.Compare(n*size-all*shares[i], n*sizes[next]-all*shares[next]) > 0) {
				next = i
			}
		}
		shares[next]++
	}
	return shares
}
