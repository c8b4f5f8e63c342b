package notify

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
)

// settings are a Config, read and completed.
type settings struct {
	zone        *time.Location
	silence     calendars
	flapChanges int
	flapWindow  time.Duration
	flapStable  time.Duration
	warnings    []time.Duration // the longest in front
	minCoverage float64
	drop        float64
	named       int
	routes      []route
}

// A route is what a channel is told, and when.
type route struct {
	name     string
	on       []Kind // empty: all
	groups   []string
	least    checks.Severity
	digest   *clockTime // nil: at once
	quiet    span
	perHour  int
	timeout  time.Duration
	location *time.Location
}

// Limits of a Config.
const (
	maxChannels = 50
	maxNamed    = 100
	maxTimeout  = 2 * time.Minute
)

var channelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,39}$`)

// Check says what is wrong with a Config, all of it, without reading the files
// that it names.
func (c Config) Check() error {
	_, err := c.settings()
	return err
}

func (c Config) settings() (settings, error) {
	s := settings{
		zone: time.Local, flapChanges: cmp.Or(c.FlapChanges, 3), flapWindow: cmp.Or(c.FlapWindow, 168*time.Hour), flapStable: cmp.Or(c.FlapStable, 48*time.Hour),
		warnings: slices.Clone(c.ExpiryWarnings), minCoverage: cmp.Or(c.MinCoverage, 0.9), drop: max(cmp.Or(c.CoverageDrop, 0.1), 0), named: cmp.Or(c.DevicesNamed, 10),
	}
	var errs []error
	wrong := func(err error) { errs = append(errs, err) }
	if c.Zone != "" && c.Zone != "local" {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			wrong(fmt.Errorf("zone %q is not known: write it as America/Vancouver", c.Zone))
			zone = time.UTC
		}
		s.zone = zone
	}
	var err error
	if s.silence, err = newCalendars(c.Silence); err != nil {
		wrong(err)
	}
	if len(s.warnings) == 0 {
		s.warnings = []time.Duration{720 * time.Hour, 168 * time.Hour, 24 * time.Hour}
	}
	slices.SortFunc(s.warnings, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	s.warnings = slices.Compact(s.warnings)
	switch {
	case s.flapChanges < 2 || s.flapChanges > 100:
		wrong(fmt.Errorf("flap-changes %d: it must be from 2 to 100", s.flapChanges))
	case s.flapWindow < time.Minute || s.flapStable < time.Minute:
		wrong(errors.New("flap-window and flap-stable must be at least 1m"))
	case s.minCoverage > 1 || s.drop > 1:
		wrong(errors.New("min-coverage and coverage-drop are shares: at most 1"))
	case s.named < 1 || s.named > maxNamed:
		wrong(fmt.Errorf("devices-named %d: it must be from 1 to %d", s.named, maxNamed))
	case s.warnings[len(s.warnings)-1] <= 0 || len(s.warnings) > 10:
		wrong(errors.New("expiry-warnings are at most 10 times, above 0"))
	case len(c.Channels) > maxChannels:
		wrong(fmt.Errorf("%d channels: at most %d", len(c.Channels), maxChannels))
	}
	for i, channel := range c.Channels {
		r, err := channel.route(s.zone)
		if err == nil && slices.ContainsFunc(s.routes, func(o route) bool { return o.name == r.name }) {
			err = errors.New("another channel has that name")
		}
		if err != nil {
			wrong(fmt.Errorf("channel %d (%s): %w", i+1, clean(channel.Name, maxLabel), err))
		}
		s.routes = append(s.routes, r)
	}
	return s, errors.Join(errs...)
}

// route checks a channel as far as that goes without its files.
func (c ChannelConfig) route(zone *time.Location) (route, error) {
	r := route{
		name: c.Name, groups: c.Groups, least: checks.Severity(cmp.Or(c.MinSeverity, string(checks.Low))),
		perHour: cmp.Or(c.PerHour, 20), timeout: cmp.Or(c.Timeout, 20*time.Second), location: zone,
	}
	var errs []error
	if !channelName.MatchString(c.Name) {
		errs = append(errs, errors.New("its name must be 1 to 40 letters, digits and hyphens"))
	}
	for _, word := range c.On {
		if !slices.Contains(Kinds(), Kind(word)) {
			errs = append(errs, fmt.Errorf("on: there is no %q; there are %s", word, listKinds()))
		}
		r.on = append(r.on, Kind(word))
	}
	if rank(r.least) == 0 {
		errs = append(errs, fmt.Errorf("min-severity %q: it is low, medium or high", c.MinSeverity))
	}
	if c.Digest != "" {
		at, err := readClock(c.Digest)
		if err != nil {
			errs = append(errs, fmt.Errorf("digest: %w", err))
		}
		r.digest = &at
	}
	if c.QuietHours != "" {
		quiet, err := readSpan(c.QuietHours)
		if err != nil {
			errs = append(errs, fmt.Errorf("quiet-hours: %w", err))
		}
		if quiet.to-quiet.from == 24*60 {
			errs = append(errs, errors.New("quiet-hours: they leave no time to send in"))
		}
		r.quiet = quiet
	}
	if r.perHour < 1 || r.perHour > 3600 {
		errs = append(errs, fmt.Errorf("per-hour %d: it must be from 1 to 3600", c.PerHour))
	}
	if r.timeout < time.Second || r.timeout > maxTimeout {
		errs = append(errs, fmt.Errorf("timeout %s: it must be from 1s to %s", r.timeout, maxTimeout))
	}
	return r, errors.Join(append(errs, c.way())...)
}

// way checks that there is one way to send.
func (c ChannelConfig) way() error {
	ways := 0
	for _, set := range []bool{c.URLFile != "", c.Webhook != "", c.SMTP.Server != ""} {
		if set {
			ways++
		}
	}
	switch {
	case ways != 1:
		return errors.New("it must have exactly one of url-file, webhook and smtp.server")
	case c.Webhook != "" && c.KeyFile == "":
		return errors.New("a webhook needs a key-file to be signed with")
	case c.Webhook == "" && c.KeyFile != "":
		return errors.New("key-file is of a webhook, and it has none")
	case c.SMTP.Server != "":
		return c.SMTP.check()
	case c.Webhook != "":
		_, err := webhookURL(c.Webhook)
		return err
	}
	return nil
}

func listKinds() string {
	words := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

// rank orders severities; 0 is none of them.
func rank(s checks.Severity) int {
	return 1 + slices.Index([]checks.Severity{checks.Low, checks.Medium, checks.High}, s)
}

// wants reports whether the channel is told of e.
func (r route) wants(e Event) bool {
	if len(r.on) > 0 && !slices.Contains(r.on, e.Kind) || rank(e.Severity) < rank(r.least) {
		return false
	}
	return len(r.groups) == 0 || len(e.Groups) == 0 || slices.ContainsFunc(e.Groups, func(g string) bool { return slices.Contains(r.groups, g) })
}

// due is when what was decided at now is sent, save for quiet hours.
func (r route) due(now time.Time, urgent bool) time.Time {
	if r.digest == nil || urgent {
		return now
	}
	return r.digest.next(now.In(r.location))
}

// quietAt reports whether nothing is sent at now.
func (r route) quietAt(now time.Time) bool { return r.quiet.holds(now.In(r.location)) }
