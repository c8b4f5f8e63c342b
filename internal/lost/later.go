package lost

import (
	"fmt"
	"strings"
)

// A LaterAnswer is what the device said after the loss, beside what was known
// at it. It never stands for the moment of the loss.
type LaterAnswer struct {
	Name     string `json:"name"`
	Then     string `json:"then"` // at the loss; empty: not known
	Value    string `json:"value"`
	Changed  bool   `json:"changed"`
	Answered Moment `json:"answered"`
	Evidence string `json:"evidence"` // empty: of an enrollment, which is no answer
}

// enrolledLater tells that the enrollment as it stands began after the loss.
func (w *writer) enrolledLater(at Moment) {
	w.page.Later = append(w.page.Later, LaterAnswer{Name: "Enrolled", Value: at.String(), Changed: true, Answered: at})
}

// later tells what was answered after the loss.
func (w *writer) later() {
	then := make(map[string]Fact)
	for _, f := range w.page.Facts {
		then[f.Key] = f
	}
	for _, f := range w.factsOf(w.now, w.Now) {
		w.addLater(f.Name, then[f.Key].Value, f.Value, f.Source)
	}
	networks := w.networksOf(w.now)
	w.addLater("Wi-Fi networks by profile", w.page.Networks.brief(), networks.brief(), networks.Source)
	certificates := w.certificatesOf(w.now)
	w.addLater("Identities on the device", w.page.Certificates.brief(), certificates.brief(), certificates.Source)
}

func (w *writer) addLater(name, then, value string, from Source) {
	if value == "" || !from.Answered.After(w.Lost) {
		return
	}
	w.page.Later = append(w.page.Later, LaterAnswer{
		Name: name, Then: then, Value: value, Changed: then != value, Answered: from.Answered, Evidence: from.Evidence,
	})
}

// brief tells the networks in a few words, empty if they are not known.
func (n Networks) brief() string {
	if n.State != Known && n.State != Old {
		return ""
	}
	names := make([]string, 0, len(n.List))
	for _, one := range n.List {
		if one.SSID == "" {
			one.SSID = one.Profile
		}
		names = append(names, one.SSID)
	}
	return listed(names, n.More)
}

// brief tells the identities by their serial numbers, empty if they are not
// known.
func (c Certificates) brief() string {
	if c.State != Known && c.State != Old {
		return ""
	}
	names := make([]string, 0, len(c.List))
	for _, one := range c.List {
		names = append(names, one.Serial)
	}
	return listed(names, c.More)
}

func listed(names []string, more int) string {
	switch {
	case len(names) == 0:
		return "none"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}
