package lost

import (
	"fmt"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

// Schema names the JSON form of a Page. A version only ever gains keys.
const Schema = "wardround.lost/v1"

// Footer stands under every page.
const Footer = "Device settings and messages as they were kept, no legal opinion. Use of FaceTime and of apps is not observable."

// A Page is all that is said of one lost device. Text in it that came from a
// device has been made harmless to print. Lists are never null.
type Page struct {
	Schema   string `json:"schema"`
	Tool     string `json:"tool"`
	Written  Moment `json:"written"`
	Lost     Moment `json:"lost"`
	TimeZone string `json:"time_zone"`

	Notes        []string      `json:"notes"` // what to know before reading on
	Device       Identity      `json:"device"`
	Contact      Contact       `json:"contact"`
	Commands     Commands      `json:"commands"`
	Facts        []Fact        `json:"facts"` // as of the loss
	Networks     Networks      `json:"networks"`
	Certificates Certificates  `json:"certificates"`
	Apps         Apps          `json:"apps"`
	Later        []LaterAnswer `json:"later"`   // what was answered after the loss
	Unknown      []Open        `json:"unknown"` // what is not known, or too old to stand for the loss
	Questions    []Question    `json:"questions"`
	Footer       string        `json:"footer"`
}

// An Identity is which device it is. What is not known is empty.
type Identity struct {
	ID             string         `json:"id"`
	Serial         string         `json:"serial"`
	AssetTag       string         `json:"asset_tag"`
	Site           string         `json:"site"`
	Ward           string         `json:"ward"`
	OwnerRole      string         `json:"owner_role"`
	Group          string         `json:"group"`
	Listed         bool           `json:"listed"` // in the inventory
	EnrollmentType string         `json:"enrollment_type"`
	Enrolled       Moment         `json:"enrolled"` // by the loss; null: not, or it enrolled anew since
	Enabled        bool           `json:"enabled"`  // its enrollment stands
	Platform       string         `json:"platform"`
	OS             string         `json:"os"`
	Model          string         `json:"model"`      // as iPad14,1
	ModelName      string         `json:"model_name"` // as iPad mini
	Supervised     checks.Ternary `json:"supervised"`
}

// A Subject is the device that a page is about, as a store knows it. A device
// that never enrolled has no ID.
type Subject struct {
	ID, Serial string
	Listed     bool // the inventory has it
	checks.Asset
	Channels  []Channel
	Owed      []Owed
	Namesakes []string // ids of other enrollments with its serial number
}

// A Channel is an enrollment of the device: its own, or a user's.
type Channel struct {
	mdm.Enrollment
	LastSeen   time.Time
	EnrolledAt time.Time // zero: it is not, or that is not known
	Enabled    bool
}

// A Owed is what a device was asked and has not answered.
type Owed struct {
	judge.Question
	AskedAt time.Time
}

// An Input is what a Page is made from. All but Catalog and Notes is required.
type Input struct {
	Tool      string
	Now, Lost time.Time
	Zone      *time.Location
	Device    Subject
	Timeline  *Timeline     // around Lost, with its bodies
	Catalog   judge.Catalog // nil: no profile content is known
	Apps      []string      // bundle ids of the clinical apps
	Notes     []string      // what the caller has to say first
}

// A writer of a page gathers its parts.
type writer struct {
	Input
	atLoss, now judge.Outcome
	page        *Page
}

// Build makes the page.
func Build(in Input) *Page {
	w := &writer{Input: in, page: &Page{
		Schema: Schema, Tool: shown(in.Tool), TimeZone: zoneName(in), Footer: Footer,
		Notes: []string{}, Later: []LaterAnswer{}, Unknown: []Open{},
	}}
	w.page.Written, w.page.Lost = w.moment(in.Now), w.moment(in.Lost)
	before, latest := in.Timeline.atLoss(), in.Timeline.now()
	w.atLoss = judge.Judge(w.judging(before, in.Lost), in.Catalog, nil, in.Lost)
	w.now = judge.Judge(w.judging(latest, in.Now), in.Catalog, nil, in.Now)
	w.identity()
	w.contacts()
	w.commands()
	w.page.Facts = w.factsOf(w.atLoss, in.Lost)
	w.networks()
	w.certificates()
	w.apps(before)
	w.later()
	w.unknown()
	w.questions()
	w.notes()
	return w.page
}

// zoneName names the zone. That of the machine has no name but its abbreviation.
func zoneName(in Input) string {
	if in.Zone != time.Local {
		return in.Zone.String()
	}
	name, _ := in.Lost.In(in.Zone).Zone()
	return "the zone of this machine, " + name
}

func (w *writer) moment(t time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	return Moment{t.In(w.Zone)}
}

// judging is the device as it was known at a time.
func (w *writer) judging(runs []Run, at time.Time) judge.Device {
	d := judge.Device{ID: w.Device.ID, Asset: w.Device.Asset, Observations: judged(runs)}
	for _, q := range w.Device.Owed {
		if !q.AskedAt.After(at) {
			d.Unanswered = append(d.Unanswered, q.Question)
		}
	}
	return d
}

// identity takes what the device is from what it had said by the loss, and what
// it never said by then from what it said since.
func (w *writer) identity() {
	then, since := w.atLoss.Result.Subject, w.now.Result.Subject
	d := w.Device
	id := Identity{
		ID: d.ID, Serial: shown(d.Serial), Listed: d.Listed,
		AssetTag: shown(d.AssetTag), Site: shown(d.Site), Ward: shown(d.Ward), OwnerRole: shown(d.OwnerRole), Group: shown(d.Group),
		EnrollmentType: then.EnrollmentType, Platform: string(then.Platform), OS: shown(then.OS), Model: shown(then.Model), Supervised: then.Supervised,
	}
	facts := w.atLoss.Facts
	if then.Platform == checks.UnknownPlatform {
		facts = w.now.Facts
		id.Platform, id.OS, id.Model = string(since.Platform), shown(since.OS), shown(since.Model)
	}
	name, _ := facts.Get("DeviceInformation.ModelName").Value.(string)
	id.ModelName = shown(name)
	if id.Platform == string(checks.UnknownPlatform) {
		id.Platform = ""
	}
	for _, c := range d.Channels {
		if !c.UserChannel() {
			id.Enabled = c.Enabled
			if c.EnrolledAt.After(w.Lost) {
				w.enrolledLater(w.moment(c.EnrolledAt))
			} else {
				id.Enrolled = w.moment(c.EnrolledAt)
			}
			if id.EnrollmentType == "" {
				id.EnrollmentType = string(c.Type)
			}
		}
	}
	w.page.Device = id
}

// notes says what a reader has to know before all else.
func (w *writer) notes() {
	say := func(format string, args ...any) { w.page.Notes = append(w.page.Notes, fmt.Sprintf(format, args...)) }
	contact := w.Timeline.contact
	if w.Lost.After(w.Now) {
		say("The time of the loss is still to come: %s. All that is known stands as before it.", w.page.Lost)
	}
	switch first := contact.first; {
	case w.Device.ID == "":
		say("The inventory lists this device and it never enrolled here. Nothing it sent is kept.")
	case first.IsZero():
		say("Nothing that this device sent is kept.")
	case first.After(w.Lost):
		say("The first message that is kept came %s after the loss. Nothing is known of the time before it: what was answered later stands under 'Answered after the loss' and is not put back to the loss.",
			span(first.Sub(w.Lost)))
	case contact.before.exact && !contact.unsure && w.Lost.Sub(contact.before.at) > stale:
		say("The device had been silent for %s when it was lost. What it had said before may have changed in between.", span(w.Lost.Sub(contact.before.at)))
	}
	switch {
	case w.page.Device.ID != "" && !w.page.Device.Enabled:
		say("The enrollment is no longer in force: the device has left, or is enrolling anew.")
	case w.page.Device.EnrollmentType == string(mdm.UserEnrollmentDevice):
		say("This is a person's own device, in a User Enrollment: it tells no serial number, and most of what this page is about may not be asked.")
	case w.page.Device.Supervised == checks.No:
		say("The device is not supervised: Managed Lost Mode cannot be used on it, and several restrictions do not exist there.")
	}
	if w.Device.ID != "" && !w.Device.Listed {
		say("The inventory does not list this device: asset tag, ward and role are not known.")
	}
	if len(w.Device.Namesakes) > 0 {
		say("Its serial number is also that of %s, whose messages are not on this page: name the id to see them.", shown(strings.Join(w.Device.Namesakes, ", ")))
	}
	if n := len(w.Timeline.bodiless); n > 0 {
		say("%d of the answers that this page needs came and are no longer kept: what they said is missing here.", n)
	}
	if n := w.Timeline.left; n > 0 {
		say("%d older check-ins and answers to other servers' commands are left out.", n)
	}
	w.page.Notes = append(append([]string{}, w.Notes...), w.page.Notes...)
}
