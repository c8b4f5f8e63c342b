package profiles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/plist"
)

// wifiType is the payload type of a Wi-Fi network (Apple's schema,
// mdm/profiles/com.apple.wifi.managed.yaml).
const wifiType = "com.apple.wifi.managed"

// isWired tells the payload types that carry 802.1X for a wired interface.
func isWired(payloadType string) bool {
	return strings.HasPrefix(payloadType, "com.apple.") && strings.HasSuffix(payloadType, "ethernet.managed")
}

// A network is a payload that sets up Wi-Fi or wired 802.1X, as it was read
// and before it is judged for a platform.
type network struct {
	payload       Payload
	wired         bool
	ssid          string
	passpoint     bool
	encryption    string // as it stands
	encryptionBad bool   // it is none that Apple lists
	eap           *eapConfiguration
}

// An eapConfiguration is a payload's EAPClientConfiguration.
type eapConfiguration struct {
	methods        []int64 // AcceptEAPTypes; nil if it cannot be relied on
	inner          string
	names          []string
	anchors        []certificate
	anchorUUIDs    []string // of anchors, "" for one of TLSTrustedCertificates
	anchorsNamed   bool     // anchors are given, resolved or not
	trust          string   // "true", "false" or "unset"
	certRequired   string   // "true", "false" or "unset"
	minTLS         string
	usesPAC        bool
	anonymousPAC   bool
	identity       string
	identityType   string
	identityIsHere bool
}

// readNetworks reads the payloads that set up networks.
func (p *Profile) readNetworks(doc *plist.Document) {
	held := p.readCertificates(doc)
	for _, payload := range p.Payloads {
		if payload.Type != wifiType && !isWired(payload.Type) {
			continue
		}
		n := network{payload: payload, wired: isWired(payload.Type), ssid: text(payload.value, "SSID_STR")}
		_, domain := payload.value.Get("DomainName")
		n.passpoint = domain || flagOf(payload.value, "IsHotspot") == "true"
		n.readEncryption()
		if config, ok := payload.value.Get("EAPClientConfiguration"); ok {
			n.eap = p.readEAP(doc, payload, config, held)
		}
		p.checkNetwork(n)
		p.networks = append(p.networks, n)
	}
}

func (n *network) readEncryption() {
	v, ok := n.payload.value.Get("EncryptionType")
	if !ok {
		return
	}
	n.encryption, ok = v.Text()
	n.encryptionBad = !ok || !slices.Contains([]string{"WEP", "WPA", "WPA2", "WPA3", "Any", "None"}, n.encryption)
}

// heldCertificates are a profile's certificate payloads by UUID.
type heldCertificates struct {
	anchors map[string]certificate
	types   map[string]string // payload type of every payload that can be an identity
}

// readCertificates decodes the certificates of a profile. A payload without a
// UUID can be named by nobody.
func (p *Profile) readCertificates(doc *plist.Document) heldCertificates {
	held := heldCertificates{anchors: make(map[string]certificate), types: make(map[string]string)}
	for _, payload := range p.Payloads {
		if payload.UUID == "" {
			continue
		}
		switch payload.Type {
		case "com.apple.security.root", "com.apple.security.pkcs1", "com.apple.security.pem":
			content, _ := payload.value.Get("PayloadContent")
			c, ok := decodeCertificate(dataOf(doc, content))
			if !ok {
				p.problem(BadCertificate, SeverityError, fmt.Sprintf("PayloadContent[%d].PayloadContent", payload.Index), "the certificate payload holds no certificate")
				continue
			}
			held.anchors[payload.UUID] = c
		case "com.apple.security.pkcs12", "com.apple.security.scep", "com.apple.security.acme", "com.apple.ADCertificate.managed":
			held.types[payload.UUID] = payload.Type
		}
	}
	return held
}

func (p *Profile) readEAP(doc *plist.Document, payload Payload, config plist.Value, held heldCertificates) *eapConfiguration {
	e := &eapConfiguration{
		methods:      methodsOf(config),
		inner:        text(config, "TTLSInnerAuthentication"),
		names:        namesOf(config, "TLSTrustedServerNames"),
		trust:        flagOf(config, "TLSAllowTrustExceptions"),
		certRequired: flagOf(config, "TLSCertificateIsRequired"),
		minTLS:       text(config, "TLSMinimumVersion"),
		usesPAC:      flagOf(config, "EAPFASTUsePAC") == "true",
		anonymousPAC: flagOf(config, "EAPFASTProvisionPACAnonymously") == "true",
		identity:     text(payload.value, "PayloadCertificateUUID"),
	}
	if e.certRequired == "unset" {
		e.certRequired = flagOf(payload.value, "TLSCertificateRequired")
	}
	if e.inner == "" {
		e.inner = "MSCHAPv2"
	}
	e.identityType, e.identityIsHere = held.types[e.identity]
	e.readAnchors(doc, config, held)
	return e
}

// readAnchors resolves the certificates that a configuration trusts. An anchor
// counts only if it is a certificate of the same profile.
func (e *eapConfiguration) readAnchors(doc *plist.Document, config plist.Value, held heldCertificates) {
	uuids := namesOf(config, "PayloadCertificateAnchorUUID")
	e.anchorsNamed = len(uuids) > 0
	for _, uuid := range uuids {
		if c, ok := held.anchors[uuid]; ok {
			e.anchors, e.anchorUUIDs = append(e.anchors, c), append(e.anchorUUIDs, uuid)
		}
	}
	trusted, _ := config.Get("TLSTrustedCertificates")
	for item := range trusted.Items() {
		e.anchorsNamed = true
		data := dataOf(doc, item)
		if s, ok := item.Text(); ok {
			data = looseBase64([]byte(s))
		}
		if c, ok := decodeCertificate(data); ok {
			e.anchors, e.anchorUUIDs = append(e.anchors, c), append(e.anchorUUIDs, "")
		}
	}
}

// checkNetwork names what is wrong with a payload on every platform.
func (p *Profile) checkNetwork(n network) {
	path := fmt.Sprintf("PayloadContent[%d]", n.payload.Index)
	if n.encryptionBad && placeholderIn(n.encryption) == "" {
		p.problem(UnexpectedValue, SeverityError, path+".EncryptionType", fmt.Sprintf("EncryptionType %q is none that Apple lists", clip(n.encryption)))
	}
	if n.eap == nil {
		return
	}
	if n.eap.anchorsNamed && len(n.eap.anchors) == 0 {
		p.problem(DanglingAnchor, SeverityError, path+".EAPClientConfiguration", "the trust anchors it names are not certificates of this profile")
	}
	if n.eap.identity != "" && !n.eap.identityIsHere {
		p.problem(DanglingIdentity, SeverityError, path+".PayloadCertificateUUID", "the client identity it names is not in this profile")
	}
	if !n.wired && !n.encryptionBad && n.encryption != "WPA2" && n.encryption != "WPA3" {
		p.problem(WeakEncryption, SeverityWarning, path+".EncryptionType", "802.1X is asked for on a link that need not be WPA2 or WPA3")
	}
}

// methodsOf reads AcceptEAPTypes; nil if it is missing, empty, or holds
// anything but numbers.
func methodsOf(config plist.Value) []int64 {
	list, _ := config.Get("AcceptEAPTypes")
	var methods []int64
	for item := range list.Items() {
		n, ok := whole(item).(int64)
		if !ok {
			return nil
		}
		methods = append(methods, n)
	}
	return methods
}

// namesOf reads a list of names, or the one name that profiles write in its
// place. Empty ones are none.
func namesOf(dict plist.Value, key string) []string {
	v, _ := dict.Get(key)
	if s, ok := v.Text(); ok {
		return slices.DeleteFunc([]string{s}, func(s string) bool { return s == "" })
	}
	list, _ := stringsOf(v)
	return slices.DeleteFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" })
}

// flagOf reads a switch as "true", "false" or "unset".
func flagOf(dict plist.Value, key string) string {
	v, _ := dict.Get(key)
	switch b, ok := v.Bool(); {
	case ok && b:
		return "true"
	case ok:
		return "false"
	}
	return "unset"
}
