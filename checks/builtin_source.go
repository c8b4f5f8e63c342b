package checks

import (
	"fmt"
	"slices"
)

// BuiltinSource returns the YAML of a shipped baseline. ParseBaseline reads it,
// with the shipped rules that it uses.
func BuiltinSource(id string) ([]byte, error) {
	if !slices.Contains(BuiltinIDs(), id) {
		return nil, fmt.Errorf("no baseline %q is shipped: %s", id, didYouMean(id, BuiltinIDs()))
	}
	data, err := shipped.ReadFile("baselines/" + id + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("read the shipped baseline: %w", err)
	}
	return data, nil
}
