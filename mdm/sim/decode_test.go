package sim_test

import (
	"slices"
	"testing"

	"github.com/groob/plist"
)

// decode reads what a device has sent, by another reader than ours.
func decode(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := plist.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v in %.300s", err, body)
	}
	return m
}

// dict walks into nested dictionaries.
func dict(t *testing.T, m map[string]any, path ...string) map[string]any {
	t.Helper()
	for _, key := range path {
		next, ok := m[key].(map[string]any)
		if !ok {
			t.Fatalf("no dictionary %q in %v", key, m)
		}
		m = next
	}
	return m
}

// dicts reads an array of dictionaries.
func dicts(t *testing.T, m map[string]any, key string) []map[string]any {
	t.Helper()
	list, ok := m[key].([]any)
	if !ok {
		t.Fatalf("no array %q in %v", key, m)
	}
	var out []map[string]any
	for _, v := range list {
		out = append(out, v.(map[string]any))
	}
	return out
}

// texts returns the values of one key of each dictionary.
func texts(list []map[string]any, key string) []string {
	var out []string
	for _, m := range list {
		text, _ := m[key].(string)
		out = append(out, text)
	}
	return out
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
