package profiles

import (
	"slices"
	"strconv"
	"strings"
)

// security tells how a Wi-Fi payload asks for the network to be protected.
// Before iOS 16, tvOS 16 and watchOS 9 any WPA network was joined, whatever
// the payload said; without a version the newer rule is assumed.
func (n network) security(env Platform) Security {
	switch {
	case n.eap != nil && !n.eap.given:
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
	w.Anchors = slices.Clone(e.anchors)
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
	return worseOf(n.eap.grade(env.Name == "macOS"), n.gradeLink(env))
}

// gradeLink rates what 802.1X runs over. However bad that is, the credentials
// stay inside EAP, so it makes the network weak and no worse; whether the link
// will do is for Encryption to say.
func (n network) gradeLink(env Platform) grade {
	switch {
	case n.wired:
		return grade{Good, ""}
	case n.encryption == "WEP" || n.encryption == "None":
		return grade{Weak, "802.1X on a link with EncryptionType " + n.encryption}
	case n.encryption != "WPA2" && n.encryption != "WPA3":
		return grade{Weak, "EncryptionType need not be WPA2 or WPA3"}
	case env.joinsAnyWPA():
		return grade{Weak, "before version 16 any WPA network is joined, whatever EncryptionType says"}
	}
	return grade{Good, ""}
}
