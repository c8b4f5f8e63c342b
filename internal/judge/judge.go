package judge

import (
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// An Observation is one kept answer and when it was first and last received.
type Observation struct {
	Evidence    mdm.Evidence
	Since, Last time.Time
}

// A Question is a query the device was asked and has not answered, save by
// NotNow perhaps.
type Question struct {
	Query  mdm.QueryKey
	NotNow bool
}

// A Device is all that is known of one device: the answers of its device
// channel and of its users' channels, and what it still owes.
type Device struct {
	ID           string
	Asset        checks.Asset // of the inventory; zero: it does not list the device
	Observations []Observation
	Unanswered   []Question
	Server       []checks.Expiry // what the MDM server needs to reach any device

	// Statements are what people have said. Those for others do no harm, but
	// have the device judged anew when they change: see Statements.For.
	Statements checks.Statements
}

// A Catalog finds our copy of an installed profile. The problems tell why a
// copy that looked right was not taken.
type Catalog interface {
	Match(installed profiles.Installed) (*profiles.Profile, []profiles.Problem)
}

// An Outcome is a judged device with the facts its verdicts rest on.
type Outcome struct {
	Result checks.DeviceResult
	Facts  *fact.Set
}

// Judge judges one device against the baselines, as of now. A nil catalog
// holds no profile.
func Judge(d Device, catalog Catalog, baselines []*checks.Baseline, now time.Time) Outcome {
	j := newJudging(d, catalog, now)
	j.declares = checks.DeclaredSettings(baselines...)
	facts := j.facts()
	result := checks.DeviceResult{
		Subject:  j.subject(facts),
		Asked:    j.answers.asked,
		Answered: j.answers.answered,
		Status:   make(map[string]checks.Status, len(baselines)),
		Problems: j.problems,
		Expiring: j.expiring,

		RejudgeAt: j.rejudgeAt,
	}
	for _, b := range baselines {
		if !b.IsFor(result.Subject) {
			continue
		}
		verdicts := b.EvaluateWith(result.Subject, facts, d.Statements, now)
		result.Status[b.ID] = checks.StatusOf(verdicts)
		result.Verdicts = append(result.Verdicts, verdicts...)
	}
	return Outcome{Result: result, Facts: facts}
}

// A judging is one device while its facts are being gathered.
type judging struct {
	id       string
	asset    checks.Asset
	server   []checks.Expiry
	answers  answers
	catalog  Catalog
	platform platform
	declares []fact.Setting // the baselines' own
	now      time.Time
	problems []checks.Problem
	expiring []checks.Expiry

	installed string    // sum of the installed profiles; empty: not known
	rejudgeAt time.Time // the facts change then by themselves; zero: never
}

// changesAt notes that the facts may change at a time that is still to come.
func (j *judging) changesAt(t time.Time) {
	if !t.Before(j.now) && (j.rejudgeAt.IsZero() || t.Before(j.rejudgeAt)) {
		j.rejudgeAt = t
	}
}

func newJudging(d Device, catalog Catalog, now time.Time) *judging {
	j := &judging{id: d.ID, asset: d.Asset, server: d.Server, catalog: catalog, answers: readAnswers(d, now), now: now}
	j.platform = j.answers.platform()
	if n := j.answers.fromFuture; n > 0 {
		j.problems = append(j.problems, checks.Problem{
			Path: d.ID, Code: "time-in-future", Message: fmt.Sprintf("%d messages are dated after the time of judging and do not count", n),
		})
	}
	return j
}

// usualFacts is about how many facts a device has; most are settings.
const usualFacts = 344

func (j *judging) facts() *fact.Set {
	set := new(fact.Set)
	set.Grow(usualFacts + len(j.declares))
	j.putDeviceInformation(set)
	j.putSecurityInfo(set)
	j.putDevice(set)
	installed := j.installedProfiles()
	j.installed = installed.sum()
	j.putProfiles(set, installed)
	j.putSettings(set, installed)
	j.putFromSettings(set, installed)
	j.putApps(set)
	j.putAppSettings(set)
	j.putZoom(set, installed)
	j.putInventory(set)
	j.putCertificates(set)
	j.expiring = j.putCredentials(set, installed)
	return set
}
