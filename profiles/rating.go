package profiles

import (
	"fmt"
	"slices"
	"strconv"
)

// The EAP methods by number (Apple's schema, AcceptEAPTypes; IANA EAP registry).
const (
	eapMD5  = 4
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
	case eapMD5:
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

// worseOf is the worse of two grades, the first if they are equal.
func worseOf(a, b grade) grade {
	if worse(b.rating, a.rating) {
		return b
	}
	return a
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
	case e.dangling > 0:
		return BrokenValidation
	}
	return NoValidation
}

// grade rates a configuration by its weakest part: the accepted methods, how
// the server is known, and the TLS version below them.
func (e *eapConfiguration) grade(mac bool) grade {
	worst := e.gradeServer(mac)
	for _, m := range e.methods {
		worst = worseOf(worst, e.gradeMethod(m))
	}
	if e.unsureMethods {
		worst = worseOf(worst, grade{UnknownRating, "AcceptEAPTypes holds something else than the numbers of EAP methods"})
	}
	return worseOf(worst, e.gradeTLS())
}

// tunnels reports whether a method that sends credentials through a tunnel is
// accepted: there a false server collects them.
func (e *eapConfiguration) tunnels() bool {
	return slices.ContainsFunc(e.methods, func(m int64) bool { return m == eapTTLS || m == eapPEAP || m == eapFAST })
}

// usesTLS reports whether a method is accepted in which the server shows a
// certificate.
func (e *eapConfiguration) usesTLS() bool { return e.tunnels() || slices.Contains(e.methods, eapTLS) }

// gradeServer rates how the server is checked. Only names or anchors keep the
// user from being asked to trust another one; on a Mac
// TLSAllowTrustExceptions brings the question back.
func (e *eapConfiguration) gradeServer(mac bool) grade {
	v := e.validation()
	none := v == NoValidation || v == BrokenValidation
	switch {
	case !e.usesTLS():
		return grade{Good, "no accepted method has the server show a certificate"}
	case mac && e.trust == "true" && !none:
		return grade{Bad, "TLSAllowTrustExceptions is true: on a Mac the user may accept any server after all"}
	case mac && e.unsureTrust:
		return grade{UnknownRating, "TLSAllowTrustExceptions is neither true nor false: the user of a Mac may be able to accept any server"}
	case e.unsureServer && v != AnchorAndNames:
		return grade{UnknownRating, "the server names or trust anchors are not written in a way that can be relied on"}
	case none && e.tunnels():
		return grade{Bad, "no server name and no trust anchor of the profile: a false server can collect the password"}
	case none:
		return grade{Weak, "no server name and no trust anchor of the profile: the user can be asked to trust a false server"}
	case v == AnchorOnly && e.publicAnchor:
		return grade{Bad, "the trust anchor is a public authority and no server is named: anybody can get such a certificate"}
	case v == AnchorOnly:
		return grade{Weak, "no server is named: any certificate under the trust anchor is accepted"}
	case v == NamesOnly:
		return grade{Weak, "no trust anchor: any authority that the device trusts can vouch for the server name"}
	case e.unsureServer:
		return grade{UnknownRating, "not all server names and trust anchors are written in a way that can be relied on"}
	case e.tunnels():
		return grade{Good, "server names and trust anchors are pinned; the password inside the tunnel can still be given away elsewhere"}
	}
	return grade{Good, "server names and trust anchors are pinned"}
}

func (e *eapConfiguration) gradeMethod(m int64) grade {
	switch m {
	case eapLEAP:
		return grade{Bad, "LEAP is accepted: it has no tunnel, and the password can be guessed offline"}
	case eapMD5:
		return grade{Bad, "EAP-MD5 is accepted: nothing proves the server, and the password can be guessed offline"}
	case eapFAST:
		if e.anonymousPAC {
			return grade{Bad, "EAP-FAST may provision its PAC anonymously, which lets a man in the middle in"}
		}
	case eapTTLS, eapPEAP:
	case eapTLS:
		return e.gradeClient()
	case eapSIM, eapAKA:
		return grade{UnknownRating, methodName(m) + " is a carrier's method: judge it against policy"}
	default:
		return grade{UnknownRating, methodName(m) + " is accepted, which Apple does not list"}
	}
	return grade{Good, ""}
}

// gradeClient rates what a device proves itself with in EAP-TLS.
func (e *eapConfiguration) gradeClient() grade {
	switch {
	case e.certRequired == "false":
		return grade{Weak, "EAP-TLS without a client certificate authenticates nobody"}
	case e.identityType != "":
		return grade{Good, ""}
	case placeholderIn(e.identity) != "":
		return grade{UnknownRating, "template text stands where the client identity belongs"}
	}
	return grade{Weak, "EAP-TLS is accepted and the payload names no client identity of the profile"}
}

func (e *eapConfiguration) gradeTLS() grade {
	switch {
	case !e.usesTLS() || e.minTLS == "1.2" || e.minTLS == "1.3":
		return grade{Good, ""}
	case e.minTLS == "":
		return grade{Weak, "TLSMinimumVersion is not set, so TLS 1.0 is accepted"}
	case placeholderIn(e.minTLS) != "":
		return grade{UnknownRating, "template text stands where TLSMinimumVersion belongs"}
	case e.minTLS == "1.0" || e.minTLS == "1.1":
		return grade{Weak, "TLSMinimumVersion is " + e.minTLS + ", less than 1.2"}
	}
	return grade{Weak, fmt.Sprintf("TLSMinimumVersion is %q, none that Apple lists, so TLS 1.0 may be accepted", clip(e.minTLS))}
}
