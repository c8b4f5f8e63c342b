package profiles

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The EAP methods by number (Apple's schema, AcceptEAPTypes; IANA EAP registry).
const (
	eapTLS  = 13
	eapLEAP = 17
	eapSIM  = 18
	eapTTLS = 21
	eapAKA  = 23
	eapPEAP = 25
	eapFAST = 43
)

func methodName(number int64) string {
	switch number {
	case eapTLS:
		return "EAP-TLS"
	case eapLEAP:
		return "LEAP"
	case eapSIM:
		return "EAP-SIM"
	case eapTTLS:
		return "EAP-TTLS"
	case eapAKA:
		return "EAP-AKA"
	case eapPEAP:
		return "PEAP"
	case eapFAST:
		return "EAP-FAST"
	case 4:
		return "EAP-MD5"
	}
	return "EAP type " + strconv.FormatInt(number, 10)
}

// A grade is a rating with the sentence that explains it.
type grade struct {
	rating Rating
	why    string
}

// worse orders ratings: what cannot be rated may be as bad as anything short
// of bad.
func worse(a, b Rating) bool {
	order := []Rating{Bad, UnknownRating, Weak, Good}
	return slices.Index(order, a) < slices.Index(order, b)
}

// validation tells how a configuration ties a device to the right server.
func (e *eapConfiguration) validation() Validation {
	switch {
	case len(e.anchors) > 0 && len(e.names) > 0:
		return AnchorAndNames
	case len(e.anchors) > 0:
		return AnchorOnly
	case len(e.names) > 0:
		return NamesOnly
	case e.anchorsNamed:
		return BrokenValidation
	}
	return NoValidation
}

// grade rates a configuration by its weakest part.
func (e *eapConfiguration) grade(mac bool) grade {
	worst := e.gradeServer(mac)
	for _, m := range e.methods {
		if g := e.gradeMethod(m); worse(g.rating, worst.rating) {
			worst = g
		}
	}
	if g := e.gradeTLS(); worse(g.rating, worst.rating) {
		worst = g
	}
	return worst
}

// tunnels reports whether a method that sends credentials through a tunnel is
// accepted: there a false server collects them.
func (e *eapConfiguration) tunnels() bool {
	return slices.ContainsFunc(e.methods, func(m int64) bool { return m == eapTTLS || m == eapPEAP || m == eapFAST })
}

// usesTLS reports whether a method is accepted in which the server shows a
// certificate.
func (e *eapConfiguration) usesTLS() bool { return e.tunnels() || slices.Contains(e.methods, eapTLS) }

func (e *eapConfiguration) gradeServer(mac bool) grade {
	if !e.usesTLS() {
		return grade{Good, "no accepted method has the server show a certificate"}
	}
	v := e.validation()
	switch {
	case mac && e.trust == "true" && (v == AnchorAndNames || v == AnchorOnly || v == NamesOnly):
		return grade{Bad, "TLSAllowTrustExceptions is true: on a Mac the user may accept any server after all"}
	case (v == NoValidation || v == BrokenValidation) && e.tunnels():
		return grade{Bad, "no server name and no trust anchor of the profile: a false server can collect the password"}
	case v == NoValidation || v == BrokenValidation:
		return grade{Weak, "no server name and no trust anchor of the profile: the user can be asked to trust a false server"}
	case v == AnchorOnly && slices.ContainsFunc(e.anchors, certificate.public):
		return grade{Bad, "the trust anchor is a public authority and no server is named: anybody can get such a certificate"}
	case v == AnchorOnly:
		return grade{Weak, "no server is named: any certificate under the trust anchor is accepted"}
	case v == NamesOnly:
		return grade{Weak, "no trust anchor: any authority that the device trusts can vouch for the server name"}
	}
	return grade{Good, e.goodServer()}
}

func (e *eapConfiguration) goodServer() string {
	if e.tunnels() {
		return "server names and trust anchors are pinned; the password inside the tunnel can still be given away elsewhere"
	}
	return "server names and trust anchors are pinned"
}

func (e *eapConfiguration) gradeMethod(m int64) grade {
	switch m {
	case eapLEAP:
		return grade{Bad, "LEAP is accepted: it has no tunnel, and the password can be guessed offline"}
	case eapFAST:
		if e.anonymousPAC {
			return grade{Bad, "EAP-FAST may provision its PAC anonymously, which lets a man in the middle in"}
		}
	case eapTTLS, eapPEAP:
	case eapTLS:
		switch {
		case e.certRequired == "false":
			return grade{Weak, "EAP-TLS without a client certificate authenticates nobody"}
		case e.identity == "" || !e.identityIsHere:
			return grade{Weak, "EAP-TLS is accepted and the payload names no client identity of the profile"}
		}
	case eapSIM, eapAKA:
		return grade{UnknownRating, methodName(m) + " is a carrier's method: judge it against policy"}
	default:
		return grade{UnknownRating, fmt.Sprintf("%s is accepted, which Apple does not list", methodName(m))}
	}
	return grade{Good, ""}
}

func (e *eapConfiguration) gradeTLS() grade {
	if !e.usesTLS() || e.minTLS == "1.2" || e.minTLS == "1.3" {
		return grade{Good, ""}
	}
	if e.minTLS == "" {
		return grade{Weak, "TLSMinimumVersion is not set, so TLS 1.0 is accepted"}
	}
	return grade{Weak, fmt.Sprintf("TLSMinimumVersion is %q, less than 1.2", clip(e.minTLS))}
}

// security tells how a Wi-Fi payload asks for the network to be protected.
// Before iOS 16, tvOS 16 and watchOS 9 any WPA network was joined, whatever
// the payload said; without a version the newer rule is assumed.
func (n network) security(env Platform) Security {
	switch {
	case n.eap != nil && len(n.eap.methods) == 0:
		return UnknownSecurity
	case n.eap != nil:
		return Enterprise
	case n.encryptionBad:
		return UnknownSecurity
	}
	switch n.encryption {
	case "None":
		return Open
	case "WEP":
		return WEP
	case "", "Any":
		return AnySecurity
	}
	switch {
	case n.encryption == "WPA" || env.joinsAnyWPA():
		return WPAPersonal
	case n.encryption == "WPA2":
		return WPA2Personal
	}
	return WPA3Personal
}

func (env Platform) joinsAnyWPA() bool {
	head, _, _ := strings.Cut(env.OS, ".")
	major, err := strconv.Atoi(head)
	if err != nil {
		return false
	}
	switch env.Name {
	case "iOS", "iPadOS", "tvOS":
		return major < 16
	case "watchOS":
		return major < 9
	}
	return false
}

// judge is the judgement on a network for a platform.
func (n network) judge(env Platform) WiFi {
	w := WiFi{
		Payload: n.payload.Index, Identifier: n.payload.Identifier, UUID: n.payload.UUID,
		SSID: n.ssid, Passpoint: n.passpoint, Security: n.security(env), Encryption: n.encryption,
		ServerValidation: NoValidation, TrustExceptions: "unset", MinTLS: "unset",
	}
	if n.wired && w.Security != Enterprise {
		w.Security = UnknownSecurity
	}
	if e := n.eap; e != nil {
		e.describe(&w)
	}
	g := n.grade(env, w.Security)
	w.Rating, w.Why = g.rating, g.why
	return w
}

// describe fills in what a configuration says.
func (e *eapConfiguration) describe(w *WiFi) {
	for _, m := range e.methods {
		w.EAP = append(w.EAP, methodName(m))
	}
	if slices.Contains(e.methods, eapTTLS) {
		w.Inner = e.inner
	}
	w.ServerValidation, w.TrustExceptions = e.validation(), e.trust
	if e.minTLS != "" {
		w.MinTLS = e.minTLS
	}
	w.ServerNames = slices.Clone(e.names)
	for i, c := range e.anchors {
		w.Anchors = append(w.Anchors, Anchor{UUID: e.anchorUUIDs[i], SHA256: digest(c.der), Subject: c.subject, NotAfter: c.notAfter})
	}
	w.Identity, w.IdentityType = e.identity, e.identityType
}

func (n network) grade(env Platform, s Security) grade {
	switch s {
	case Open:
		return grade{Bad, "the network is open: nothing is encrypted"}
	case WEP:
		return grade{Bad, "WEP is broken"}
	case AnySecurity:
		return grade{Bad, "EncryptionType is Any or absent: the device may join WEP"}
	case WPAPersonal:
		return grade{Bad, "a network that only has WPA may be joined, with a key that everybody shares"}
	case WPA2Personal, WPA3Personal:
		return grade{Weak, "everybody shares one key: nobody can tell who joined"}
	case UnknownSecurity:
		return grade{UnknownRating, "the payload does not say how the network is protected in a way that can be relied on"}
	}
	g := n.eap.grade(env.Name == "macOS")
	if link := n.gradeLink(); worse(link.rating, g.rating) {
		return link
	}
	return g
}

// gradeLink rates the encryption below 802.1X.
func (n network) gradeLink() grade {
	switch {
	case n.wired || n.encryption == "WPA2" || n.encryption == "WPA3":
		return grade{Good, ""}
	case n.encryption == "WEP" || n.encryption == "None":
		return grade{Bad, "802.1X on a link with EncryptionType " + n.encryption}
	case n.encryptionBad:
		return grade{UnknownRating, fmt.Sprintf("EncryptionType %q is none that Apple lists", clip(n.encryption))}
	}
	return grade{Weak, "EncryptionType need not be WPA2 or WPA3"}
}
