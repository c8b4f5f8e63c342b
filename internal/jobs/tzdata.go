package jobs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// zoneSources are the folders in which package time looks for zones on Unix, in
// its order, after $ZONEINFO.
func zoneSources() []string {
	dirs := []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}
	if dir := os.Getenv("ZONEINFO"); dir != "" {
		dirs = append([]string{dir}, dirs...)
	}
	return dirs
}

// TZData tells which time zone data this process reckons with: its version, as
// 2026a, or where it is from if that does not say. What it holds is probed:
// British Columbia stays on UTC-7 since 2026, and predates2026 says that the data
// still has it go back to UTC-8 that winter, or does not know it at all.
func TZData() (version string, predates2026 bool) {
	vancouver, err := time.LoadLocation("America/Vancouver")
	if err != nil {
		return "none", true
	}
	_, offset := time.Date(2026, 12, 15, 12, 0, 0, 0, vancouver).Zone()
	return tzVersion(), offset != -7*60*60
}

// tzVersion asks the first source that has zones.
func tzVersion() string {
	for _, dir := range zoneSources() {
		if info, err := os.Stat(filepath.Join(dir, "America", "Vancouver")); err != nil || info.IsDir() {
			continue
		}
		for _, source := range [][2]string{{"tzdata.zi", "# version "}, {"+VERSION", ""}} {
			if version, ok := firstLine(filepath.Join(dir, source[0]), source[1]); ok {
				return version
			}
		}
		return "that of " + dir
	}
	return "that of " + runtime.Version()
}

// firstLine reads a version off a file, if it looks like one.
func firstLine(path, prefix string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false
	}
	version, ok := strings.CutPrefix(strings.TrimSpace(line), prefix)
	plain := strings.Trim(version, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
	return version, ok && plain && version != "" && len(version) <= 32
}

// TZWarning is what to tell somebody about the time zone data, or empty if there
// is nothing to tell.
func TZWarning() string {
	version, old := TZData()
	if !old {
		return ""
	}
	return fmt.Sprintf("the time zone data (%s) predates 2026: it does not know that British Columbia stays on UTC-7 all year, "+
		"so that rounds in America/Vancouver come an hour late in winter; update the system's tzdata, or write the zone as UTC-7", version)
}
