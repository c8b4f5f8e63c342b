package lost

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

// stale is how old an answer may be to stand for a moment: as long as a verdict
// is good for when its requirement does not say.
const stale = 48 * time.Hour

// A State is how well something was known at the loss.
type State string

// The states.
const (
	Known         State = "known"
	Old           State = "old" // answered, and more than 48 h before the loss
	Unknown       State = "unknown"
	NotApplicable State = "notapplicable" // the platform has no such thing
)

// A Source is how well something was known, since when, and from which bytes.
type Source struct {
	State      State         `json:"state"`
	Reason     checks.Reason `json:"reason"`      // of what is old or unknown
	ReasonText string        `json:"reason_text"` // the same in a sentence
	Answered   Moment        `json:"answered"`    // when what it rests on was last received; null: never
	OrLater    bool          `json:"or_later"`    // it came then or later, up to the loss
	Evidence   string        `json:"evidence"`    // SHA-256 of the kept bytes; empty: none
}

// A Fact is one thing that a device said of itself.
type Fact struct {
	Name  string `json:"name"`
	Key   string `json:"key"`   // in the vocabulary of 'wardround baseline facts'
	Value string `json:"value"` // in words; empty if it was never answered
	Source
}

// A wanted fact is one that the page tells.
type wanted struct {
	name  string
	key   fact.Key
	query mdm.QueryKey // whose answer tells it
	words func(w *writer, f fact.Fact) string
	aside bool // only told where it is known
}

const restrictions = "com.apple.applicationaccess"

func wantedFacts() []wanted {
	info, security, limits := mdm.QueryKey(mdm.DeviceInformation), mdm.QueryKey(mdm.SecurityInfo), mdm.QueryKey(mdm.Restrictions)
	return []wanted{
		{"Supervised", "device.supervised", info, plain, false},
		{"Passcode set", "SecurityInfo.PasscodePresent", security, plain, false},
		{"Passcode meets all rules", "SecurityInfo.PasscodeCompliant", security, plain, false},
		{"Passcode meets the profiles' rules", "SecurityInfo.PasscodeCompliantWithProfiles", security, plain, false},
		{"Encryption in hardware", "SecurityInfo.HardwareEncryptionCaps", security, encryption, false},
		{"FileVault", "SecurityInfo.FDE_Enabled", security, plain, true},
		{"iCloud Backup on", "DeviceInformation.IsCloudBackupEnabled", info, plain, false},
		{"Last iCloud Backup", "DeviceInformation.LastCloudBackupDate", info, plain, false},
		{"iCloud Backup allowed", fact.SettingKey(restrictions, "allowCloudBackup"), limits, plain, false},
		{"FaceTime allowed", fact.SettingKey(restrictions, "allowVideoConferencing"), limits, plain, false},
		{"FaceTime app hidden", "device.facetime_app_hidden", limits, plain, false},
		{"Find My on (signed in to iCloud)", "DeviceInformation.IsDeviceLocatorServiceEnabled", info, plain, false},
		{"Signed in to the App Store", "DeviceInformation.iTunesStoreAccountIsActive", info, plain, false},
		{"Activation Lock", "DeviceInformation.IsActivationLockEnabled", info, plain, true},
	}
}

// plain writes a value in words, and what imposes it.
func plain(w *writer, f fact.Fact) string {
	value := ""
	switch v := f.Value.(type) {
	case bool:
		value = map[bool]string{true: "yes", false: "no"}[v]
	case time.Time:
		value = w.moment(v).String()
	default:
		value = shown(fmt.Sprint(v))
	}
	if len(f.ImposedBy) > 0 {
		value += ", by profile " + shown(strings.Join(f.ImposedBy, ", "))
	}
	return value
}

// encryption names the bits of HardwareEncryptionCaps (Apple, SecurityInfo).
func encryption(w *writer, f fact.Fact) string {
	caps, _ := f.Value.(int64)
	switch caps {
	case 0:
		return "none"
	case 1:
		return "of blocks"
	case 2:
		return "of files"
	case 3:
		return "of blocks and of files"
	}
	return plain(w, f)
}

// factsOf tells the wanted facts as of a time.
func (w *writer) factsOf(o judge.Outcome, at time.Time) []Fact {
	facts := []Fact{}
	for _, want := range wantedFacts() {
		f := o.Facts.Get(want.key)
		if want.aside && !f.Known() {
			continue
		}
		told := Fact{Name: want.name, Key: string(want.key), Source: w.source(f, want.query, at)}
		switch {
		case f.Known():
			told.Value = want.words(w, f)
		case want.key == "DeviceInformation.LastCloudBackupDate" && neverBacked(o.Facts):
			told.Value = "none, by its answer"
			told.Source = w.source(o.Facts.Get("device.cloud_backup_dated"), want.query, at)
		}
		facts = append(facts, told)
	}
	return facts
}

// neverBacked reports whether an answer told of the switch of iCloud Backup and
// of no date: then there was none.
func neverBacked(facts *fact.Set) bool {
	return facts.Get("device.cloud_backup_dated").Value == false
}

// source says how well a fact was known at a time. Of one that was not, the
// last answer to its query is when it was last known, if it told.
func (w *writer) source(f fact.Fact, query mdm.QueryKey, at time.Time) Source {
	s := Source{State: Known}
	if len(f.Sources) > 0 {
		from := f.Sources[0]
		s.Answered, s.Evidence, s.OrLater = w.moment(from.Collected), from.SHA256, w.orLater(from, at)
	}
	switch {
	case f.Absent == fact.NotApplicable:
		s.State, s.Reason = NotApplicable, checks.Reason(f.Absent)
	case !f.Known():
		s.State, s.Reason = Unknown, checks.Reason(f.Absent)
		s.Answered, s.OrLater, s.Evidence = w.lastKnown(f.Key, query, at), false, ""
	case at.Sub(s.Answered.Time) > stale:
		s.State, s.Reason = Old, checks.ReasonStale
		s.ReasonText = fmt.Sprintf("It was answered %s before the loss; what came in between is not known.", span(at.Sub(s.Answered.Time)))
	}
	s.ReasonText = cmp.Or(s.ReasonText, sentence(s.Reason))
	return s
}

func sentence(r checks.Reason) string {
	if r == "" {
		return ""
	}
	return checks.Explain(r).Sentence
}

// orLater reports whether the run that a source is of went on past the loss, so
// that it last came before it at a time which is not known.
func (w *writer) orLater(from fact.Source, at time.Time) bool {
	if !at.Equal(w.Lost) {
		return false
	}
	for _, r := range w.Timeline.before {
		if r.Evidence.ID == from.Evidence && hexOf(r.Evidence.SHA256) == from.SHA256 {
			_, exact := lastBefore(r, w.Lost)
			return !exact
		}
	}
	return false
}

// lastKnown is when a fact that was not known at a time last was: when the
// newest answer that told it came. An answer that a refusal stands in the way
// of, or a new enrollment, told it once all the same.
func (w *writer) lastKnown(key fact.Key, query mdm.QueryKey, at time.Time) Moment {
	runs := w.Timeline.before
	if at.After(w.Lost) {
		runs = w.Timeline.latest
	}
	var last time.Time
	for s, r := range runs {
		if s.query != query || s.class != mdm.Report || s.status != mdm.Acknowledged || r.Evidence.Enrollment.UserChannel() {
			continue
		}
		r.Last, _ = lastBefore(r, at)
		alone := judge.Judge(judge.Device{ID: w.Device.ID, Observations: judged(w.withPlatform(runs, r, at))}, w.Catalog, nil, at)
		if (key == "" || alone.Facts.Get(key).Known()) && r.Last.After(last) {
			last = r.Last
		}
	}
	return w.moment(last)
}

// withPlatform is a run beside what tells the platform, without which nothing
// follows from a list of restrictions.
func (w *writer) withPlatform(runs map[slot]Run, r Run, at time.Time) []Run {
	list := []Run{r}
	for s, other := range runs {
		if s.query == mdm.QueryKey(mdm.DeviceInformation) && s.status == mdm.Acknowledged && s.class == mdm.Report && other.Evidence.ID != r.Evidence.ID {
			other.Last, _ = lastBefore(other, at)
			list = append(list, other)
		}
	}
	return list
}
