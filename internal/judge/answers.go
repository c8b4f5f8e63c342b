package judge

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

// The two parameters of ProfileList, as query keys.
const (
	allProfiles     mdm.QueryKey = "ProfileList/all"
	managedProfiles mdm.QueryKey = "ProfileList/managed"
)

// An answer is the newest usable reply to one query; or, when absent is not
// empty, the reason why there is none and the evidence of that reason.
type answer struct {
	reply   mdm.Reply
	absent  fact.Absence
	sources []fact.Source
	since   time.Time
}

// Known reports whether the query was answered.
func (a answer) known() bool { return a.absent == "" }

// answers holds what the device channel said, by query.
type answers struct {
	byQuery     map[mdm.QueryKey]answer
	history     map[mdm.QueryKey][]answer // usable ones, newest first
	checkIn     mdm.CheckInMessage        // Authenticate, if any
	checkInFrom []fact.Source
	enrollment  mdm.EnrollmentType
	unread      []fact.Source // refused bodies that name no query
	asked       bool
	answered    bool
	void        time.Time // of the newest Authenticate or CheckOut: what was said before is of another enrollment
	left        bool      // that newest one is a CheckOut
	leaving     []fact.Source
	past        []fact.Fact // of DeviceInformation, answered before void
	pastFrom    []fact.Source
	fromFuture  int // observations that are dated after now
}

// readAnswers decodes the observations of the device channel. What users'
// channels say is left out: it never answers a question about the device.
func readAnswers(d Device, now time.Time) answers {
	a := answers{
		byQuery: make(map[mdm.QueryKey]answer),
		history: make(map[mdm.QueryKey][]answer),
		asked:   len(d.Unanswered) > 0,
	}
	for _, o := range newestFirst(d.Observations) {
		switch {
		case o.Evidence.Enrollment.UserChannel():
			continue
		case o.Last.After(now):
			a.fromFuture++
			continue
		}
		if a.enrollment == "" {
			a.enrollment = o.Evidence.Enrollment.Type
		}
		a.take(o)
	}
	if a.left {
		return a
	}
	for _, q := range d.Unanswered {
		if _, said := a.byQuery[q.Query]; said {
			continue
		}
		absent := fact.Silent
		if q.NotNow {
			absent = fact.NotNow
		}
		a.byQuery[q.Query] = answer{absent: absent}
	}
	return a
}

// take files one observation; they come newest first, so what is there stays.
// Only NotNow gives way to an older answer: it is a promise to answer later,
// while a refusal or an answer that cannot be read takes the older one's place.
func (a *answers) take(o Observation) {
	if o.Last.Before(a.void) && o.Evidence.Class != mdm.CheckIn {
		a.takePast(o)
		return
	}
	if o.Since.Before(a.void) {
		o.Since = a.void
	}
	e := o.Evidence
	source := sourceOf(o)
	switch e.Class {
	case mdm.CheckIn:
		a.takeCheckIn(o, source)
	case mdm.Unread:
		a.asked = true
		if e.Query == "" {
			a.unread = append(a.unread, source)
			return
		}
		a.reason(e.Query, fact.Undecodable, source)
	case mdm.Report:
		if e.Status == mdm.Idle || e.Query == "" {
			return
		}
		a.asked = true
		a.takeReport(o, source)
	}
}

// takePast keeps, of answers that no longer count, what tells which device it
// is: that survives erasing.
func (a *answers) takePast(o Observation) {
	if a.past != nil || o.Evidence.Query != deviceInformation || o.Evidence.Status != mdm.Acknowledged {
		return
	}
	if reply, err := mdm.Decode(o.Evidence); err == nil && reply.Payload {
		a.past, a.pastFrom = reply.Facts, []fact.Source{sourceOf(o)}
	}
}

// takeCheckIn notes the newest enrolling or leaving. A device that enrols anew
// may have been erased in between, so nothing it said before still holds.
func (a *answers) takeCheckIn(o Observation, source fact.Source) {
	switch o.Evidence.Query {
	case mdm.CheckOut:
		if a.void.IsZero() {
			a.void, a.left = o.Last.Add(1), true // what came at the same time may have come before
			a.leaving = []fact.Source{source}
		}
	case mdm.Authenticate:
		if a.void.IsZero() {
			a.void = o.Last
		}
		if msg, err := mdm.DecodeCheckIn(o.Evidence); err == nil && a.checkInFrom == nil {
			a.checkIn, a.checkInFrom = msg, []fact.Source{source}
		}
	}
}

func (a *answers) takeReport(o Observation, source fact.Source) {
	q := o.Evidence.Query
	switch o.Evidence.Status {
	case mdm.Acknowledged:
		a.answered = true
		reply, err := mdm.Decode(o.Evidence)
		switch {
		case err != nil:
			a.reason(q, fact.Undecodable, source)
		case !reply.Payload:
			a.reason(q, fact.NoPayload, source)
		default:
			usable := answer{reply: reply, sources: []fact.Source{source}, since: o.Since}
			if old, ok := a.byQuery[q]; !ok || old.absent == fact.NotNow {
				a.byQuery[q] = usable
			}
			a.history[q] = append(a.history[q], usable)
		}
	case mdm.Error:
		a.reason(q, fact.Refused, source)
	case mdm.CommandFormatError:
		a.reason(q, fact.FormatRefused, source)
	case mdm.NotNow:
		a.reason(q, fact.NotNow, source)
	}
}

// reason notes why q has no answer, unless an answer or a newer reason is there.
func (a *answers) reason(q mdm.QueryKey, why fact.Absence, source fact.Source) {
	if _, ok := a.byQuery[q]; !ok {
		a.byQuery[q] = answer{absent: why, sources: []fact.Source{source}}
	}
}

// of returns the answer to q. A query that nothing was said about is not-asked,
// or undecodable when the device sent bytes that could have been its answer.
func (a *answers) of(q mdm.QueryKey) answer {
	got, ok := a.byQuery[q]
	switch {
	case a.left && (!ok || !got.known()):
		return answer{absent: fact.CheckedOut, sources: a.leaving}
	case ok && got.known():
		return got
	case len(a.unread) > 0 && (!ok || got.absent == fact.Silent):
		return answer{absent: fact.Undecodable, sources: a.unread}
	case ok:
		return got
	}
	return answer{absent: fact.NotAsked}
}

// userEnrolled reports whether the device said, or its enrollment shows, that
// it is a User Enrollment, where Apple forbids most of what is asked.
func (a *answers) userEnrolled() bool {
	if a.enrollment == mdm.UserEnrollmentDevice || a.enrollment == mdm.UserEnrollment {
		return true
	}
	is, known := a.boolean(mdm.QueryKey(mdm.SecurityInfo), "SecurityInfo.ManagementStatus.IsUserEnrollment")
	return known && is
}

func (a *answers) boolean(q mdm.QueryKey, key fact.Key) (value, known bool) {
	f, ok := a.reported(q, key)
	value, known = f.Value.(bool)
	return value, ok && known
}

func (a *answers) text(q mdm.QueryKey, key fact.Key) string {
	f, _ := a.reported(q, key)
	s, _ := f.Value.(string)
	return s
}

func (a *answers) reported(q mdm.QueryKey, key fact.Key) (fact.Fact, bool) {
	return factOf(a.of(q).reply.Facts, key)
}

// pastText is what DeviceInformation said before the device left or enrolled anew.
func (a *answers) pastText(key fact.Key) string {
	f, _ := factOf(a.past, key)
	s, _ := f.Value.(string)
	return s
}

func factOf(facts []fact.Fact, key fact.Key) (fact.Fact, bool) {
	for _, f := range facts {
		if f.Key == key {
			return f, true
		}
	}
	return fact.Fact{}, false
}

func sourceOf(o Observation) fact.Source {
	query := string(o.Evidence.Query)
	return fact.Source{
		Said:      saidIn(o.Evidence),
		Evidence:  o.Evidence.ID,
		Query:     query,
		SHA256:    hex.EncodeToString(o.Evidence.SHA256[:]),
		Collected: o.Last.UTC(),
		User:      o.Evidence.Enrollment.UserChannel(),
	}
}

func (j *judging) subject(set *fact.Set) checks.Subject {
	s := checks.Subject{
		ID:             j.id,
		Platform:       j.platform.name,
		OS:             j.platform.os,
		Model:          j.platform.product,
		Serial:         j.answers.text(deviceInformation, "DeviceInformation.SerialNumber"),
		Supervised:     ternary(set.Get("device.supervised")),
		EnrollmentType: string(j.answers.enrollment),
		Build:          cmp.Or(j.answers.text(deviceInformation, "DeviceInformation.BuildVersion"), j.answers.checkIn.BuildVersion),
		Profiles:       j.installed,
		Asset:          j.asset,
	}
	if s.Group != "" {
		s.Groups = []string{s.Group}
	}
	s.Serial = cmp.Or(s.Serial, j.answers.checkIn.SerialNumber, j.answers.pastText("DeviceInformation.SerialNumber"))
	if shared := set.Get("device.shared_ipad"); shared.Value == true {
		s.EnrollmentType = string(mdm.SharedIPad)
	}
	return s
}

func ternary(f fact.Fact) checks.Ternary {
	switch f.Value {
	case true:
		return checks.Yes
	case false:
		return checks.No
	}
	return checks.NotKnown
}

// saidIn is what an Error report says for itself, by code: its top error.
func saidIn(e mdm.Evidence) string {
	if e.Class != mdm.Report || e.Status != mdm.Error {
		return ""
	}
	reply, err := mdm.Decode(e)
	if err != nil || len(reply.ErrorChain) == 0 {
		return ""
	}
	top := reply.ErrorChain[0]
	return fmt.Sprintf("%s %d", top.ErrorDomain, top.ErrorCode)
}
