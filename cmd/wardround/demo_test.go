package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
	"github.com/wardround/wardround/mdm/sim"
)

const (
	hipaa    = "hipaa-no-facetime"
	phsa     = "phsa-facetime"
	wpa2     = "wpa2-enterprise"
	everyone = hipaa + "," + phsa + "," + wpa2
)

// finding is what a test expects of one verdict: "result/reason".
type finding struct{ baseline, requirement, want string }

// personas says for each simulated device what its verdicts must be.
var personas = []struct {
	persona  sim.Persona
	status   map[string]checks.Status
	findings []finding
}{
	{sim.MeetsHIPAANoFaceTime, map[string]checks.Status{hipaa: checks.Met, phsa: checks.NotMet, wpa2: checks.Met}, []finding{
		{hipaa, "os_facetime_disable", "pass"},
		{hipaa, "os_account_modification_disable", "pass"},
		{hipaa, "os_facetime_app_disable", "notapplicable"},
		{phsa, "wr_facetime_available", "fail"},
		{wpa2, "wr_wifi_enterprise_installed", "pass"},
		{wpa2, "wr_wifi_credentials_valid", "pass"},
	}},
	{sim.FaceTimeAllowed, map[string]checks.Status{hipaa: checks.NotMet}, []finding{
		{hipaa, "os_facetime_disable", "fail"},
		{hipaa, "icloud_backup_disabled", "pass"},
	}},
	{sim.ICloudBackupOn, map[string]checks.Status{hipaa: checks.NotMet}, []finding{
		{hipaa, "icloud_backup_disabled", "fail"},
		{hipaa, "wr_icloud_backup_not_in_use", "fail"},
		{hipaa, "os_facetime_disable", "pass"},
	}},
	{sim.PersonalWiFi, map[string]checks.Status{hipaa: checks.Met, wpa2: checks.NotMet}, []finding{
		{wpa2, "wr_wifi_profiles_not_weak", "fail"},
		{wpa2, "wr_wifi_enterprise_installed", "fail"},
	}},
	{sim.UnknownWiFiProfile, map[string]checks.Status{hipaa: checks.Met, wpa2: checks.Undetermined}, []finding{
		{wpa2, "wr_wifi_profiles_not_weak", "unknown/profile-content-unknown"},
	}},
	{sim.EncryptedProfile, map[string]checks.Status{hipaa: checks.Met, wpa2: checks.Undetermined}, []finding{
		{wpa2, "wr_wifi_profiles_not_weak", "unknown/encrypted-profile"},
	}},
	{sim.UnsupervisedIgnoresKey, map[string]checks.Status{hipaa: checks.NotMet}, []finding{
		{hipaa, "os_facetime_disable", "fail/not-supervised"},
		{hipaa, "wr_device_supervised", "fail"},
	}},
	{sim.UserEnrollment, map[string]checks.Status{hipaa: checks.Undetermined, phsa: checks.Undetermined, wpa2: checks.Undetermined}, []finding{
		{hipaa, "os_facetime_disable", "unknown/user-enrollment"},
		{hipaa, "icloud_backup_disabled", "unknown/user-enrollment"},
	}},
	{sim.SharedIPad, map[string]checks.Status{hipaa: checks.Met}, []finding{
		{hipaa, "icloud_drive_disable", "notapplicable"},
		{hipaa, "wr_icloud_shared_ipad_temporary_only", "pass"},
	}},
	{sim.Mac, map[string]checks.Status{hipaa: checks.Undetermined}, []finding{
		{hipaa, "os_facetime_app_disable", "unknown/effect-not-verifiable"},
		{hipaa, "os_facetime_disable", "notapplicable"},
	}},
	{sim.NotNow, map[string]checks.Status{hipaa: checks.Met}, []finding{
		{hipaa, "os_facetime_disable", "pass"},
	}},
	{sim.Silent, map[string]checks.Status{hipaa: checks.Undetermined, phsa: checks.Undetermined, wpa2: checks.Undetermined}, []finding{
		{hipaa, "os_facetime_disable", "unknown/silent"},
		{hipaa, "wr_device_recently_seen", "unknown/silent"},
	}},
	{sim.Hostile, map[string]checks.Status{hipaa: checks.Undetermined, phsa: checks.Undetermined, wpa2: checks.Undetermined}, []finding{
		{hipaa, "os_facetime_disable", "unknown/undecodable"},
	}},
	{sim.MeetsPHSAFaceTime, map[string]checks.Status{hipaa: checks.NotMet, phsa: checks.Met, wpa2: checks.Met}, []finding{
		{phsa, "wr_facetime_available", "pass"},
		{phsa, "wr_icloud_backup_not_in_use", "pass"},
		{wpa2, "wr_wifi_profiles_not_weak", "pass"},
		{wpa2, "wr_wifi_server_validated", "pass"},
		{hipaa, "os_facetime_disable", "fail"},
	}},
}

// demo runs the program and reads its JSON report.
func demo(t *testing.T, args ...string) (doc *report.Document, dir, stdout string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "demo")
	var out, errs bytes.Buffer
	status := run(t.Context(), append([]string{"demo", "--dir", dir, "--format", "json"}, args...), strings.NewReader(""), &out, &errs)
	if status != exitFailures {
		t.Fatalf("got exit status %d, want %d; standard error:\n%s", status, exitFailures, &errs)
	}
	doc, err := report.ReadJSON(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatalf("read the report: %v", err)
	}
	return doc, dir, out.String()
}

// simulated lists the devices that the demo's seed makes.
func simulated(t *testing.T, devices int) []sim.Device {
	t.Helper()
	nobody := func(crypto.PublicKey, string) (*x509.Certificate, error) { return nil, errors.New("not enrolled") }
	fleet, err := sim.NewFleet(sim.FleetConfig{Devices: devices, Seed: 1, URL: "http://127.0.0.1:1", Issue: nobody, Topic: demoTopic, AppManagement: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fleet.Close)
	return fleet.Devices()
}

func TestDemoJudgesEachPersona(t *testing.T) {
	doc, dir, stdout := demo(t, "--devices", "14", "--baseline", everyone)
	devices := simulated(t, 14)
	if got := len(doc.Devices); got != len(personas) {
		t.Fatalf("got %d devices in the report, want %d", got, len(personas))
	}
	for i, want := range personas {
		t.Run(string(want.persona), func(t *testing.T) {
			if devices[i].Persona != want.persona {
				t.Fatalf("device %d: got persona %s", i, devices[i].Persona)
			}
			at := slices.IndexFunc(doc.Devices, func(d report.Device) bool { return d.ID == devices[i].ID })
			if at < 0 {
				t.Fatalf("device %s is not in the report", devices[i].ID)
			}
			checkPersona(t, doc.Devices[at], want.status, want.findings)
		})
	}
	t.Run("nothing personal is kept", func(t *testing.T) { checkPrivacy(t, dir, devices) })
	t.Run("a saved report reproduces itself", func(t *testing.T) {
		saved := filepath.Join(t.TempDir(), "o.json")
		if err := os.WriteFile(saved, []byte(stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		run(t.Context(), []string{"report", "--from", saved, "--format", "json"}, nil, &out, &bytes.Buffer{})
		if diff := cmp.Diff(stdout, out.String()); diff != "" {
			t.Errorf("saved report (-written +reproduced):\n%s", diff)
		}
	})
}

func checkPersona(t *testing.T, d report.Device, status map[string]checks.Status, findings []finding) {
	t.Helper()
	for baseline, want := range status {
		if got := d.Status[baseline]; got != want {
			t.Errorf("%s: got %s, want %s", baseline, got, want)
			for _, v := range d.Verdicts {
				if v.Baseline == baseline && v.Level == checks.Required && v.Result != checks.Pass && v.Result != checks.NotApplicable {
					t.Logf("  %s: %s/%s: %s", v.Requirement, v.Result, v.Reason, v.Observed)
				}
			}
		}
	}
	for _, f := range findings {
		i := slices.IndexFunc(d.Verdicts, func(v report.Verdict) bool { return v.Baseline == f.baseline && v.Requirement == f.requirement })
		if i < 0 {
			t.Errorf("%s %s: no verdict", f.baseline, f.requirement)
			continue
		}
		v := d.Verdicts[i]
		got := string(v.Result)
		if strings.Contains(f.want, "/") {
			got += "/" + string(v.Reason)
		}
		if got != f.want {
			t.Errorf("%s %s: got %s (reason %s, observed %q), want %s", f.baseline, f.requirement, got, v.Reason, v.Observed, f.want)
		}
		if v.Result == checks.Pass && len(v.Evidence) == 0 {
			t.Errorf("%s %s: passes without evidence", f.baseline, f.requirement)
		}
	}
}

// checkPrivacy looks for what the fleet sends and nobody may keep in results.db,
// the file that is handed out.
func checkPrivacy(t *testing.T, dir string, devices []sim.Device) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, resultsFile))
	if err != nil {
		t.Fatal(err)
	}
	if wal, err := os.ReadFile(filepath.Join(dir, resultsFile+"-wal")); err == nil {
		data = append(data, wal...)
	}
	if !bytes.Contains(data, []byte(devices[0].ID)) {
		t.Error("results.db does not hold the first device's id: the search below would find nothing")
	}
	for _, secret := range sim.Secrets(devices) {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("results.db holds %q", secret)
		}
	}
}

func TestDemoRefusesWhatIsTheUsersToMend(t *testing.T) {
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, stateFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"a folder that holds a state.db", []string{"--dir", used}, "already holds state.db"},
		{"no device", []string{"--devices", "0"}, "not between 1 and 100000"},
		{"too many devices", []string{"--devices", "100001"}, "not between 1 and 100000"},
		{"an unknown baseline", []string{"--baseline", "hippa"}, `baseline "hippa" is neither shipped nor a file`},
		{"an unknown format", []string{"--format", "xml"}, `format "xml"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			got := run(context.Background(), append([]string{"demo"}, tc.args...), nil, &out, &errs)
			if got != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), tc.want) {
				t.Errorf("got status %d, output %q, error %q; want status 2 and %q", got, &out, &errs, tc.want)
			}
		})
	}
}
