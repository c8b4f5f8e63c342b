package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/profiles"
)

// compare runs diff and returns what it says.
func compare(t *testing.T, dir string, args ...string) diffRecord {
	t.Helper()
	status, out, errs := wardround(t, append([]string{"profile", "diff", "--dir", dir, "--format", "json"}, args...)...)
	if status != exitOK || errs != "" {
		t.Fatalf("got exit status %d and error %q", status, errs)
	}
	if strings.Contains(out, "null") {
		t.Error("something in the output is null")
	}
	var diff diffRecord
	if err := json.Unmarshal([]byte(out), &diff); err != nil {
		t.Fatal(err)
	}
	return diff
}

// row is what diff says of a key: intended/installed/in force: state.
func row(d driftRecord, key string) string {
	for _, s := range d.Settings {
		if s.Key == key {
			return s.Intended + "/" + s.Installed + "/" + s.InForce + ": " + s.State
		}
	}
	return "not listed"
}

func TestDiffTellsIntendedInstalledAndInForceApart(t *testing.T) {
	folder := t.TempDir()
	path, ours := mobileconfig(t, folder, "example.ours", map[string]any{"allowCloudBackup": false, "allowVideoConferencing": false, "allowCamera": true})
	stranger := t.TempDir()
	_, foreign := mobileconfig(t, stranger, "example.foreign", map[string]any{"allowAirDrop": false})
	_, newer := mobileconfig(t, stranger, "example.ours", map[string]any{"allowCloudBackup": false})

	unsupervised := pad("A")
	unsupervised.supervised = false
	ignoring := pad("A").heeds(ours)
	ignoring.limits["allowCloudBackup"] = true
	byHand := pad("A")
	byHand.limits["allowCloudBackup"] = false

	for _, tc := range []struct {
		name    string
		patient *patient
		want    map[string]string
	}{
		{"a profile that is heeded is as intended", pad("A").heeds(ours), map[string]string{
			"allowCloudBackup": "false/false/false: as-intended", "allowCamera": "true/true/true: as-intended", "allowAirDrop": "not listed",
		}},
		{"one that is not installed is not", pad("A"), map[string]string{
			"allowCloudBackup": "false/unset/true: not-installed", "allowCamera": "true/unset/true: as-intended",
		}},
		{"installed is not in force", ignoring, map[string]string{"allowCloudBackup": "false/false/true: not-in-force"}},
		{"an unsupervised device does not heed FaceTime's key", unsupervised.heeds(ours), map[string]string{
			"allowVideoConferencing": "false/false/true: not-in-force", "allowCloudBackup": "false/false/false: as-intended",
		}},
		{"in force by other means is as intended", byHand, map[string]string{"allowCloudBackup": "false/unset/false: as-intended"}},
		{"a profile nobody knows may set what nobody wants", pad("A").heeds(ours).heeds(foreign), map[string]string{"allowAirDrop": "unset/unknown/false: not-intended"}},
		{"another version may set anything", pad("A").heeds(newer), map[string]string{
			"allowCloudBackup": "false/unknown/false: as-intended", "allowVideoConferencing": "false/unknown/true: not-installed",
		}},
		{"of a Mac only our copy tells", macBook("A").heeds(ours), map[string]string{"allowCamera": "true/true/unknown: declared", "allowCloudBackup": "not listed"}},
		{"of a Mac without it that it is not installed", macBook("A"), map[string]string{"allowCamera": "true/unset/unknown: not-installed"}},
		{"of a Mac with a profile nobody knows nothing", macBook("A").heeds(foreign), map[string]string{"allowCamera": "true/unknown/unknown: not-knowable"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			diff := compare(t, keepWard(t, tc.patient), "--catalog", path, "A")
			got := map[string]string{}
			for key := range tc.want {
				got[key] = row(diff.Devices[0], key)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("intended/installed/in force (-want +got):\n%s", d)
			}
		})
	}
}

// setOnce is a profile whose value is the user's after the first time.
const setOnce = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict><key>PayloadType</key><string>Configuration</string><key>PayloadIdentifier</key><string>example.once</string>
<key>PayloadUUID</key><string>0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0001</string><key>PayloadContent</key><array><dict>
<key>PayloadType</key><string>com.apple.ManagedClient.preferences</string><key>PayloadIdentifier</key><string>example.once.mac</string>
<key>PayloadUUID</key><string>0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0002</string>
<key>PayloadContent</key><dict><key>com.apple.applicationaccess</key><dict><key>MODE</key><array><dict>
<key>mcx_preference_settings</key><dict><key>allowAirDrop</key><false/></dict></dict></array></dict></dict>
</dict></array></dict></plist>`

func TestDiffCountsNoValueThatIsSetOnce(t *testing.T) {
	for mode, want := range map[string]string{"Set-Once": "not listed", "Forced": "false/false/unknown: declared"} {
		path := writeFile(t, filepath.Join(t.TempDir(), "once.mobileconfig"), []byte(strings.Replace(setOnce, "MODE", mode, 1)))
		content := readBack(t, path)
		iPad := pad("P")
		iPad.installed = append(iPad.installed, content)
		diff := compare(t, keepWard(t, macBook("M").heeds(content), iPad), "--catalog", path)
		if got := row(diff.Devices[0], "allowAirDrop"); got != want {
			t.Errorf("%s on a Mac: got %s, want %s", mode, got, want)
		}
		if got := row(diff.Devices[1], "allowAirDrop"); got != "not listed" {
			t.Errorf("%s on an iPad, which does not read it: got %s", mode, got)
		}
	}
}

func TestDiffNamesWhatNobodyKnows(t *testing.T) {
	path, ours := mobileconfig(t, t.TempDir(), "example.ours", map[string]any{"allowCloudBackup": false})
	_, foreign := mobileconfig(t, t.TempDir(), "example.foreign", map[string]any{"allowAirDrop": false})
	enrols := &profiles.Profile{Identifier: "example.enrol", UUID: "0B5A4F1C-7A31-4E57-9C44-1C7D1A2E0001", Payloads: []profiles.Payload{{Type: "com.apple.mdm", Identifier: "m"}}}
	dir := keepWard(t, pad("A").heeds(ours).heeds(foreign).heeds(enrols), pad("B").heeds(foreign), pad("C"))
	diff := compare(t, dir, "--catalog", path)
	wantUnknown := []unknownRecord{{Identifier: "example.foreign", PayloadTypes: []string{restrictionsDomain}, Devices: []string{"A", "B"}}}
	if d := cmp.Diff(wantUnknown, diff.UnknownProfiles); d != "" {
		t.Errorf("unknown profiles (-want +got):\n%s", d)
	}
	wantCatalog := []catalogRecord{{Identifier: "example.ours", Files: []string{path}, Devices: []string{"A"}}}
	if d := cmp.Diff(wantCatalog, diff.Catalog); d != "" {
		t.Errorf("profiles of the catalog (-want +got):\n%s", d)
	}
	states := map[string]string{}
	for _, p := range diff.Devices[0].Profiles {
		states[p.Identifier] = p.State
	}
	want := map[string]string{"example.ours": profileKnown, "example.foreign": profileUnknown, "example.enrol": profileEnrols}
	if d := cmp.Diff(want, states); d != "" {
		t.Errorf("profiles of A (-want +got):\n%s", d)
	}
	if got := diff.Devices[2].NotInstalled; !slices.Equal(got, []string{"example.ours"}) {
		t.Errorf("C lacks %v, want example.ours", got)
	}
	_, text, _ := wardround(t, "profile", "diff", "--dir", dir, "--catalog", path)
	for _, want := range []string{"profiles that nobody in the catalog knows:\n     2  example.foreign", "     1  example.ours"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestDiffOfProfilesThatDisagreeTakesTheInstalledOne(t *testing.T) {
	folder := t.TempDir()
	_, strict := mobileconfig(t, folder, "example.strict", map[string]any{"allowCloudBackup": false})
	mobileconfig(t, folder, "example.loose", map[string]any{"allowCloudBackup": true})
	dir := keepWard(t, pad("A").heeds(strict), pad("B"))
	diff := compare(t, dir, "--catalog", folder)
	if got := row(diff.Devices[0], "allowCloudBackup"); got != "false/false/false: as-intended" {
		t.Errorf("with one of them installed: %s", got)
	}
	if got := row(diff.Devices[1], "allowCloudBackup"); got != "false | true/unset/true: ambiguous" {
		t.Errorf("with none of them installed: %s", got)
	}
}

func TestAFileOfTheCatalogThatCannotBeReadIsNamed(t *testing.T) {
	folder := t.TempDir()
	_, ours := mobileconfig(t, folder, "example.ours", map[string]any{"allowCloudBackup": false})
	writeFile(t, filepath.Join(folder, "broken.mobileconfig"), []byte("no profile"))
	status, out, errs := wardround(t, "profile", "diff", "--dir", keepWard(t, pad("A").heeds(ours)), "--catalog", folder, "A")
	if status != exitOK || !strings.Contains(out, "allowCloudBackup") || !strings.Contains(errs, "broken.mobileconfig: ") {
		t.Errorf("got status %d, error %q and output\n%s", status, errs, out)
	}
}

func TestDiffRefusesWhatIsTheUsersToMend(t *testing.T) {
	dir := keepWard(t, pad("A"))
	for want, args := range map[string][]string{
		`no enrolled device has the id or serial number "Z"`: {"--dir", dir, "Z"},
		"no evidence in":  {"--dir", filepath.Join(dir, "nowhere")},
		"open catalog":    {"--dir", dir, "--catalog", filepath.Join(dir, "nowhere")},
		`format "xml"`:    {"--dir", dir, "--format", "xml"},
		"accepts at most": {"--dir", dir, "A", "B"},
	} {
		status, out, errs := wardround(t, append([]string{"profile", "diff"}, args...)...)
		if status != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%v: got status %d, output %q, error %q; want status 2 and %q", args, status, out, errs, want)
		}
	}
}
