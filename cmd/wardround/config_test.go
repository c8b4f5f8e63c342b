package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOperationsDocumentsEverySetting(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range configKeys() {
		if !strings.Contains(string(text), "\n| `"+key+"` | ") {
			t.Errorf("docs/operations.md has no row for %s", key)
		}
	}
}
