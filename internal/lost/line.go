package lost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How things are put into a line, in text and on the page alike.

// Line is where the device was seen, in words.
func (s *Sighting) Line(lost Moment) string {
	if s == nil {
		return "none that is kept"
	}
	side := "before"
	if s.At.After(lost.Time) {
		side = "after"
	}
	bound := map[string]string{thenOrLater: ", or later", thenOrEarlier: ", or earlier"}[s.Bound]
	return fmt.Sprintf("%s, %s %s the loss%s: %s", s.At, span(time.Duration(s.Apart)*time.Second), side, bound, s.What)
}

// Line is a silence in words.
func (s Silence) Line() string {
	end := s.To.String()
	if s.Open {
		end = "now"
	}
	return fmt.Sprintf("%s: %s to %s", span(time.Duration(s.Length)*time.Second), s.From, end)
}

// Line is a check-in in words.
func (e Event) Line() string { return e.At.String() + ": " + e.What }

// Line is a command in words.
func (c Command) Line() string {
	what := fmt.Sprintf("%s (%s)", words(c.deed()), c.Name)
	if c.Name == "" {
		what = "not named, CommandUUID " + c.CommandUUID
	}
	when := c.Last.String()
	if c.Count > 1 {
		when = fmt.Sprintf("%d times from %s to %s", c.Count, c.First, c.Last)
	}
	side := "before the loss"
	if c.After {
		side = "after the loss"
	}
	return fmt.Sprintf("%s: %s %s, %s", what, c.Outcome, when, side)
}

// Seen is when the answer came, for the fact's column.
func (s Source) Seen() string {
	if s.Answered.IsZero() {
		return ""
	}
	if s.OrLater {
		return s.Answered.String() + " or later"
	}
	return s.Answered.String()
}

// Shown is the value with how well it is known.
func (f Fact) Shown() string {
	switch f.State {
	case Unknown:
		return "not known: " + string(f.Reason)
	case NotApplicable:
		return "does not apply"
	case Old:
		return f.Value + " (old)"
	case Known:
	}
	return f.Value
}

// Name is what a network is called.
func (n Network) Name() string {
	return cmp.Or(n.SSID, "(a network of "+n.Profile+")")
}

// Line is a certificate in words.
func (c Certificate) Line() string {
	end := cmp.Or(c.NotAfter.String(), "a time that cannot be read")
	if c.Ended {
		end += ", over at the loss"
	}
	return fmt.Sprintf("issuer %s, serial number %s, valid until %s", cmp.Or(c.Issuer, "not named (it issued itself, or nothing tells)"), cmp.Or(c.Serial, "not known"), end)
}

// Line is an app in words.
func (a App) Line() string {
	text := map[AppState]string{
		Managed: "managed", Installed: "installed", Removed: "managed once, not installed",
		NotListed: "in no answer", NoAnswer: "no answer",
	}[a.State]
	if a.Status != "" && a.Status != "Managed" {
		text += " (" + a.Status + ")"
	}
	if a.Version != "" {
		text += ", version " + a.Version
	}
	return a.Identifier + ": " + text
}

// Line is a later answer in words.
func (l LaterAnswer) Line() string {
	if l.Evidence == "" {
		return l.Name + ": " + l.Value + "."
	}
	return fmt.Sprintf("%s: %s; at the loss %s. Answered %s.", l.Name, l.Value, cmp.Or(l.Then, "not known"), l.Answered)
}

// kind is the model by its name and its number.
func (d Identity) kind() string {
	if d.ModelName == "" || d.ModelName == d.Model {
		return d.Model
	}
	return fmt.Sprintf("%s (%s)", d.ModelName, d.Model)
}

// A Gap is what is not known for one reason.
type Gap struct {
	Whats     []string
	Reason    string
	LastKnown string
	Text      string
}

// Gaps are what is not known, by reason.
func (p *Page) Gaps() []Gap {
	var gaps []Gap
	for _, o := range p.Unknown {
		last := cmp.Or(o.LastKnown.String(), "never")
		i := slices.IndexFunc(gaps, func(g Gap) bool { return g.Reason == string(o.Reason) && g.LastKnown == last && g.Text == o.Text })
		if i < 0 {
			i, gaps = len(gaps), append(gaps, Gap{Reason: string(o.Reason), LastKnown: last, Text: o.Text})
		}
		gaps[i].Whats = append(gaps[i].Whats, o.What)
	}
	return gaps
}

// Line is a gap in words.
func (g Gap) Line() string {
	return fmt.Sprintf("%s: %s. %s Last known: %s.", strings.Join(g.Whats, "; "), g.Reason, g.Text, g.LastKnown)
}

// Changed are the later answers that differ from what was known at the loss.
func (p *Page) Changed() []LaterAnswer {
	return slices.DeleteFunc(slices.Clone(p.Later), func(l LaterAnswer) bool { return !l.Changed })
}

// Unchanged tells the later answers that do not, in one sentence; empty if
// there is none.
func (p *Page) Unchanged() string {
	var names []string
	var last Moment
	for _, l := range p.Later {
		if l.Changed {
			continue
		}
		names = append(names, l.Name)
		if l.Answered.After(last.Time) {
			last = l.Answered
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("Unchanged when last answered, up to %s: %s.", last, strings.Join(names, "; "))
}

// Rows are the device in pairs of name and value, without those that are not
// known.
func (d Identity) Rows() [][2]string {
	listed := ""
	if !d.Listed {
		listed = "not listed"
	}
	rows := [][2]string{
		{"Asset tag", d.AssetTag},
		{"Serial number", d.Serial},
		{"Enrollment id", d.ID},
		{"Site, as listed now", d.Site},
		{"Ward, as listed now", d.Ward},
		{"Owner's role, as listed now", d.OwnerRole},
		{"Group, as listed now", d.Group},
		{"Inventory", listed},
		{"Model", d.kind()},
		{"Runs", strings.TrimSpace(d.Platform + " " + d.OS)},
		{"Enrollment", d.EnrollmentType},
		{"Enrolled", d.Enrolled.String()},
	}
	kept := rows[:0]
	for _, r := range rows {
		if r[1] != "" {
			kept = append(kept, r)
		}
	}
	return kept
}

// Gap is LongestGap in words, empty if it is less than an hour.
func (c Contact) Gap() string {
	if gap := time.Duration(c.LongestGap) * time.Second; gap >= time.Hour {
		return span(gap)
	}
	return ""
}

// Title is what people call the device.
func (d Identity) Title() string {
	name := cmp.Or(d.AssetTag, d.Serial, d.ID)
	if d.Model != "" {
		name += ", " + d.kind()
	}
	if d.Ward != "" {
		name += ", ward " + d.Ward
	}
	return name
}
