package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// zoneFlag is the help of the flag that every command with local times has.
const zoneFlag = "time zone, as America/Vancouver (default: this machine's)"

// localZone is the value of the key zone for this machine's.
const localZone = "local"

// zone is the configured time zone, with a name of the IANA database where it
// can be found out.
func (c Config) zone() (*time.Location, error) {
	if c.Zone != "" && c.Zone != localZone {
		return zoneNamed(c.Zone)
	}
	names := []string{os.Getenv("TZ")}
	if target, err := os.Readlink("/etc/localtime"); err == nil {
		_, name, _ := strings.Cut(target, "zoneinfo/")
		names = append(names, name)
	}
	for _, name := range names {
		if name == "" || strings.HasPrefix(name, ":") {
			continue
		}
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	if _, offset := time.Now().Zone(); offset == 0 {
		return time.UTC, nil
	}
	return time.Local, nil
}

// moment reads the time of a flag: RFC 3339, or a time or day in a zone.
func moment(flag, text string, zone *time.Location) (at time.Time, wholeDay bool, err error) {
	if text == "" {
		return time.Time{}, false, usage(fmt.Errorf("--%s is empty", flag), "")
	}
	at, _, err = momentIn(text, zone)
	if wrong, ok := errors.AsType[*usageError](err); ok { // it speaks of --since
		return time.Time{}, false, usage(errors.New(strings.Replace(wrong.err.Error(), "--since", "--"+flag, 1)), wrong.hint)
	}
	_, notADay := time.Parse(time.DateOnly, text)
	return at, notADay == nil, err
}
