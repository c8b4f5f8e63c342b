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

// readNetworks reads the payloads that set up networks.
func (p *Profile) readNetworks(doc *plist.Document) {
	held := p.readCertificates(doc)
	for _, payload := range p.Payloads {
		if payload.Type != wifiType && !isWired(payload.Type) {
			continue
		}
		n := network{payload: payload, wired: isWired(payload.Type), ssid: text(payload.value, "SSID_STR")}
		n.passpoint = isPasspoint(payload.value)
		n.readEncryption()
		if config, ok := payload.value.Get("EAPClientConfiguration"); ok {
			n.eap = p.readEAP(doc, payload, config, held)
		}
		p.checkNetwork(n)
		p.networks = append(p.networks, n)
	}
	p.checkSSIDs()
}

// isPasspoint tells a payload for Hotspot 2.0, which may match networks that
// are not named by SSID.
func isPasspoint(payload plist.Value) bool {
	for _, key := range []string{"DomainName", "HESSID", "NAIRealmNames", "MCCAndMNCs", "RoamingConsortiumOIs"} {
		if _, ok := payload.Get(key); ok {
			return true
		}
	}
	return flagOf(payload, "IsHotspot") == "true"
}

func (n *network) readEncryption() {
	v, ok := n.payload.value.Get("EncryptionType")
	if !ok {
		return
	}
	n.encryption, ok = v.Text()
	n.encryptionBad = !ok || !slices.Contains([]string{"WEP", "WPA", "WPA2", "WPA3", "Any", "None"}, n.encryption)
}

// checkNetwork names what is wrong with a payload on every platform.
func (p *Profile) checkNetwork(n network) {
	path := fmt.Sprintf("PayloadContent[%d]", n.payload.Index)
	if n.encryptionBad && placeholderIn(n.encryption) == "" {
		p.problem(UnexpectedValue, SeverityError, path+".EncryptionType", fmt.Sprintf("EncryptionType %q is none that Apple lists", clip(n.encryption)))
	}
	if !n.wired && !n.passpoint && n.ssid == "" {
		p.problem(MissingSSID, SeverityError, path+".SSID_STR", "the payload names neither a network nor a Passpoint domain")
	}
	if n.eap == nil || n.wired || n.encryptionBad {
		return
	}
	switch n.encryption {
	case "WPA2", "WPA3":
	case "WEP", "None":
		p.problem(WeakEncryption, SeverityError, path+".EncryptionType", "802.1X is asked for on a link with EncryptionType "+n.encryption)
	default:
		p.problem(WeakEncryption, SeverityWarning, path+".EncryptionType", "802.1X is asked for on a link that need not be WPA2 or WPA3")
	}
}

// checkSSIDs notes networks that several payloads set up: which of them a
// device goes by is not defined.
func (p *Profile) checkSSIDs() {
	first := make(map[string]int)
	for _, n := range p.networks {
		if n.wired || !named(n.ssid) {
			continue
		}
		if at, twice := first[n.ssid]; twice {
			p.problem(DuplicateSSID, SeverityWarning, fmt.Sprintf("PayloadContent[%d].SSID_STR", n.payload.Index),
				fmt.Sprintf("PayloadContent[%d] sets up the same network, which is as weak as the weaker of the two", at))
			continue
		}
		first[n.ssid] = n.payload.Index
	}
}
