package lost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/mdm"
)

// Commands are what the device answered to commands that others sent. wardround
// sends none that changes a device.
type Commands struct {
	Named   []Command `json:"named"`
	Unnamed []Command `json:"unnamed"` // answers of which nothing tells the command

	// Summary says in a sentence what is known of locking, Lost Mode and
	// erasing.
	Summary string `json:"summary"`
}

// A Command is a run of equal answers to a command of another server.
type Command struct {
	Does        string     `json:"does"`    // lock, lost-mode-on, ...; empty if nothing tells
	Name        string     `json:"name"`    // the command's, as Apple spells it
	Outcome     string     `json:"outcome"` // acknowledged, put off, refused
	Status      mdm.Status `json:"status"`
	First       Moment     `json:"first"`
	Last        Moment     `json:"last"`
	Count       int64      `json:"count"`
	After       bool       `json:"after_loss"`   // the last of them came after the loss
	CommandUUID string     `json:"command_uuid"` // of the first, to look it up in that server's log
	Evidence    string     `json:"evidence"`     // SHA-256 of the kept bytes
}

// words tells what a deed is.
func words(d mdm.Deed) string {
	switch d {
	case mdm.Locked:
		return "lock"
	case mdm.LostModeOn:
		return "Lost Mode on"
	case mdm.LostModeOff:
		return "Lost Mode off"
	case mdm.LostModeSound:
		return "Lost Mode sound"
	case mdm.Located:
		return "location (given in Lost Mode only)"
	case mdm.Erased:
		return "erase"
	case mdm.PasscodeCleared:
		return "passcode cleared"
	}
	return "not named"
}

func outcome(s mdm.Status) string {
	switch s {
	case mdm.Acknowledged:
		return "acknowledged"
	case mdm.NotNow:
		return "put off"
	}
	return "refused"
}

func (w *writer) commands() {
	c := Commands{Named: []Command{}, Unnamed: []Command{}}
	for _, r := range w.Timeline.commands {
		deed := mdm.DeedOf(r.Evidence.Query)
		told := Command{
			Does: string(deed), Name: shown(string(r.Evidence.Query)), Status: r.Evidence.Status, Outcome: outcome(r.Evidence.Status),
			First: w.moment(r.Since), Last: w.moment(r.Last), Count: r.Count, After: r.Last.After(w.Lost),
			CommandUUID: shown(r.Evidence.CommandUUID), Evidence: hexOf(r.Evidence.SHA256),
		}
		if deed == "" {
			c.Unnamed = append(c.Unnamed, told)
		} else {
			c.Named = append(c.Named, told)
		}
	}
	c.Summary = c.summary()
	w.page.Commands = c
}

// Brief tells what became of the three that matter most.
func (c Commands) Brief() string {
	var said, none []string
	for _, group := range []struct {
		name  string
		deeds []mdm.Deed
	}{
		{"lock", []mdm.Deed{mdm.Locked}},
		{"Lost Mode", []mdm.Deed{mdm.LostModeOn, mdm.LostModeOff, mdm.Located, mdm.LostModeSound}},
		{"erase", []mdm.Deed{mdm.Erased}},
	} {
		last := ""
		for _, told := range c.Named {
			if slices.Contains(group.deeds, mdm.Deed(told.Does)) {
				last = fmt.Sprintf("%s %s %s", words(told.deed()), told.Outcome, told.Last)
			}
		}
		if last == "" {
			none = append(none, group.name)
		} else {
			said = append(said, last)
		}
	}
	if len(none) > 0 {
		said = append(said, "no answer to "+strings.Join(none, ", ")+" is kept")
	}
	text := strings.Join(said, "; ") + "."
	return strings.ToUpper(text[:1]) + text[1:]
}

// summary adds what the absence of an answer means.
func (c Commands) summary() string {
	if len(c.Unnamed) > 0 {
		return c.Brief() + " Other servers' commands were answered of which nothing tells what they do: one of these may be among them."
	}
	return c.Brief() + " That no answer is kept does not mean that none was sent."
}

func (c Command) deed() mdm.Deed { return mdm.Deed(c.Does) }
