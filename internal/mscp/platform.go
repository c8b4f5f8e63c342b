package mscp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
)

// A target is what rules are wanted for.
type target struct {
	platform checks.Platform
	version  string // "26.0"
}

// Platforms lists the words for Options.OS.
func Platforms() []string { return []string{"ios", "macos", "visionos"} }

func newTarget(os, version string) (target, error) {
	t := target{version: version}
	switch strings.ToLower(os) {
	case "ios":
		t.platform = checks.IOS
	case "macos":
		t.platform = checks.MacOS
	case "visionos":
		t.platform = checks.VisionOS
	default:
		return target{}, fmt.Errorf("platform %q is not one of %s", os, strings.Join(Platforms(), ", "))
	}
	if !strings.Contains(version, ".") {
		t.version += ".0"
	}
	digits := strings.ReplaceAll(t.version, ".", "")
	if len(t.version) > 12 || digits == "" || strings.Trim(digits, "0123456789") != "" || slices.Contains(strings.Split(t.version, "."), "") {
		return target{}, fmt.Errorf("version %q is not such as 26.0", version)
	}
	return t, nil
}

// major is the first number of the version: rules for 26.0 are for all of 26.
func (t target) major() string {
	head, _, _ := strings.Cut(t.version, ".")
	return head
}

// word is how the source writes the platform in file names and reference keys.
func (t target) word() string { return strings.ToLower(string(t.platform)) }

// String is such as "iOS 26.0".
func (t target) String() string { return string(t.platform) + " " + t.version }
