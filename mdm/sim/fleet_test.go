package sim_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

// received is when a test says that it received something.
var received = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// everything asks for more than a sweep does.
func everything() []mdm.Query {
	return []mdm.Query{
		mdm.QueryDeviceInformation("UDID", "SerialNumber", "OSVersion", "BuildVersion", "DeviceName", "ModelName", "Model",
			"ProductName", "IsSupervised", "WiFiMAC", "BluetoothMAC", "ServiceSubscriptions", "IMEI", "PhoneNumber", "MEID", "ICCID"),
		mdm.QuerySecurityInfo(), mdm.QueryProfileList(true), mdm.QueryProfileList(false), mdm.QueryRestrictions(),
		mdm.QueryInstalledApplicationList(mdm.AppFilter{}), mdm.QueryManagedApplicationList(),
		mdm.QueryManagedApplicationConfiguration(), mdm.QueryUserList(),
	}
}

func TestADeviceThatIsNamedSaysSo(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{
		Devices: 1, Personas: []sim.Persona{sim.FaceTimeAllowed}, Name: func(int) (id, serial string) { return "SOME-ID", "SOMESERIAL" },
	}, mdm.QueryDeviceInformation("UDID", "SerialNumber"))
	c.session(0)
	said := dict(t, c.answer(0, 0), "QueryResponses")
	if d := c.fleet.Devices()[0]; d.ID != "SOME-ID" || d.Serial != "SOMESERIAL" || said["UDID"] != d.ID || said["SerialNumber"] != d.Serial {
		t.Errorf("got %+v, which says %v", d, said)
	}
}

func TestTheSameSeedGivesTheSameFleet(t *testing.T) {
	talk := func(seed uint64) *clinic {
		c := newClinic(t, sim.FleetConfig{Seed: seed, Devices: 28}, everything()...)
		for i, d := range c.fleet.Devices() {
			if d.Persona != sim.Silent {
				c.session(i)
			}
		}
		return c
	}
	a, b, other := talk(7), talk(7), talk(8)
	if diff := cmp.Diff(a.fleet.Devices(), b.fleet.Devices(), cmpopts.IgnoreUnexported(sim.Device{})); diff != "" {
		t.Errorf("devices:\n%s", diff)
	}
	if diff := cmp.Diff(a.fleet.Catalog(), b.fleet.Catalog()); diff != "" {
		t.Errorf("catalog:\n%s", diff)
	}
	for i, d := range a.fleet.Devices() {
		if d.ID == other.fleet.Devices()[i].ID {
			t.Errorf("device %d has the same id under another seed", i)
		}
		if d.Persona == sim.Silent {
			continue
		}
		for n, q := range everything() {
			if !bytes.Equal(a.bytes(i, n), b.bytes(i, n)) {
				t.Errorf("%s answers %s in two ways", d.Persona, q.Key())
			}
		}
	}
}

func TestPersonasAreGivenOutInOrder(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Devices: 30})
	ids := make(map[string]bool)
	for i, d := range c.fleet.Devices() {
		if want := sim.Personas()[i%14]; d.Persona != want {
			t.Errorf("device %d: got %s, want %s", i, d.Persona, want)
		}
		ids[d.ID] = true
	}
	if len(ids) != 30 || len(sim.Personas()) != 14 {
		t.Errorf("%d ids, %d personas", len(ids), len(sim.Personas()))
	}
}

func TestListsAreShuffledPerDeviceAndStaySo(t *testing.T) {
	const n = 6
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.UnknownWiFiProfile}, Devices: n}, mdm.QueryProfileList(false))
	orders := make(map[string]bool)
	var all []string
	for i := range n {
		c.session(i)
		first := texts(dicts(t, c.answer(i, 0), "ProfileList"), "PayloadIdentifier")
		c.session(i)
		if again := texts(dicts(t, c.answer(i, 0), "ProfileList"), "PayloadIdentifier"); !slices.Equal(first, again) {
			t.Errorf("device %d: got %v, then %v", i, first, again)
		}
		orders[strings.Join(first, " ")] = true
		if all == nil {
			all = sorted(first)
		}
		if !slices.Equal(all, sorted(first)) {
			t.Errorf("device %d lists %v", i, first)
		}
	}
	if len(orders) < 2 {
		t.Errorf("%d devices list in one order", n)
	}
}

func TestOnlyWhatWasAskedAndGrantedComesBack(t *testing.T) {
	queries := []mdm.Query{
		mdm.QueryDeviceInformation("OSVersion", "iTunesStoreAccountIsActive", "NoSuchQuery"),
		mdm.QueryManagedApplicationList(),
		mdm.QueryInstalledApplicationList(mdm.AppFilter{Identifiers: []string{"us.zoom.videomeetings"}, Items: []string{"Identifier", "Version"}}),
	}
	for _, apps := range []bool{false, true} {
		c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime}, AppManagement: apps}, queries...)
		c.session(0)
		info := dict(t, c.answer(0, 0), "QueryResponses")
		_, store := info["iTunesStoreAccountIsActive"]
		if info["OSVersion"] == nil || store != apps || info["NoSuchQuery"] != nil {
			t.Errorf("app management %t: %v", apps, info)
		}
		want := map[bool]string{false: "Error", true: "Acknowledged"}[apps]
		if got := c.answer(0, 1)["Status"]; got != want {
			t.Errorf("app management %t: ManagedApplicationList is %v, want %s", apps, got, want)
		}
		list := dicts(t, c.answer(0, 2), "InstalledApplicationList")
		if len(list) != 1 || len(list[0]) != 2 {
			t.Errorf("apps: %v", list)
		}
	}
}

func TestSystemAppsAreListedFromIOS26On(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime}, Devices: 2},
		mdm.QueryInstalledApplicationList(mdm.AppFilter{}))
	for i, d := range c.fleet.Devices() {
		c.session(i)
		list := texts(dicts(t, c.answer(i, 0), "InstalledApplicationList"), "Identifier")
		if got, want := slices.Contains(list, "com.apple.facetime"), d.OSVersion == "26.1"; got != want {
			t.Errorf("iOS %s lists FaceTime: %t", d.OSVersion, got)
		}
	}
}

func TestProfilesAreListedAsTheSystemDoes(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Devices: 28}, mdm.QueryProfileList(true), mdm.QueryProfileList(false))
	for i, d := range c.fleet.Devices() {
		if d.Persona == sim.Silent || d.Persona == sim.Hostile || d.Persona == sim.NotNow {
			continue
		}
		c.session(i)
		managed, all := dicts(t, c.answer(i, 0), "ProfileList"), dicts(t, c.answer(i, 1), "ProfileList")
		if d.Persona != sim.UserEnrollment && len(managed) >= len(all) {
			t.Errorf("%s: %d managed profiles of %d", d.Persona, len(managed), len(all))
		}
		for _, p := range all {
			hidden := p["IsEncrypted"] == true
			if _, told := p["PayloadContent"]; told == hidden {
				t.Errorf("%s: profile %v, encrypted %t, payloads listed %t", d.Persona, p["PayloadIdentifier"], hidden, told)
			}
			if hidden {
				continue
			}
			for _, q := range dicts(t, p, "PayloadContent") {
				if got, want := q["PayloadUUID"] != nil, !strings.HasPrefix(d.OSVersion, "16."); got != want {
					t.Errorf("%s on %s: payload UUID told: %t", d.Persona, d.OSVersion, got)
				}
			}
		}
	}
}

func TestTheCatalogHoldsWhatTheConsolesInstalled(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Devices: 14}, mdm.QueryProfileList(false))
	known := make(map[string]string) // UUID to file
	for _, file := range c.fleet.Catalog() {
		doc, err := plist.Parse(file.Data, plist.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		uuid, _ := doc.Root().Get("PayloadUUID")
		text, _ := uuid.Text()
		known[text] = file.Name
	}
	unknown := make(map[string]bool)
	for i, d := range c.fleet.Devices() {
		if d.Persona == sim.Silent || d.Persona == sim.Hostile {
			continue
		}
		c.session(i)
		for _, p := range dicts(t, c.answer(i, 0), "ProfileList") {
			if known[p["PayloadUUID"].(string)] == "" {
				unknown[p["PayloadIdentifier"].(string)] = true
			}
		}
	}
	want := map[string]bool{
		"com.harbour-conference.guest": true, "org.example.seaside.enrollment": true, "org.example.seaside.radiology-vpn": true,
	}
	if diff := cmp.Diff(want, unknown); diff != "" {
		t.Errorf("profiles that no file holds (-want +got):\n%s", diff)
	}
}

// Without this the tests that look for secrets would look for nothing.
func TestSecretsAreSent(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.NotNow, sim.MeetsHIPAANoFaceTime}, Devices: 4}, everything()...)
	for i := range 4 {
		for range 3 {
			c.session(i)
		}
	}
	devices := c.fleet.Devices()
	// The second NotNow iPhone runs iOS 18, which still answers the old queries.
	for _, secret := range sim.Secrets(devices[2:3]) {
		if !c.sent(secret) {
			t.Errorf("nobody sent %q", secret)
		}
	}
}

func TestAPushWithAWrongTokenFails(t *testing.T) {
	c := newClinic(t, sim.FleetConfig{Personas: []sim.Persona{sim.Silent}})
	good := c.push(c.fleet.Devices()[0].ID)
	wrongMagic, wrongTopic := *good, *good
	wrongMagic.PushMagic, wrongTopic.Topic = "x", "x"
	for _, p := range []*nanomdm.Push{&wrongMagic, &wrongTopic, {Token: []byte{1, 2, 3}, Topic: topic}} {
		answers, err := c.fleet.Push(t.Context(), []*nanomdm.Push{p})
		if err != nil || answers[p.Token.String()].Err == nil {
			t.Errorf("pushed %v: %v", p, err)
		}
	}
	answers, err := c.fleet.Push(t.Context(), []*nanomdm.Push{good})
	if err != nil || answers[good.Token.String()].Err != nil {
		t.Errorf("a device that is off: %v, %v", answers, err)
	}
}

func TestAFleetThatCannotBeIsRefused(t *testing.T) {
	issue := func(crypto.PublicKey, string) (*x509.Certificate, error) { return nil, errors.New("closed") }
	good := sim.FleetConfig{Devices: 1, URL: "http://127.0.0.1:1", Issue: issue, Topic: topic}
	for name, spoil := range map[string]func(*sim.FleetConfig){
		"devices": func(c *sim.FleetConfig) { c.Devices = 0 },
		"URL":     func(c *sim.FleetConfig) { c.URL = "" },
		"certify": func(c *sim.FleetConfig) { c.Issue = nil },
		"topic":   func(c *sim.FleetConfig) { c.Topic = "" },
		"persona": func(c *sim.FleetConfig) { c.Personas = []sim.Persona{"unicorn"} },
	} {
		cfg := good
		spoil(&cfg)
		if fleet, err := sim.NewFleet(cfg); err == nil || fleet != nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	fleet, err := sim.NewFleet(good)
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Close()
	if err := fleet.Enroll(t.Context()); err == nil || !strings.Contains(err.Error(), string(sim.MeetsHIPAANoFaceTime)) {
		t.Errorf("enrolled without a certificate: %v", err)
	}
}
