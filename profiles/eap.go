package profiles

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
)

// An eapConfiguration is a payload's EAPClientConfiguration.
type eapConfiguration struct {
	given         bool    // AcceptEAPTypes is a non-empty list
	methods       []int64 // its numbers
	unsureMethods bool    // it holds something else than numbers too
	inner         string
	names         []string
	anchors       []Anchor
	publicAnchor  bool   // one of anchors is a public authority
	dangling      int    // anchors that are given and are no certificates of this profile
	unsureServer  bool   // names or anchors are not written in a way that can be relied on
	trust         string // "true", "false" or "unset"
	unsureTrust   bool   // it stands there and is neither true nor false
	certRequired  string // "true", "false" or "unset"
	minTLS        string // as it stands; empty if absent
	anonymousPAC  bool
	identity      string
	identityType  string // empty if the profile has no such identity
}

// An eapReader reads one EAPClientConfiguration and notes what is wrong in it.
type eapReader struct {
	*eapConfiguration
	p      *Profile
	doc    *plist.Document
	config plist.Value
	held   heldCertificates
	path   string
}

func (p *Profile) readEAP(doc *plist.Document, payload Payload, config plist.Value, held heldCertificates) *eapConfiguration {
	e := &eapConfiguration{
		inner:        text(config, "TTLSInnerAuthentication"),
		trust:        flagOf(config, "TLSAllowTrustExceptions"),
		certRequired: flagOf(config, "TLSCertificateIsRequired"),
		anonymousPAC: flagOf(config, "EAPFASTProvisionPACAnonymously") == "true",
		identity:     text(payload.value, "PayloadCertificateUUID"),
	}
	_, asked := config.Get("TLSAllowTrustExceptions")
	e.unsureTrust = asked && e.trust == "unset"
	if e.certRequired == "unset" {
		e.certRequired = flagOf(payload.value, "TLSCertificateRequired")
	}
	if e.inner == "" {
		e.inner = "MSCHAPv2"
	}
	at := fmt.Sprintf("PayloadContent[%d].", payload.Index)
	e.identityType = held.identities[strings.ToUpper(e.identity)]
	if named(e.identity) && e.identityType == "" {
		p.problem(DanglingIdentity, SeverityError, at+"PayloadCertificateUUID", "the client identity it names is not in this profile")
	}
	r := eapReader{eapConfiguration: e, p: p, doc: doc, config: config, held: held, path: at + "EAPClientConfiguration."}
	r.readMethods()
	r.readMinTLS()
	r.readNames()
	r.readAnchors()
	r.readTrusted()
	return e
}

func (r *eapReader) readMethods() {
	const key = "AcceptEAPTypes"
	list, _ := r.config.Get(key)
	r.given = list.Kind() == plist.Array && list.Len() > 0
	if !r.given {
		r.p.problem(UnexpectedValue, SeverityError, r.path+key, "AcceptEAPTypes lists no EAP method, so nothing says how the network is joined")
	}
	for item := range list.Items() {
		n, ok := whole(item).(int64)
		if ok {
			r.methods = append(r.methods, n)
			continue
		}
		r.unsureMethods = true
		if placeholderIn(raw(r.doc, item)) == "" {
			r.p.problem(UnexpectedType, SeverityError, r.path+key, "an accepted EAP method is not the number of one")
		}
	}
}

func (r *eapReader) readMinTLS() {
	v, ok := r.config.Get("TLSMinimumVersion")
	if !ok {
		return
	}
	r.minTLS = clip(raw(r.doc, v))
	path := r.path + "TLSMinimumVersion"
	switch n, number := v.Real(); {
	case number: // <real>1.2</real>
		r.minTLS = strconv.FormatFloat(n, 'f', -1, 64)
		r.p.problem(UnexpectedType, SeverityWarning, path, "TLSMinimumVersion is a number where Apple's schema has text")
	case placeholderIn(r.minTLS) == "" && !slices.Contains([]string{"1.0", "1.1", "1.2", "1.3"}, r.minTLS):
		r.p.problem(UnexpectedValue, SeverityError, path, fmt.Sprintf("TLSMinimumVersion %q is none that Apple lists", r.minTLS))
	}
}

// readNames reads the server names. One that matches every server is none, and
// template text will be one, but nobody knows which.
func (r *eapReader) readNames() {
	const key = "TLSTrustedServerNames"
	r.names = r.list(key)
	r.names = slices.DeleteFunc(r.names, func(name string) bool {
		anything := strings.Trim(name, "*.") == ""
		if anything {
			r.p.problem(UnexpectedValue, SeverityError, r.path+key, fmt.Sprintf("the server name %q names no server", clip(name)))
		}
		return anything
	})
	r.unsureServer = r.unsureServer || slices.ContainsFunc(r.names, func(name string) bool { return placeholderIn(name) != "" })
}

// readAnchors resolves the certificate payloads that a configuration trusts. An
// anchor counts only if it is a certificate of the same profile.
func (r *eapReader) readAnchors() {
	const key = "PayloadCertificateAnchorUUID"
	uuids := r.list(key)
	seen := make(map[string]bool, len(uuids))
	for _, uuid := range uuids {
		name := strings.ToUpper(uuid)
		if seen[name] {
			continue
		}
		seen[name] = true
		if c, ok := r.held.anchor(name); ok {
			r.trustAnchor(uuid, c)
			continue
		}
		r.dangling++
		r.unsureServer = r.unsureServer || r.held.templates[name] || !named(uuid)
	}
	if r.dangling == 0 || r.unsureServer {
		return
	}
	severity := SeverityWarning
	if len(r.anchors) == 0 {
		severity = SeverityError
	}
	r.p.problem(DanglingAnchor, severity, r.path+key,
		fmt.Sprintf("of %d trust anchors it names %d are no certificates of this profile", len(seen), r.dangling))
}

// readTrusted reads the certificates that stand in the configuration itself:
// Apple's schema says strings and its text says data, so both are taken.
func (r *eapReader) readTrusted() {
	const key = "TLSTrustedCertificates"
	list, _ := r.config.Get(key)
	for item := range list.Items() {
		data := dataOf(r.doc, item)
		if s, ok := item.Text(); ok {
			data = looseBase64([]byte(s))
		}
		der, ok := certificateIn(data)
		switch {
		case placeholderIn(raw(r.doc, item)) != "":
			r.dangling++
			r.unsureServer = true
		case !ok:
			r.dangling++
			r.p.problem(BadCertificate, SeverityError, r.path+key, "an element of TLSTrustedCertificates holds no certificate")
		default:
			r.trustAnchor("", describe(der))
		}
	}
}

func (e *eapConfiguration) trustAnchor(uuid string, c certificate) {
	e.anchors = append(e.anchors, Anchor{UUID: uuid, SHA256: c.sha256, Subject: c.subject, NotAfter: c.notAfter})
	e.publicAnchor = e.publicAnchor || c.public
}

// list reads a list of texts. Empty ones are none. One text in place of the
// list is read, but what a device makes of it is unknown.
func (r *eapReader) list(key string) []string {
	v, ok := r.config.Get(key)
	if !ok {
		return nil
	}
	var texts []string
	add := func(v plist.Value) {
		s := raw(r.doc, v)
		if _, ok := v.Text(); !ok {
			r.unsureServer = true
			r.p.problem(UnexpectedType, SeverityWarning, r.path+key, key+" holds something that is no text")
		}
		if strings.TrimSpace(s) != "" {
			texts = append(texts, s)
		}
	}
	if v.Kind() == plist.Array {
		for item := range v.Items() {
			add(item)
		}
		return texts
	}
	add(v)
	if len(texts) > 0 {
		r.unsureServer = true
		r.p.problem(UnexpectedType, SeverityWarning, r.path+key, key+" is no list")
	}
	return texts
}

// flagOf reads a switch as "true", "false" or "unset".
func flagOf(dict plist.Value, key string) string {
	v, _ := dict.Get(key)
	switch typed(v, fact.Bool) {
	case true:
		return "true"
	case false:
		return "false"
	}
	return "unset"
}
