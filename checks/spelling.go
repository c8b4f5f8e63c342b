package checks

import (
	"fmt"
	"strings"
)

// didYouMean is the remedy for a name that does not exist: the nearest of
// those that do, if one is near.
func didYouMean(name string, known []string) string {
	best := nearest(name, known)
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %s?", best)
	case len(known) > 0 && len(known) <= 12:
		return "use one of " + strings.Join(known, ", ")
	}
	return "see `wardround baseline facts` for what can be named"
}

// nearest is the known name that differs least, empty if none is near.
func nearest(name string, known []string) string {
	best, distance := "", len(name)/3+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k), distance); d < distance || (best == "" && d == distance) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is the Levenshtein distance of a and b, or limit+1 when it is
// more than limit or a name is too long to be worth it.
func editDistance(a, b string, limit int) int {
	if len(a) > 128 || len(b) > 128 || len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit+1)
}
