package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of wardround",
		Long: `Print the version of wardround, the revision it was built from and the Go it was
built with.

Exit status: 0, or 2 for an unknown format.`,
		Example: "  wardround version --format json",
		Args:    cobra.NoArgs,
		RunE: g.command(func(context.Context, []string) error {
			return runVersion(format, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func runVersion(format string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	version := struct {
		Name     string `json:"name"`
		Version  string `json:"version"`
		Revision string `json:"revision"`
		Go       string `json:"go"`
	}{"wardround", toolVersion(), buildSetting("vcs.revision"), runtime.Version()}
	if format == "json" {
		return json.NewEncoder(out).Encode(version)
	}
	_, err := fmt.Fprintf(out, "%s %s (revision %s, %s)\n", version.Name, version.Version, orUnknown(version.Revision), version.Go)
	return err
}

// toolVersion is the module's version from the build, "devel" outside a release.
func toolVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// buildDigest tells this build from any other, even of one version: it is the
// SHA-256 of the program.
func buildDigest() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func buildSetting(key string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == key {
				return s.Value
			}
		}
	}
	return ""
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
