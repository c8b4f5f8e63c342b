package sweep_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

type dict = map[string]any

// A history is what happens to a ward, from a seed.
type history struct {
	t       *testing.T
	rnd     *rand.Rand
	state   store.State
	clock   time.Time
	begin   time.Time
	devices []*patient
	serial  int // of messages
	network *profiles.Profile
	anchors [][]byte // of the network: one ends before the other
}

// A patient is one simulated device: which answer it gives to each query.
type patient struct {
	id       string
	product  string
	variants map[mdm.QueryKey]int
}

func newHistory(t *testing.T, seed uint64, state store.State) *history {
	t.Helper()
	h := &history{t: t, rnd: rand.New(rand.NewPCG(seed, 11)), state: state, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	h.begin = h.clock
	h.anchors = [][]byte{
		h.certificate(1, "Old RADIUS CA", h.begin.Add(100*time.Hour)), h.certificate(2, "New RADIUS CA", h.begin.Add(500*time.Hour)),
	}
	h.network = h.wifi()
	for i, product := range []string{"iPad14,1", "iPad14,1", "iPhone15,2", "Mac14,2", "iPad14,1", "Mac14,2", "iPad14,1", "iPad14,1", "iPhone15,2", "iPad14,1"} {
		p := &patient{id: fmt.Sprintf("00008120-%016X", i), product: product, variants: make(map[mdm.QueryKey]int)}
		h.devices = append(h.devices, p)
		h.enrol(p)
	}
	return h
}

// certificate is a CA's own, its key made from a number.
func (h *history) certificate(seed byte, name string, until time.Time) []byte {
	h.t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(seed)), Subject: pkix.Name{CommonName: name}, NotBefore: h.begin.AddDate(-1, 0, 0), NotAfter: until,
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	must(h.t, err)
	return der
}

const (
	profileUUID = "0A1B2C3D-0000-4000-8000-000000000000"
	payloadUUID = "0A1B2C3D-0000-4000-8000-00000000000"
)

// wifi is a profile with one enterprise network that trusts the anchors.
func (h *history) wifi() *profiles.Profile {
	h.t.Helper()
	head := func(kind, uuid, identifier string) dict {
		return dict{"PayloadType": kind, "PayloadUUID": uuid, "PayloadIdentifier": identifier, "PayloadVersion": int64(1)}
	}
	var payloads, named []any
	for i, der := range h.anchors {
		anchor := head("com.apple.security.root", fmt.Sprint(payloadUUID, i+1), fmt.Sprint("ca.example.wifi.", i+1))
		anchor["PayloadContent"] = der
		payloads, named = append(payloads, anchor), append(named, anchor["PayloadUUID"])
	}
	network := head("com.apple.wifi.managed", payloadUUID+"9", "ca.example.wifi.9")
	network["SSID_STR"], network["EncryptionType"] = "Clinic", "WPA2"
	network["EAPClientConfiguration"] = dict{"AcceptEAPTypes": []any{int64(13)}, "PayloadCertificateAnchorUUID": named}
	whole := head("Configuration", profileUUID, "ca.example.wifi")
	whole["PayloadContent"] = append(payloads, network)
	text, err := plist.WriteXML(whole)
	must(h.t, err)
	p, err := profiles.Parse("wifi.mobileconfig", text)
	must(h.t, err)
	return p
}

// catalogs are those that the ward may have.
func (h *history) catalogs() []*catalog.Catalog {
	return []*catalog.Catalog{nil, catalog.New(h.network), catalog.New()}
}

// deliver has a device send a message a little later.
func (h *history) deliver(p *patient, asked mdm.QueryKey, message dict) {
	h.t.Helper()
	h.clock = h.clock.Add(time.Duration(1+h.rnd.IntN(3000)) * time.Millisecond)
	message = maps.Clone(message)
	message["UDID"] = p.id
	body, err := plist.WriteXML(message)
	must(h.t, err)
	e, _, err := mdm.Receive(body, h.clock)
	must(h.t, err)
	if asked != "" {
		e.Asked(asked)
	}
	must(h.t, h.state.Deliver(h.t.Context(), e))
}

func (h *history) enrol(p *patient) {
	h.deliver(p, "", dict{
		"MessageType": "Authenticate", "Topic": "com.apple.mgmt.test", "ProductName": p.product, "OSVersion": "18.7.2", "SerialNumber": serialOf(p.id),
	})
	h.token(p)
}

func (h *history) token(p *patient) {
	h.deliver(p, "", dict{"MessageType": "TokenUpdate", "Topic": "com.apple.mgmt.test", "PushMagic": "magic", "Token": []byte("token")})
}

func askedQueries() []mdm.QueryKey {
	return []mdm.QueryKey{"DeviceInformation", "SecurityInfo", "ProfileList/all", "Restrictions", "InstalledApplicationList", "CertificateList"}
}

// answer is a device's answer to a query in one of four variants.
func (h *history) answer(p *patient, q mdm.QueryKey) dict {
	variant := p.variants[q]
	flag := variant%2 == 0
	switch q {
	case "DeviceInformation":
		return dict{"QueryResponses": dict{
			"OSVersion": []string{"18.7.2", "18.7.3"}[variant/2], "ProductName": p.product, "SerialNumber": serialOf(p.id),
			"IsSupervised": flag, "IsMultiUser": false, "IsCloudBackupEnabled": false, "iTunesStoreAccountIsActive": false,
		}}
	case "SecurityInfo":
		return dict{"SecurityInfo": dict{"PasscodePresent": flag, "PasscodeCompliant": true, "FDE_Enabled": variant > 1}}
	case "ProfileList/all":
		return dict{"ProfileList": h.installed(variant)}
	case "Restrictions":
		bools := dict{"allowVideoConferencing": dict{"value": false}}
		if flag {
			bools["allowCloudBackup"] = dict{"value": false}
		}
		limits := dict{"restrictedBool": bools}
		return dict{"GlobalRestrictions": limits, "ProfileRestrictions": dict{"ca.example.limits": limits}}
	case "InstalledApplicationList":
		return dict{"InstalledApplicationList": []any{dict{"Identifier": fmt.Sprint("com.example.app", variant), "ShortVersion": "1.0"}}}
	}
	list := []any{dict{"CommonName": "x", "Data": h.certificate(7, "Clinic CA", h.begin.Add(time.Duration(300+100*variant)*time.Hour)), "IsIdentity": true}}
	for _, der := range h.anchors[:2-variant%2] {
		list = append(list, dict{"CommonName": "x", "Data": der, "IsIdentity": false})
	}
	return dict{"CertificateList": list}
}

func (h *history) installed(variant int) []any {
	var payloads []any
	for _, l := range h.network.Payloads {
		payloads = append(payloads, dict{"PayloadType": l.Type, "PayloadIdentifier": l.Identifier, "PayloadUUID": l.UUID, "PayloadVersion": int64(1)})
	}
	profile := dict{"PayloadIdentifier": h.network.Identifier, "PayloadUUID": h.network.UUID, "IsEncrypted": false, "PayloadContent": payloads}
	switch variant {
	case 2:
		profile["PayloadContent"] = payloads[:1] // the catalog's is another
	case 3:
		return []any{}
	}
	return []any{profile}
}

// goesOn lets time pass, in which most devices answer as before, and some put
// off, refuse, fall silent, leave, or enrol anew.
func (h *history) goesOn() {
	h.clock = h.clock.Add([]time.Duration{time.Minute, 6 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 60 * time.Hour}[h.rnd.IntN(6)])
	for _, p := range h.devices {
		restless := false
		switch h.rnd.IntN(30) {
		case 0:
			h.deliver(p, "", dict{"MessageType": "CheckOut", "Topic": "com.apple.mgmt.test"})
			continue
		case 1:
			h.enrol(p)
		case 2:
			h.enrol(p)
			continue // it answers later
		case 3:
			h.token(p)
		case 4, 5:
			continue // silent
		case 6:
			h.owes(p)
		case 7, 8, 9, 10, 11:
			restless = true
		}
		for _, q := range askedQueries() {
			h.says(p, q, restless)
		}
	}
}

// says has a device answer a query.
func (h *history) says(p *patient, q mdm.QueryKey, restless bool) {
	h.serial++
	message := dict{"Status": "Acknowledged", "CommandUUID": fmt.Sprint("WR-", h.serial)}
	happens := -1
	if restless {
		happens = h.rnd.IntN(15)
	}
	switch happens {
	case 0, 1:
		p.variants[q] = h.rnd.IntN(4)
	case 2:
		message["Status"] = "NotNow"
	case 3:
		message["Status"] = "Error"
		message["ErrorChain"] = []any{dict{"ErrorCode": int64(12021), "ErrorDomain": "MCMDMErrorDomain"}}
	case 4: // a user's channel says something too
		message["UserID"], message["UserShortName"] = "8E3B2B1A-6A0C-4B36-9C55-0C2F5D3E1F10", "nurse"
	case 5:
		return
	}
	if message["Status"] == "Acknowledged" {
		maps.Copy(message, h.answer(p, q))
	}
	h.deliver(p, q, message)
}

// owes has a device asked something that it does not answer.
func (h *history) owes(p *patient) {
	h.serial++
	q := askedQueries()[h.rnd.IntN(6)]
	_, err := h.state.Ask(h.t.Context(), []store.Outstanding{{
		Enrollment: p.id, Query: q, CommandUUID: fmt.Sprint("WR-", h.serial), Sweep: 1, AskedAt: h.clock,
	}})
	must(h.t, err)
}
