package nano_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// peakMemory is the most memory a process has had, in bytes.
func peakMemory(t testing.TB, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	_, err = fmt.Sscan(rest, &kib)
	must(t, err)
	return kib << 10
}

// spent is the CPU that a process has had, user and system, to a hundredth of a
// second.
func spent(t testing.TB, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var user, system int64
	_, err = fmt.Sscan(fields[11], &user)
	must(t, err)
	_, err = fmt.Sscan(fields[12], &system)
	must(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}
