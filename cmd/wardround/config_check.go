package main

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// An examination gathers what is wrong with settings that could be read.
type examination struct{ problems []configProblem }

func (x *examination) wrong(key, format string, args ...any) {
	x.problems = append(x.problems, configProblem{key: key, message: fmt.Sprintf(format, args...)})
}

func (x *examination) err(key string, err error) {
	if err != nil {
		message := err.Error()
		if !strings.HasPrefix(message, key) {
			message = key + ": " + message
		}
		x.wrong(key, "%s", message)
	}
}

// problems are all that is wrong with the settings, as far as that shows without
// opening the data folder.
func (c Config) problems(now time.Time) []configProblem {
	x := &examination{}
	if _, err := c.logs(os.Stderr); err != nil {
		key := "log-level"
		if strings.HasPrefix(err.Error(), "log format") {
			key = "log-format"
		}
		x.err(key, err)
	}
	if _, err := c.zone(); err != nil {
		x.wrong("zone", "zone: %q is no time zone; name it as America/Vancouver, or UTC", c.Zone)
	}
	if _, err := c.server(); err != nil {
		x.err("abm-token-expires", err)
	}
	if _, _, err := c.cutoffs(now); err != nil {
		key, _, _ := strings.Cut(err.Error(), " ")
		x.err(key, err)
	}
	x.addresses(c)
	x.files(c)
	x.numbers(c)
	x.attach(c.Attach)
	x.rounds(c)
	x.err("notify", c.Notify.Check())
	return x.problems
}

func (x *examination) addresses(c Config) {
	for _, a := range []struct{ key, address string }{{"listen", c.Listen}, {"metrics-listen", c.MetricsListen}, {"mdm-listen", c.MDMListen}} {
		if (a.address == nowhere || a.address == "") && a.key != "mdm-listen" {
			continue
		}
		_, port, err := net.SplitHostPort(a.address)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			x.wrong(a.key, "%s: %q is no address with a port, as 127.0.0.1:9180", a.key, a.address)
		}
	}
	if c.MDMListen != "" && (c.MDMListen == c.Listen || c.MDMListen == c.MetricsListen) {
		x.wrong("mdm-listen", "mdm-listen: %s is the address of health or metrics too", c.MDMListen)
	}
}

func (x *examination) files(c Config) {
	for _, path := range c.Catalog {
		if _, err := os.Stat(path); err != nil {
			x.err("catalog", err)
		}
	}
	for _, f := range []struct{ key, path string }{{"identity-ca", c.IdentityCA}, {"waiver-file", c.WaiverFile}} {
		if f.path == "" {
			continue
		}
		if _, err := readFile(f.path, maxBaselineFile); err != nil {
			x.err(f.key, err)
		}
	}
	x.secret("head-webhook-key-file", c.HeadWebhookKeyFile)
}

// secret checks a file with a secret, if one is named.
func (x *examination) secret(key, path string) {
	if path == "" {
		return
	}
	_, err := readSecretFile(path)
	x.err(key, err)
}

func (x *examination) numbers(c Config) {
	for _, n := range []struct {
		key   string
		value int64
	}{{"push-rate", int64(c.PushRate)}, {"attach.push-rate", int64(c.Attach.PushRate)}, {"retain", int64(c.Retain)}, {"max-waiver", int64(c.MaxWaiver)}} {
		if n.value <= 0 {
			x.wrong(n.key, "%s: not more than nothing", n.key)
		}
	}
	if c.HeadWebhook != "" {
		x.web("head-webhook", c.HeadWebhook)
	}
	if c.Canary != "" && strings.Count(c.Canary, "/") != 1 {
		x.wrong("canary", "canary: %q is no requirement of a baseline, as hipaa-no-facetime/os_facetime_disable", c.Canary)
	}
}

// web checks the address of something that speaks HTTP.
func (x *examination) web(key, address string) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		x.wrong(key, "%s: not an http or https address", key)
		return
	}
	if _, has := u.User.Password(); has {
		x.wrong(key, "%s: a password does not belong into an address", key)
	}
}

// checkPath errs if the server's events would not get to the path as it is
// written: the program's own router gives braces and spaces a meaning, and asks
// for another path where one is not clean.
func (a AttachConfig) checkPath() error {
	switch {
	case !strings.HasPrefix(a.Path, "/"):
		return fmt.Errorf("attach.path: %q does not begin with /", a.Path)
	case strings.ContainsAny(a.Path, "{}") || strings.ContainsFunc(a.Path, unicode.IsSpace):
		return fmt.Errorf("attach.path: %q holds a brace or white space", a.Path)
	case path.Clean(a.Path) != a.Path:
		return fmt.Errorf("attach.path: %q is not written as it is asked for: %q", a.Path, path.Clean(a.Path))
	}
	return nil
}

func (x *examination) attach(a AttachConfig) {
	if !slices.Contains([]string{"nanomdm", "nanohub", "micromdm"}, a.Dialect) {
		x.wrong("attach.dialect", "attach.dialect: %q is not one of nanomdm, nanohub, micromdm", a.Dialect)
	}
	x.err("attach.path", a.checkPath())
	x.secret("attach.key-file", a.KeyFile)
	x.secret("attach.hmac-key-file", a.HMACKeyFile)
	for i, f := range a.Forward {
		x.web(fmt.Sprintf("attach.forward[%d].url", i), f.URL)
		x.secret(fmt.Sprintf("attach.forward[%d].hmac-key-file", i), f.HMACKeyFile)
	}
	if a.URL == "" {
		return
	}
	x.web("attach.url", a.URL)
	if a.Key == "" && a.KeyFile == "" {
		x.wrong("attach.url", "attach.key-file: without the key of its API the server takes no commands")
	}
	if a.HMACKey == "" && a.HMACKeyFile == "" && !a.Unsigned {
		x.wrong("attach.url", "attach.hmac-key-file: without its key anybody could send events in the server's name")
	}
}

func (x *examination) rounds(c Config) {
	_, err := c.zone()
	whole := err == nil
	for i, r := range c.Rounds {
		at := fmt.Sprintf("rounds[%d]", i)
		if r.Cron == "" {
			x.wrong(at, "%s.cron: it is missing", at)
			whole = false
		}
		if len(r.Baselines) > 0 {
			if _, err := loadBaselines(r.Baselines); err != nil {
				x.wrong(at+".baselines", "%s.baselines: %v", at, err)
			}
		}
		if r.Wait < 0 {
			x.wrong(at+".wait", "%s.wait: less than nothing", at)
		}
	}
	if !whole { // what is wrong is told above
		return
	}
	if _, err := c.plannedRounds(); err != nil {
		x.err("rounds", err)
	}
}

// locate gives problems the lines of the file that their keys are in, and joins
// them with those of the file itself, in order of lines.
func (f *configFile) locate(problems []configProblem) []configProblem {
	for i, p := range problems {
		if line, set := f.lines[p.key]; set {
			problems[i].path, problems[i].line = f.path, line
		}
	}
	all := slices.Concat(f.problems, problems)
	slices.SortStableFunc(all, func(a, b configProblem) int { return cmp.Compare(a.line, b.line) })
	return all
}

// unknownVariables are variables of the environment that look like settings and
// are none.
func unknownVariables() []configProblem {
	var known []string
	for _, s := range defaultConfig().settings() {
		known = append(known, s.environment())
	}
	var problems []configProblem
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix+"_") || strings.HasPrefix(name, envPrefix+"_TEST_") || slices.Contains(known, name) {
			continue
		}
		message := "the variable " + name + " sets nothing"
		if near := nearestKey(strings.ToLower(name), lowered(known)); near != "" {
			message += "; did you mean " + strings.ToUpper(near) + "?"
		}
		problems = append(problems, configProblem{message: message})
	}
	return problems
}

func lowered(names []string) []string {
	lower := make([]string, len(names))
	for i, n := range names {
		lower[i] = strings.ToLower(n)
	}
	return lower
}
