package main

import "strings"

// nearestKey is the known key that differs least from a misspelt one; empty if
// none is near.
func nearestKey(name string, known []string) string {
	best, least := "", len(name)/3+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), k); d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// editDistance counts the letters to add, drop or change between two names. Of
// a name too long to be a misspelt key it says only that it is far.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0]++
		for j := range len(b) {
			changed := before
			if a[i] != b[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
