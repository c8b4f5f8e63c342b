package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// A patient is a device whose answers a test writes by hand.
type patient struct {
	id, serial, product, os string
	supervised              bool
	installed               []*profiles.Profile
	limits                  map[string]any // in force, by key of com.apple.applicationaccess
}

func pad(id string) *patient {
	return &patient{id: id, serial: "SN" + id, product: "iPad14,1", os: "26.1", supervised: true, limits: map[string]any{}}
}

func macBook(id string) *patient {
	return &patient{id: id, serial: "SN" + id, product: "MacBookAir10,1", os: "26.1", supervised: true}
}

// heeds installs a profile: what the platform knows of it comes into force.
func (p *patient) heeds(content *profiles.Profile) *patient {
	p.installed = append(p.installed, content)
	for _, s := range content.Settings() {
		declared, _ := fact.SettingOf(s.Domain, s.Key)
		if s.Domain == restrictionsDomain && declared.Reported && p.limits != nil && declared.Exists("iPadOS", p.os) &&
			(p.supervised || !declared.NeedsSupervision("iPadOS")) {
			p.limits[s.Key] = s.Value
		}
	}
	return p
}

type keys = map[string]any

// replies are the answers of the patient by query.
func (p *patient) replies() map[mdm.QueryKey]keys {
	var list []any
	byProfile := keys{}
	for _, content := range p.installed {
		var payloads []any
		own := keys{}
		for _, l := range content.Payloads {
			payloads = append(payloads, keys{"PayloadType": l.Type, "PayloadIdentifier": l.Identifier, "PayloadUUID": l.UUID, "PayloadVersion": 1})
		}
		for _, s := range content.Settings() {
			if v, ok := p.limits[s.Key]; ok && v == s.Value {
				own[s.Key] = keys{"value": v}
			}
		}
		byProfile[content.Identifier] = keys{"restrictedBool": own}
		list = append(list, keys{"PayloadIdentifier": content.Identifier, "PayloadUUID": content.UUID, "PayloadVersion": 1, "IsEncrypted": false, "PayloadContent": payloads})
	}
	if list == nil {
		list = []any{}
	}
	global := keys{}
	for key, value := range p.limits {
		global[key] = keys{"value": value}
	}
	restrictions := keys{"GlobalRestrictions": keys{"restrictedBool": global}, "ProfileRestrictions": byProfile}
	if p.limits == nil { // a Mac
		restrictions = keys{"GlobalRestrictions": keys{}}
	}
	return map[mdm.QueryKey]keys{
		"DeviceInformation": {"QueryResponses": keys{
			"SerialNumber": p.serial, "ProductName": p.product, "OSVersion": p.os, "IsSupervised": p.supervised, "IsMultiUser": false,
			"IsCloudBackupEnabled": false, "IsDeviceLocatorServiceEnabled": false, "iTunesStoreAccountIsActive": false,
		}},
		"SecurityInfo":    {"SecurityInfo": keys{"PasscodePresent": true, "PasscodeCompliant": true, "PasscodeCompliantWithProfiles": true}},
		"Restrictions":    restrictions,
		"ProfileList/all": {"ProfileList": list},
	}
}

// body writes one message of the patient.
func (p *patient) body(t testing.TB, more keys) []byte {
	t.Helper()
	message := maps.Clone(more)
	message["UDID"] = p.id
	text, err := plist.WriteXML(message)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// writeReplies writes the answers into a folder, as somebody saved them.
func (p *patient) writeReplies(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for q, reply := range p.replies() {
		reply["CommandUUID"], reply["Status"] = string(q), "Acknowledged"
		writeFile(t, filepath.Join(dir, string(q.RequestType())+".plist"), p.body(t, reply))
	}
	return dir
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// keepWard keeps the answers of patients as a round would have.
func keepWard(t *testing.T, patients ...*patient) (dir string) {
	t.Helper()
	dir = t.TempDir()
	state, err := sqlite.OpenState(t.Context(), filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour)
	keep := func(body []byte, q mdm.QueryKey) {
		e, _, err := mdm.Receive(body, at)
		if err != nil {
			t.Fatal(err)
		}
		e.Asked(q)
		if err := state.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range patients {
		keep(p.body(t, keys{
			"MessageType": "Authenticate", "Topic": "com.apple.mgmt.x", "ProductName": p.product, "OSVersion": p.os, "SerialNumber": p.serial,
		}), "")
		keep(p.body(t, keys{"MessageType": "TokenUpdate", "Topic": "com.apple.mgmt.x", "Token": []byte("token"), "PushMagic": "magic"}), "")
		for q, reply := range p.replies() {
			reply["CommandUUID"], reply["Status"] = fmt.Sprint(p.id, "-", q), "Acknowledged"
			keep(p.body(t, reply), q)
		}
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// wardround runs the program.
func wardround(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, nil, &out, &errs)
	return status, out.String(), errs.String()
}

// mobileconfig writes a profile that sets restrictions.
func mobileconfig(t *testing.T, dir, identifier string, settings map[string]any) (path string, content *profiles.Profile) {
	t.Helper()
	text, err := profiles.Draft{Identifier: identifier, Payloads: []profiles.DraftPayload{{Type: restrictionsDomain, Settings: settings}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path = writeFile(t, filepath.Join(dir, identifier+".mobileconfig"), text)
	return path, readBack(t, path)
}

func readBack(t *testing.T, path string) *profiles.Profile {
	t.Helper()
	f := readProfile(path)
	if f.err != nil {
		t.Fatal(f.err)
	}
	return f.profile
}
