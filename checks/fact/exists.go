package fact

import (
	"strconv"
	"strings"
)

// Exists reports whether a version of a platform has the setting and honours
// it. Platform is a name of Since, or iPadOS, whose settings are those of iOS.
// Without a version it is enough that some version does.
func (s Setting) Exists(platform, os string) bool {
	if platform == "iPadOS" {
		platform = "iOS"
	}
	since, ok := s.Since[platform]
	if !ok || os == "" {
		return ok
	}
	until := s.Until[platform]
	return !before(os, since) && (until == "" || !before(until, os))
}

// before reports whether one version comes before another, as far as both are
// written out: 16 is neither before nor after 16.7.
func before(a, b string) bool {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(left), len(right)) {
		l, errL := strconv.Atoi(left[i])
		r, errR := strconv.Atoi(right[i])
		if errL != nil || errR != nil {
			return false
		}
		if l != r {
			return l < r
		}
	}
	return false
}

// NeedsSupervision reports whether the setting has no effect on a platform
// without supervision.
func (s Setting) NeedsSupervision(platform string) bool {
	if platform == "iPadOS" {
		platform = "iOS"
	}
	return s.Supervised[platform]
}
