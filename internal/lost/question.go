package lost

import (
	"fmt"
	"strings"
)

// A Question is one that a law asks of whoever assesses the loss, with the
// facts that bear on it. The page answers none.
type Question struct {
	Source string   `json:"source"` // where it stands
	Text   string   `json:"text"`   // in our words
	Bears  []string `json:"bears"`  // facts of this page
	Unseen []string `json:"unseen"` // what bears on it and device management cannot see
}

// questions are the significant-harm test of British Columbia's FIPPA, section
// 36.3, and the four factors of 45 CFR 164.402(2).
func (w *writer) questions() {
	passcode := w.facts("SecurityInfo.PasscodePresent", "SecurityInfo.PasscodeCompliant", "SecurityInfo.HardwareEncryptionCaps", "SecurityInfo.FDE_Enabled")
	backup := w.facts("DeviceInformation.IsCloudBackupEnabled", "DeviceInformation.LastCloudBackupDate")
	accounts := w.facts("DeviceInformation.IsDeviceLocatorServiceEnabled", "DeviceInformation.iTunesStoreAccountIsActive")
	apps, contact, commands := w.appsInWords(), w.contactInWords(), w.page.Commands.Brief()
	join := func(lists ...[]string) []string {
		all := []string{}
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	one := func(s string) []string { return []string{s} }
	w.page.Questions = []Question{
		{
			"FIPPA (B.C.), s. 36.3",
			"Could the loss reasonably be expected to result in significant harm to a person whose information it is: identity theft, bodily harm, humiliation, damage to reputation or relationships, loss of work or business, financial loss, a worse credit record, loss of property? Then that person and the commissioner are to be told without unreasonable delay.",
			join(one(apps), passcode, backup, one(commands)),
			[]string{"whose information was on the device, and how sensitive it is"},
		},
		{
			"45 CFR 164.402(2)(i)", "What kind of health information was involved, how much of it, with which identifiers, and could people be told from it?",
			join(one(apps), backup, w.facts("setting:com.apple.applicationaccess:allowVideoConferencing")),
			[]string{"what the apps held"},
		},
		{
			"45 CFR 164.402(2)(ii)", "Who used the information without authority, or to whom was it disclosed?",
			join(one(contact), accounts),
			[]string{"who has the device"},
		},
		{
			"45 CFR 164.402(2)(iii)", "Was the information actually acquired or viewed?",
			join(passcode, one(contact), w.changedInWords(), one(commands)),
			[]string{"whether anybody unlocked it or opened an app"},
		},
		{
			"45 CFR 164.402(2)(iv)", "How far has the risk to the information been mitigated?",
			join(one(commands), one(w.toRevoke()), one(w.toChange())),
			[]string{"what was done elsewhere: accounts closed, certificates revoked, passwords changed"},
		},
	}
}

// facts tells facts of the page by their keys, in a sentence each.
func (w *writer) facts(keys ...string) []string {
	var sentences []string
	for _, key := range keys {
		for _, f := range w.page.Facts {
			if f.Key == key && f.State != NotApplicable {
				sentences = append(sentences, w.inWords(f))
			}
		}
	}
	return sentences
}

func (w *writer) inWords(f Fact) string {
	switch {
	case f.State == Unknown:
		return fmt.Sprintf("%s: not known (%s).", f.Name, f.Reason)
	case f.Answered.IsZero():
		return fmt.Sprintf("%s: %s.", f.Name, f.Value)
	}
	return fmt.Sprintf("%s: %s (answered %s).", f.Name, f.Value, w.apart(f.Source))
}

// apart says how long before the loss an answer came.
func (w *writer) apart(s Source) string {
	text := span(w.Lost.Sub(s.Answered.Time)) + " before the loss"
	if s.OrLater {
		return text + " or later"
	}
	return text
}

func (w *writer) appsInWords() string {
	if len(w.page.Apps.List) == 0 {
		return "Clinical apps: none is configured (clinical-apps)."
	}
	there, open := []string{}, []string{}
	for _, app := range w.page.Apps.List {
		switch app.State {
		case Managed, Installed:
			there = append(there, app.Identifier)
		case NotListed, NoAnswer:
			open = append(open, app.Identifier)
		case Removed:
		}
	}
	if len(there) == 0 && len(open) > 0 {
		return "Clinical apps: not known: " + strings.Join(open, ", ") + "."
	}
	text := "Clinical apps on it: " + listed(there, 0) + "."
	if len(open) > 0 {
		text += " Not known: " + strings.Join(open, ", ") + "."
	}
	return text
}

// changedInWords tells what was otherwise when it was next answered.
func (w *writer) changedInWords() []string {
	var sentences []string
	for _, l := range w.page.Changed() {
		sentences = append(sentences, "After the loss: "+l.Line())
	}
	return sentences
}

func (w *writer) contactInWords() string {
	c := w.page.Contact
	if c.After == nil {
		return "Nothing was heard of the device after the loss."
	}
	return fmt.Sprintf("The device was heard of after the loss, from %s to %s.", c.After.At, c.Last.At)
}

func (w *writer) toRevoke() string {
	c := w.page.Certificates
	if c.State == Unknown {
		return fmt.Sprintf("Certificates to revoke: not known (%s).", c.Reason)
	}
	n := 0
	for _, one := range c.List {
		if !one.Ended {
			n++
		}
	}
	return fmt.Sprintf("Certificates to revoke: %d.", n+c.More)
}

func (w *writer) toChange() string {
	n := w.page.Networks
	if n.State == Unknown {
		return fmt.Sprintf("Wi-Fi passwords to change: not known (%s).", n.Reason)
	}
	change, look := 0, 0
	for _, one := range n.List {
		switch one.Change {
		case ChangePassword, ChangeAccount:
			change++
		case LookIntoIt:
			look++
		case RevokeIdentity, NoChange:
		}
	}
	text := fmt.Sprintf("Wi-Fi passwords to change: %d.", change)
	if look > 0 {
		text += fmt.Sprintf(" Profiles to look into: %d.", look)
	}
	return text
}
