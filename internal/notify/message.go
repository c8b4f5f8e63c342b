package notify

import (
	"cmp"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
)

// A MessageKind says why a message is sent.
type MessageKind string

// The kinds of messages.
const (
	Changes MessageKind = "changes" // what changed
	Resend  MessageKind = "resend"  // everything as it is
	Test    MessageKind = "test"    // to see whether it arrives
)

// maxSections bounds a message; what is over is counted.
const maxSections = 200

// schema is that of a message in JSON. It only ever gains keys.
const schema = "wardround.notice/v1"

// A Message is what one channel is sent. Its words are harmless and bounded.
type Message struct {
	Schema   string      `json:"schema"`   // wardround.notice/v1
	ID       string      `json:"id"`       // the same when the same message is sent again
	Kind     MessageKind `json:"kind"`     // changes, resend or test
	At       time.Time   `json:"at"`       // when it was put together
	From     time.Time   `json:"from"`     // of the first round it tells of; the zero time in a test
	Through  time.Time   `json:"through"`  // of the last
	Events   int         `json:"events"`   // how many things it tells, those left out included
	LeftOut  int         `json:"left_out"` // of those, how many are in no section
	Sections []Section   `json:"sections"` // most urgent first within a ward, those of no ward in front
}

// A Section tells one thing of the devices of one ward.
type Section struct {
	Kind        Kind            `json:"kind"`
	Severity    checks.Severity `json:"severity"`
	Ward        string          `json:"ward"`        // empty: of no ward
	Baseline    string          `json:"baseline"`    // id; empty: it is about none
	Requirement string          `json:"requirement"` // id; empty: it is about none
	Title       string          `json:"title"`
	What        string          `json:"what"`    // what ends: identity, radius-anchor, apns-push-certificate, a waiver's id
	Since       int64           `json:"since"`   // Unix seconds, of the first; 0: not known
	Until       int64           `json:"until"`   // Unix seconds, of the first that ends; 0: nothing ends
	Events      int             `json:"events"`  // that it sums up
	Count       int             `json:"count"`   // devices; of loss answers
	Of          int             `json:"of"`      // of coverage-dropped: devices that were to be judged
	Devices     []string        `json:"devices"` // asset tags, or the ends of serial numbers: some of them
	More        int             `json:"more"`    // devices that are not named
}

// A sectionKey is what the events of one section share.
type sectionKey struct {
	kind                                     Kind
	severity                                 checks.Severity
	ward, baseline, requirement, title, what string
}

func (s Section) key() sectionKey {
	return sectionKey{s.Kind, s.Severity, s.Ward, s.Baseline, s.Requirement, s.Title, s.What}
}

// A digest collects what a message will tell, in memory bounded by the sections
// that there are and not by the devices.
type digest struct {
	named    int // devices named in a section
	sections map[sectionKey]*gathered
	leftOut  int
}

// A gathered section is one to which more may come.
type gathered struct {
	Section
	last string // the key of the device that came last
}

func newDigest(named int) *digest {
	return &digest{named: named, sections: make(map[sectionKey]*gathered)}
}

// add takes an event. Those of one device come one after another.
func (d *digest) add(e Event) {
	s := Section{
		Kind: e.Kind, Severity: e.Severity, Ward: clean(e.Ward, maxLabel), Baseline: clean(e.Baseline, maxLabel), Requirement: clean(e.Requirement, maxLabel),
		Title: clean(e.Title, maxTitle), What: clean(e.What, maxLabel), Events: 1, Of: e.Of, Since: unix(e.Since), Until: unix(e.Until),
	}
	have := d.gather(s)
	switch {
	case have == nil:
	case e.Device == "" && e.Kind == CoverageDropped:
		have.Count = e.Count // shares do not add up: the last is how it stands
	case e.Device == "" && e.Kind != Flapping:
		have.Count += e.Count
	case e.Device != "" && e.key != have.last:
		have.last = e.key
		have.Count++
		have.name(clean(e.Device, maxLabel), d.named)
	}
}

// maxGathered bounds the sections while they are gathered, of which the most
// urgent are sent. For those of high severity there is as much room again.
const maxGathered = 20 * maxSections

// gather finds the section that s belongs to, and adds to it all but devices and
// counts; nil: there is no room.
func (d *digest) gather(s Section) *gathered {
	have, ok := d.sections[s.key()]
	if !ok {
		if n := len(d.sections); n >= 2*maxGathered || n >= maxGathered && s.Severity != checks.High {
			d.leftOut += s.Events
			return nil
		}
		have = &gathered{Section: Section{
			Kind: s.Kind, Severity: s.Severity, Ward: s.Ward, Baseline: s.Baseline, Requirement: s.Requirement, Title: s.Title, What: s.What,
			Since: s.Since, Until: s.Until,
		}}
		d.sections[s.key()] = have
	}
	have.Events += s.Events
	have.Since, have.Until = sooner(have.Since, s.Since), sooner(have.Until, s.Until)
	have.Of = s.Of
	return have
}

// merge takes a section of a letter. A device that another letter told of too
// counts once if its asset tag says so; it is better to count one twice than to
// leave one out.
func (d *digest) merge(s Section) {
	have := d.gather(s)
	switch {
	case have == nil:
		return
	case s.Kind == CoverageDropped:
		have.Count = s.Count
		return
	}
	have.Count += s.Count
	have.More += s.More
	for _, label := range s.Devices {
		if !shared(label) && slices.Contains(have.Devices, label) {
			have.Count--
			continue
		}
		have.name(label, d.named)
	}
}

// name names another device, if there is room and none has that name already.
func (s *Section) name(label string, most int) {
	if len(s.Devices) < most && !slices.Contains(s.Devices, label) {
		s.Devices = append(s.Devices, label)
		return
	}
	s.More++
}

// sooner is the earlier of two times, of which 0 is none.
func sooner(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// message puts together what was collected. The sections that do not fit are
// those that are least urgent.
func (d *digest) message(kind MessageKind, at time.Time) Message {
	m := Message{Schema: schema, Kind: kind, At: at.UTC(), LeftOut: d.leftOut, Events: d.leftOut, Sections: []Section{}}
	for _, s := range d.sections {
		m.Sections = append(m.Sections, s.Section)
		m.Events += s.Events
	}
	slices.SortFunc(m.Sections, byUrgency)
	for len(m.Sections) > maxSections {
		last := len(m.Sections) - 1
		m.LeftOut += m.Sections[last].Events
		m.Sections = m.Sections[:last]
	}
	slices.SortFunc(m.Sections, func(a, b Section) int {
		return cmp.Or(cmp.Compare(a.Ward, b.Ward), byUrgency(a, b))
	})
	for i := range m.Sections {
		s := &m.Sections[i]
		s.Devices = slices.Sorted(slices.Values(s.Devices))
		if s.Devices == nil {
			s.Devices = []string{}
		}
	}
	return m
}

// byUrgency orders sections, and no two of a message alike.
func byUrgency(a, b Section) int {
	return cmp.Or(
		cmp.Compare(rank(b.Severity), rank(a.Severity)),
		cmp.Compare(slices.Index(Kinds(), a.Kind), slices.Index(Kinds(), b.Kind)),
		cmp.Compare(a.Baseline, b.Baseline), cmp.Compare(a.Requirement, b.Requirement), cmp.Compare(a.What, b.What),
		cmp.Compare(a.Ward, b.Ward), cmp.Compare(a.Title, b.Title),
	)
}

// urgent reports whether anything in it is of high severity.
func (m Message) urgent() bool {
	return slices.ContainsFunc(m.Sections, func(s Section) bool { return s.Severity == checks.High })
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
