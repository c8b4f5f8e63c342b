//go:build !linux && !darwin

package nano_test

import "errors"

// obeyLimits needs resource limits.
func obeyLimits() error { return errors.ErrUnsupported }
