package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
)

// Canary is what the enrollment that must fail did in a round.
type Canary string

// What a canary does.
const (
	NoCanary     Canary = ""      // there is none
	CanaryFails  Canary = "red"   // as it must
	CanaryPasses Canary = "green" // or it is not known to fail: the auditor is broken
)

// A Snapshot is the fleet after a round, reduced to what Compare reads: about
// half a kilobyte a device with 40 verdicts. Make it with NewSnapshot, then give
// it each baseline and each device of the round. It is not safe for concurrent
// use; once complete it may be read by many.
type Snapshot struct {
	At     time.Time       // as of which the round was judged; zero: there was none
	Server []checks.Expiry // what the MDM server must keep valid, each once; AddDevice adds to it
	Lost   int             // answers that were lost in the round
	Canary Canary

	baselines []baseline
	rules     []rule
	index     map[ruleKey]int32
	titles    map[ruleKey]string
	devices   []device
	byKey     map[string]int
	waivers   map[string]*waiver
}

// A ruleKey names a requirement of a baseline.
type ruleKey struct{ baseline, requirement string }

// A rule is a requirement as verdicts have it.
type rule struct {
	ruleKey
	severity checks.Severity
}

// A baseline is how the fleet stands against one.
type baseline struct {
	id             string
	judged, wanted int
}

// A device is one device, or the organisation's rows of one group.
type device struct {
	key      string // in the memory
	label    string // as Event.Device
	ward     string
	groups   []string
	lastSeen time.Time
	entries  []entry
	expiring []checks.Expiry
}

// An entry is where a device stands against the rule of that index.
type entry struct {
	rule  int32
	state state
}

// A state is as much of a verdict as a message depends on.
type state uint8

const (
	notJudged state = iota // unknown, error, not checked: it says nothing
	passing
	failing
	exempt // it fails, and a waiver in force accepts that
	beside // the requirement does not apply
)

// A waiver is one that some verdict has, in force.
type waiver struct {
	rule    int32
	until   time.Time
	devices int
	groups  []string
}

// NewSnapshot begins a snapshot of the round that was judged at the given time.
func NewSnapshot(at time.Time) *Snapshot {
	return &Snapshot{
		At: at, index: make(map[ruleKey]int32), titles: make(map[ruleKey]string),
		byKey: make(map[string]int), waivers: make(map[string]*waiver),
	}
}

// AddBaseline takes a baseline of the round with its headline and the rows
// judged for the organisation. Titles are those of its requirements, by id;
// without one the id stands alone.
func (s *Snapshot) AddBaseline(r checks.BaselineResult, titles map[string]string) {
	s.baselines = append(s.baselines, baseline{id: r.ID, judged: r.Headline.Judged, wanted: max(r.Headline.Expected, r.Headline.Enrolled)})
	for id, title := range titles {
		s.titles[ruleKey{r.ID, id}] = title
	}
	for _, v := range r.Organisation {
		d := s.device("organisation/"+v.Group, device{})
		if v.Group != "" {
			d.groups = []string{v.Group}
		}
		s.addVerdict(d, v)
	}
}

// AddDevice takes a device of the round with its verdicts as they read at s.At.
// What ends and is the MDM server's goes to s.Server, for it is the same for all.
// LastSeen is when anything last came from the device, an answer or a poll; zero
// if that is not known, which is never silence. A canary is not to be given. Of a
// device given twice the first counts.
func (s *Snapshot) AddDevice(r checks.DeviceResult, lastSeen time.Time) {
	key := "device/" + r.Subject.ID
	if _, ok := s.byKey[key]; ok {
		return
	}
	groups := slices.Clone(r.Subject.Groups)
	if g := r.Subject.Group; g != "" && !slices.Contains(groups, g) {
		groups = append(groups, g)
	}
	d := s.device(key, device{
		label: label(r.Subject), ward: r.Subject.Ward, groups: groups, lastSeen: lastSeen, expiring: s.addServer(r.Expiring),
		entries: make([]entry, 0, len(r.Verdicts)),
	})
	for _, v := range r.Verdicts {
		s.addVerdict(d, v)
	}
}

// addServer takes what is the server's, and returns the rest.
func (s *Snapshot) addServer(list []checks.Expiry) (own []checks.Expiry) {
	for _, x := range list {
		switch x.What {
		case checks.PushCertificate, checks.IdentityAuthority, checks.ABMToken:
			same := func(o checks.Expiry) bool { return o.What == x.What && o.NotAfter.Equal(x.NotAfter) }
			if !slices.ContainsFunc(s.Server, same) {
				s.Server = append(s.Server, x)
			}
		default:
			own = append(own, x)
		}
	}
	return own
}

// device finds a device or adds it. The pointer is good until the next is added.
func (s *Snapshot) device(key string, d device) *device {
	i, ok := s.byKey[key]
	if !ok {
		d.key, i = key, len(s.devices)
		s.byKey[key] = i
		s.devices = append(s.devices, d)
	}
	return &s.devices[i]
}

// addVerdict keeps where d stands. What is only information is told to nobody.
func (s *Snapshot) addVerdict(d *device, v checks.Verdict) {
	if v.Level != checks.Required && v.Level != checks.Recommended {
		return
	}
	key := ruleKey{v.Baseline, v.Requirement}
	i, ok := s.index[key]
	if !ok {
		i = int32(len(s.rules)) //nolint:gosec // as many as there are requirements
		s.index[key] = i
		s.rules = append(s.rules, rule{key, v.Severity})
	}
	d.entries = append(d.entries, entry{i, stateOf(v)})
	if w := v.Waiver; w != nil && w.State == checks.InForce {
		s.addWaiver(w, i, d)
	}
}

func (s *Snapshot) addWaiver(ref *checks.StatementRef, rule int32, d *device) {
	w := s.waivers[ref.ID]
	if w == nil {
		w = &waiver{rule: rule, until: ref.Until}
		s.waivers[ref.ID] = w
	}
	w.devices++
	for _, g := range d.groups {
		if !slices.Contains(w.groups, g) {
			w.groups = append(w.groups, g)
		}
	}
}

func stateOf(v checks.Verdict) state {
	switch v.Result {
	case checks.Pass:
		return passing
	case checks.Fail:
		if v.Waiver != nil && v.Waiver.State == checks.InForce {
			return exempt
		}
		return failing
	case checks.NotApplicable:
		return beside
	}
	return notJudged
}

// title is a requirement's title, or nothing.
func (s *Snapshot) title(k ruleKey) string { return s.titles[k] }

// What stands in the place of an asset tag. Several devices may share it.
const (
	serialEnding = "serial ending "
	noTag        = "a device without an asset tag"
)

// label names a device in messages: nobody's name, and no serial number that
// could be looked up.
func label(s checks.Subject) string {
	if tag := strings.TrimSpace(s.AssetTag); tag != "" {
		return clean(tag, maxLabel)
	}
	if runes := []rune(s.Serial); len(runes) > 4 {
		return serialEnding + clean(string(runes[len(runes)-4:]), maxLabel)
	}
	return noTag
}

// shared reports whether a label may be that of several devices.
func shared(label string) bool { return label == noTag || strings.HasPrefix(label, serialEnding) }
