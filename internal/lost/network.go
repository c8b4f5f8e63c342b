package lost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// Networks are the Wi-Fi networks that profiles had installed. Those that a
// user joined cannot be asked for.
type Networks struct {
	Source
	List []Network `json:"list"`
	More int       `json:"more"` // that are left out
}

// A Network is one Wi-Fi payload.
type Network struct {
	SSID     string        `json:"ssid"`
	Security string        `json:"security"` // in the word of 'wardround profile show'; empty if not known
	Profile  string        `json:"profile"`  // its identifier
	Change   Change        `json:"change"`
	Why      string        `json:"why"`    // the same in a sentence
	Reason   checks.Reason `json:"reason"` // why it is not known
}

// A Change is what is to be changed because of a network.
type Change string

// The changes.
const (
	ChangePassword Change = "network-password" // everybody shares it
	ChangeAccount  Change = "account-password"
	RevokeIdentity Change = "revoke-certificate"
	NoChange       Change = "nothing"
	LookIntoIt     Change = "look-into-the-profile" // its content is not at hand
)

const maxNetworks = 40

func (w *writer) networks() {
	w.page.Networks = w.networksOf(w.atLoss)
}

func (w *writer) networksOf(o judge.Outcome) Networks {
	f := o.Facts.Get("wifi")
	n := Networks{Source: w.source(f, mdm.AllProfiles, w.Lost), List: []Network{}}
	objects, _ := f.Value.([]fact.Object)
	for _, object := range objects {
		n.List = append(n.List, networkOf(object))
	}
	if n.More = max(0, len(n.List)-maxNetworks); n.More > 0 {
		n.List = n.List[:maxNetworks]
	}
	return n
}

func networkOf(o fact.Object) Network {
	n := Network{SSID: textIn(o, "ssid"), Security: textIn(o, "security"), Profile: textIn(o, "profile")}
	methods, _ := o.Fields["eap"].Value.([]string)
	if absent := o.Fields["security"].Absent; absent != "" {
		n.Reason = checks.Reason(absent)
		n.Change, n.Why = LookIntoIt, "Look into the profile: its content is not at hand, and may hold a password."
		return n
	}
	tunnelled := slices.ContainsFunc(methods, func(m string) bool { return m != "EAP-TLS" && m != "EAP-SIM" && m != "EAP-AKA" })
	switch profiles.Security(n.Security) {
	case profiles.Enterprise:
		switch {
		case tunnelled:
			n.Change = ChangeAccount
			n.Why = fmt.Sprintf("Change the password of the account it signs in with by %s, and revoke its certificate if it has one.", shown(strings.Join(methods, ", ")))
		case slices.Contains(methods, "EAP-TLS"):
			n.Change, n.Why = RevokeIdentity, "Revoke the certificate that the device proves itself with."
		default:
			n.Change, n.Why = NoChange, "Have the SIM blocked that the device proves itself with."
		}
	case profiles.Open:
		n.Change, n.Why = NoChange, "Nothing: the network is open and has no password."
	case profiles.WEP, profiles.WPAPersonal, profiles.WPA2Personal, profiles.WPA3Personal:
		n.Change, n.Why = ChangePassword, "Change the password: all who use the network share it, and the profile holds it."
	default:
		n.Change, n.Why = ChangePassword, "Change the password if the profile holds one, which all who use the network share."
	}
	return n
}

// textIn is the text of an object's field, harmless to print.
func textIn(o fact.Object, field string) string {
	text, _ := o.Fields[field].Value.(string)
	return shown(text)
}
