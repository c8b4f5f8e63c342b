package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandExplainsItself(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for what, text := range map[string]string{"Short": cmd.Short, "Long": cmd.Long, "Example": cmd.Example} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s has no %s", cmd.CommandPath(), what)
			}
		}
		if cmd.HasParent() && !strings.Contains(cmd.Long, "Exit status:") {
			t.Errorf("%s does not tell its exit statuses", cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(newRootCommand(&globals{in: strings.NewReader(""), out: io.Discard, err: io.Discard}))
}
