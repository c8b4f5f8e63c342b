package report

import (
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
)

// Schema names the format that WriteJSON writes and ReadJSON reads. This
// version of it only ever gains keys.
const Schema = "wardround.report/v1"

// A Document is a whole report, in the order of its JSON. Lists and maps are
// never nil in one that Build or ReadJSON returned. Times are RFC 3339 in UTC
// with whole seconds; empty means that there is none.
type Document struct {
	Schema    string           `json:"schema"`
	AsOf      string           `json:"as_of"` // the time the verdicts are read at
	Tool      Tool             `json:"tool"`
	Baselines []Baseline       `json:"baselines"`
	Devices   []Device         `json:"devices"`
	Problems  []checks.Problem `json:"problems"`
}

// A Tool is the program that judged.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// A Baseline is how the fleet stands against one baseline. Organisation are
// the rows that are judged once and not for each device.
type Baseline struct {
	ID           string    `json:"id"`
	Version      string    `json:"version"`
	Title        string    `json:"title"`
	Digest       string    `json:"digest"`
	Headline     Headline  `json:"headline"`
	Organisation []Verdict `json:"organisation"`
}

// A Headline counts devices, as checks.Headline does.
type Headline struct {
	Expected     int `json:"expected"`
	Enrolled     int `json:"enrolled"`
	Asked        int `json:"asked"`
	Answered     int `json:"answered"`
	Judged       int `json:"judged"`
	Met          int `json:"met"`
	NotMet       int `json:"not_met"`
	Undetermined int `json:"undetermined"`
}

// A Device is one device with its status by baseline id and its verdicts in
// the order of their baselines' requirements.
type Device struct {
	ID             string                   `json:"id"`
	Serial         string                   `json:"serial"` // empty in a User Enrollment
	Platform       checks.Platform          `json:"platform"`
	OS             string                   `json:"os"`
	Model          string                   `json:"model"` // ProductName, such as iPad14,1
	Supervised     checks.Ternary           `json:"supervised"`
	EnrollmentType string                   `json:"enrollment_type"`
	AssetTag       string                   `json:"asset_tag"` // this and the next four are the inventory's word
	Site           string                   `json:"site"`
	Ward           string                   `json:"ward"`
	OwnerRole      string                   `json:"owner_role"`
	Groups         []string                 `json:"groups"`
	Status         map[string]checks.Status `json:"status"`
	Verdicts       []Verdict                `json:"verdicts"`
}

// A Verdict is one requirement's outcome, as checks.Verdict has it.
type Verdict struct {
	Baseline    string           `json:"baseline"`
	Requirement string           `json:"requirement"`
	Result      checks.Result    `json:"result"`
	Reason      checks.Reason    `json:"reason"`
	Assurance   checks.Assurance `json:"assurance"`
	Level       checks.Level     `json:"level"`
	Severity    checks.Severity  `json:"severity"`
	Expected    string           `json:"expected"`
	Observed    string           `json:"observed"`
	Message     string           `json:"message"`
	NextStep    string           `json:"next_step"`
	FreshUntil  string           `json:"fresh_until"`
	Evidence    []Evidence       `json:"evidence"`

	Group       string    `json:"group,omitempty"`      // of the organisation's rows: attested for this group; empty: for all
	Waiver      Statement `json:"waiver,omitzero"`      // the exception that was accepted
	Attestation Statement `json:"attestation,omitzero"` // what a person stated of it
}

// Evidence points to the kept bytes that a verdict rests on. Query is the
// RequestType, or the MessageType of a check-in.
type Evidence struct {
	Query       string `json:"query"`
	SHA256      string `json:"sha256"`
	CollectedAt string `json:"collected_at"`
}

// NewDevice puts a device's results into the words of a Document.
func NewDevice(r checks.DeviceResult) Device { return newDevice(r, nil) }

func newDevice(r checks.DeviceResult, in *room) Device {
	s := r.Subject
	d := Device{
		ID:             text(s.ID),
		Serial:         text(s.Serial),
		Platform:       s.Platform,
		OS:             text(s.OS),
		Model:          text(s.Model),
		Supervised:     s.Supervised,
		EnrollmentType: text(s.EnrollmentType),
		AssetTag:       text(s.AssetTag),
		Site:           text(s.Site),
		Ward:           text(s.Ward),
		OwnerRole:      text(s.OwnerRole),
		Groups:         collect(s.Groups, text),
		Status:         make(map[string]checks.Status, len(r.Status)),
		Verdicts:       newVerdicts(r.Verdicts, in),
	}
	for id, status := range r.Status {
		d.Status[text(id)] = status
	}
	d.fill()
	return d
}

// fill puts "unknown" and empty lists where nothing was said.
func (d *Device) fill() {
	if d.Platform == "" {
		d.Platform = checks.UnknownPlatform
	}
	if d.Supervised == "" {
		d.Supervised = checks.NotKnown
	}
	if d.Status == nil {
		d.Status = map[string]checks.Status{}
	}
	if d.Groups == nil {
		d.Groups = []string{}
	}
	fillVerdicts(&d.Verdicts)
}

func fillVerdicts(verdicts *[]Verdict) {
	if *verdicts == nil {
		*verdicts = []Verdict{}
	}
	for i := range *verdicts {
		if v := &(*verdicts)[i]; v.Evidence == nil {
			v.Evidence = []Evidence{}
		}
	}
}

func newBaseline(r checks.BaselineResult) Baseline {
	return Baseline{
		ID:           text(r.ID),
		Version:      text(r.Version),
		Title:        text(r.Title),
		Digest:       text(r.Digest),
		Headline:     Headline(r.Headline),
		Organisation: newVerdicts(r.Organisation, nil),
	}
}

// A room is memory for the verdicts of one device. Who is done with a device
// when the next one comes puts that into the same room.
type room struct {
	verdicts []Verdict
	evidence []Evidence
}

// empty returns the room's memory, or other if it is too small or there is none.
func (r *room) empty(verdicts, evidence int) ([]Verdict, []Evidence) {
	if r == nil {
		return make([]Verdict, 0, verdicts), make([]Evidence, 0, evidence)
	}
	if cap(r.verdicts) < verdicts || cap(r.evidence) < evidence {
		r.verdicts, r.evidence = make([]Verdict, 0, 2*verdicts), make([]Evidence, 0, 2*evidence)
	}
	return r.verdicts[:0], r.evidence[:0]
}

// newVerdicts puts verdicts into words. Most of a device's times are the same
// few, and most of the work is in them.
func newVerdicts(list []checks.Verdict, in *room) []Verdict {
	n := 0
	for i := range list {
		n += len(list[i].Evidence)
	}
	all, refs := in.empty(len(list), n)
	var times clock
	for i := range list {
		v := &list[i]
		from := len(refs)
		for _, e := range v.Evidence {
			refs = append(refs, Evidence{Query: text(e.Query), SHA256: e.SHA256, CollectedAt: times.stamp(e.Collected)})
		}
		all = append(all, Verdict{
			Baseline:    text(v.Baseline),
			Requirement: text(v.Requirement),
			Result:      v.Result,
			Reason:      v.Reason,
			Assurance:   v.Assurance,
			Level:       v.Level,
			Severity:    v.Severity,
			Expected:    text(v.Expected),
			Observed:    text(v.Observed),
			Message:     text(v.Message),
			NextStep:    text(v.NextStep),
			FreshUntil:  times.stamp(v.FreshUntil),
			Evidence:    refs[from:len(refs):len(refs)],
			Group:       text(v.Group),
			Waiver:      newStatement(v.Waiver, &times),
			Attestation: newStatement(v.Attestation, &times),
		})
	}
	return all
}

// A clock remembers the last few times that it wrote.
type clock struct {
	times  [8]time.Time
	stamps [8]string
	next   int
}

func (c *clock) stamp(t time.Time) string {
	for i, known := range c.times {
		if known.Equal(t) && c.stamps[i] != "" {
			return c.stamps[i]
		}
	}
	s := stamp(t)
	c.times[c.next], c.stamps[c.next] = t, s
	c.next = (c.next + 1) % len(c.times)
	return s
}

func newProblem(p checks.Problem) checks.Problem {
	return checks.Problem{Path: text(p.Path), Code: text(p.Code), Message: text(p.Message)}
}

// collect maps a list to one that is never nil.
func collect[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

// text is s as JSON keeps it: what is not UTF-8 is replaced here, because the
// encoder would write such a byte in another way than the replacement that is
// read back from it.
func text(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// stamp writes a time; the zero one, and one that RFC 3339 has no year for,
// are empty.
func stamp(t time.Time) string {
	t = t.UTC()
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339)
}
