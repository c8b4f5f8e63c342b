package lost_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/lost"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// The loss of these tests, and when its page is written.
var (
	theLoss = time.Date(2025, 11, 20, 22, 0, 0, 0, time.UTC) // 14:00 in Vancouver
	written = theLoss.Add(43 * time.Hour)
)

func vancouver(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Vancouver")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

type dict = map[string]any

// A pad is a device whose messages a test writes.
type pad struct {
	t        testing.TB
	identity dict // what each message names the device by
	runs     []lost.Run
	sent     int
}

func newPad(t testing.TB) *pad {
	t.Helper()
	return &pad{t: t, identity: dict{"UDID": "00008120-000A1B2C3D4E5F60"}}
}

// A timing is a run of equal messages.
type timing struct {
	since, last time.Time
	gap         time.Duration
	count       int64
}

func once(at time.Time) timing { return timing{since: at, last: at, count: 1} }

// daily is a run of one message a day, of which the last came at the given time.
func daily(days int, last time.Time) timing {
	return timing{since: last.AddDate(0, 0, 1-days), last: last, gap: 24 * time.Hour, count: int64(days)}
}

// says has the device send a message, as query if only the command tells that.
func (p *pad) says(when timing, query mdm.QueryKey, message dict) *pad {
	p.t.Helper()
	p.sent++
	message = maps.Clone(message)
	maps.Copy(message, p.identity)
	if _, ok := message["Status"]; !ok && message["MessageType"] == nil {
		message["Status"] = "Acknowledged"
	}
	if message["Status"] != nil && message["CommandUUID"] == nil {
		message["CommandUUID"] = fmt.Sprintf("WR-%d", p.sent)
	}
	text, err := plist.WriteXML(message)
	if err != nil {
		p.t.Fatal(err)
	}
	e, _, err := mdm.Receive(text, when.since)
	if err != nil {
		p.t.Fatal(err)
	}
	e.Asked(query)
	e.ID = int64(p.sent)
	p.runs = append(p.runs, lost.Run{
		Observation: judge.Observation{Evidence: e, Since: when.since, Last: when.last}, LongestGap: when.gap, Count: when.count,
	})
	return p
}

// enrols has the device enrol.
func (p *pad) enrols(at time.Time) *pad {
	return p.says(once(at), "", dict{
		"MessageType": "Authenticate", "Topic": "com.apple.mgmt.External.x", "SerialNumber": "DMPX0117", "ProductName": "iPad14,1", "OSVersion": "18.7.1",
	}).says(once(at.Add(time.Second)), "", dict{
		"MessageType": "TokenUpdate", "Topic": "com.apple.mgmt.External.x", "PushMagic": "m", "Token": []byte("t"), "AwaitingConfiguration": false,
	})
}

func information(more dict) dict {
	all := dict{
		"SerialNumber": "DMPX0117", "ProductName": "iPad14,1", "ModelName": "iPad mini", "OSVersion": "18.7.2", "IsSupervised": true, "IsMultiUser": false,
		"IsCloudBackupEnabled": false, "IsDeviceLocatorServiceEnabled": false, "iTunesStoreAccountIsActive": false,
	}
	maps.Copy(all, more)
	return dict{"QueryResponses": all}
}

func security(passcode bool) dict {
	return dict{"SecurityInfo": dict{
		"PasscodePresent": passcode, "PasscodeCompliant": passcode, "PasscodeCompliantWithProfiles": passcode, "HardwareEncryptionCaps": 3,
		"ManagementStatus": dict{"IsUserEnrollment": false},
	}}
}

func limits(of dict) dict {
	global, imposed := dict{}, dict{}
	for key, value := range of {
		global[key] = dict{"value": value}
		imposed[key] = dict{"value": value}
	}
	return dict{
		"GlobalRestrictions":  dict{"restrictedBool": global},
		"ProfileRestrictions": dict{"ca.example.clinic.restrictions": dict{"restrictedBool": imposed}},
	}
}

func profileList(more ...any) dict {
	var payloads []any
	for _, last := range []string{"2", "3", "4"} {
		payloads = append(payloads, dict{
			"PayloadType": "com.apple.wifi.managed", "PayloadVersion": 1, "PayloadUUID": "7C1B6E52-02D1-4E0A-8F60-0A2B7D8B3C0" + last,
			"PayloadIdentifier": map[string]string{"2": "ca.example.clinic.wifi.guest", "3": "ca.example.clinic.wifi.staff", "4": "ca.example.clinic.wifi.old"}[last],
		})
	}
	list := []any{dict{
		"PayloadIdentifier": "ca.example.clinic.wifi", "PayloadUUID": "7C1B6E52-02D1-4E0A-8F60-0A2B7D8B3C01", "PayloadVersion": 1,
		"IsEncrypted": false, "PayloadContent": payloads,
	}}
	return dict{"ProfileList": append(list, more...)}
}

// unknownWiFi is a profile with a network whose content no catalog has.
func unknownWiFi() any {
	return dict{
		"PayloadIdentifier": "com.vendor.hotspot", "PayloadUUID": "11111111-02D1-4E0A-8F60-0A2B7D8B3C01", "PayloadVersion": 1, "IsEncrypted": false,
		"PayloadContent": []any{dict{"PayloadType": "com.apple.wifi.managed", "PayloadVersion": 1, "PayloadIdentifier": "com.vendor.hotspot.1", "PayloadUUID": "11111111-02D1-4E0A-8F60-0A2B7D8B3C02"}},
	}
}

// identityOf is the certificate of an identity, the same at each call.
func identityOf(t testing.TB, serial int64, issuer string, until time.Time) []byte {
	t.Helper()
	seed := func(b byte) ed25519.PrivateKey {
		return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: issuer}, NotBefore: until.AddDate(-5, 0, 0), NotAfter: until.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "Zoe Nightingale"}, NotBefore: until.AddDate(-1, 0, 0), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(nil, leaf, ca, seed(2).Public(), seed(1))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func certificates(ders ...[]byte) dict {
	var list []any
	for _, der := range ders {
		list = append(list, dict{"CommonName": "x", "Data": der, "IsIdentity": true})
	}
	return dict{"CertificateList": list}
}

func managed(apps map[string]string) dict {
	list := dict{}
	for id, status := range apps {
		list[id] = dict{"Status": status, "ManagementFlags": 1}
	}
	return dict{"ManagedApplicationList": list}
}

// subject is the device as the store knows it.
func (p *pad) subject(serial string, kind mdm.EnrollmentType, lastSeen time.Time) lost.Subject {
	id, _ := p.identity["UDID"].(string)
	if id == "" {
		id, _ = p.identity["EnrollmentID"].(string)
	}
	s := lost.Subject{ID: id, Serial: serial, Channels: []lost.Channel{{
		Enrollment: mdm.Enrollment{ID: id, Type: kind}, LastSeen: lastSeen, EnrolledAt: theLoss.AddDate(0, -2, 0), Enabled: true,
	}}}
	if serial != "" {
		s.Listed = true
		s.Asset = checks.Asset{AssetTag: "TAG-117", Site: "Main", Ward: "7 North", OwnerRole: "nurse", Group: "ward 7"}
	}
	return s
}

// timeline is what p sent around a loss, with its bodies.
func (p *pad) timeline(loss time.Time) *lost.Timeline {
	p.t.Helper()
	timeline := lost.NewTimeline(loss)
	bodies := make(map[mdm.Digest][]byte)
	for _, r := range p.runs {
		bodies[r.Evidence.SHA256] = r.Evidence.Body
		timeline.Add(r)
	}
	if err := timeline.Fetch(func(sum mdm.Digest) ([]byte, error) { return bodies[sum], nil }); err != nil {
		p.t.Fatal(err)
	}
	return timeline
}

// page is the page of p, with the profiles of testdata/catalog.
func (p *pad) page(subject lost.Subject, change ...func(*lost.Input)) *lost.Page {
	p.t.Helper()
	known, err := catalog.Open(filepath.Join("testdata", "catalog"))
	if err != nil {
		p.t.Fatal(err)
	}
	in := lost.Input{
		Tool: "1.0.0", Now: written, Lost: theLoss, Zone: vancouver(p.t), Device: subject, Catalog: known,
		Apps: []string{"us.zoom.videomeetings", "com.example.charts"},
	}
	for _, f := range change {
		f(&in)
	}
	if in.Timeline == nil {
		in.Timeline = p.timeline(in.Lost)
	}
	return lost.Build(in)
}
