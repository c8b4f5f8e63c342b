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
		n.Change, n.Why = LookIntoIt, "What the profile holds is not known here. It may hold a password."
		return n
	}
	tunnelled := slices.ContainsFunc(methods, func(m string) bool { return m != "EAP-TLS" && m != "EAP-SIM" && m != "EAP-AKA" })
	switch profiles.Security(n.Security) {
	case profiles.Enterprise:
		switch {
		case tunnelled:
			n.Change = ChangeAccount
			n.Why = fmt.Sprintf("%s may send the password of an account: change it, and revoke the certificate if one is used.", shown(strings.Join(methods, ", ")))
		case slices.Contains(methods, "EAP-TLS"):
			n.Change, n.Why = RevokeIdentity, "The device proves itself with a certificate: revoke it."
		default:
			n.Change, n.Why = NoChange, "The SIM proves the device: have it blocked."
		}
	case profiles.Open:
		n.Change, n.Why = NoChange, "The network is open and has no password."
	case profiles.WEP, profiles.WPAPersonal, profiles.WPA2Personal, profiles.WPA3Personal:
		n.Change, n.Why = ChangePassword, "One password for all who use it, and the profile holds it."
	default:
		n.Change, n.Why = ChangePassword, "It may have a password that all share: see the profile."
	}
	return n
}

// textIn is the text of an object's field, harmless to print.
func textIn(o fact.Object, field string) string {
	text, _ := o.Fields[field].Value.(string)
	return shown(text)
}
