package mdm_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// command builds q and reads it back.
func command(t *testing.T, q mdm.Query) map[string]any {
	t.Helper()
	body, err := q.Command("WR-1")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := plist.Parse(body, plist.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := doc.Root().Any().(map[string]any)
	if got["CommandUUID"] != "WR-1" {
		t.Errorf("CommandUUID is %v", got["CommandUUID"])
	}
	return got["Command"].(map[string]any)
}

func TestCommand(t *testing.T) {
	tests := []struct {
		name string
		q    mdm.Query
		key  mdm.QueryKey
		want map[string]any
	}{
		{
			"DeviceInformation names its queries", mdm.QueryDeviceInformation("OSVersion", "UDID"), "DeviceInformation",
			map[string]any{"RequestType": "DeviceInformation", "Queries": []any{"OSVersion", "UDID"}},
		},
		{"SecurityInfo has no parameters", mdm.QuerySecurityInfo(), "SecurityInfo", map[string]any{"RequestType": "SecurityInfo"}},
		{
			"the managed profiles are one query", mdm.QueryProfileList(true), mdm.ManagedProfiles,
			map[string]any{"RequestType": "ProfileList", "ManagedOnly": true},
		},
		{
			"all profiles are another", mdm.QueryProfileList(false), mdm.AllProfiles,
			map[string]any{"RequestType": "ProfileList", "ManagedOnly": false},
		},
		{
			"Restrictions asks for those of profiles too", mdm.QueryRestrictions(), "Restrictions",
			map[string]any{"RequestType": "Restrictions", "ProfileRestrictions": true},
		},
		{
			"apps can be narrowed down",
			mdm.QueryInstalledApplicationList(mdm.AppFilter{Identifiers: []string{"a"}, Items: []string{"Version"}, ManagedAppsOnly: true}),
			"InstalledApplicationList",
			map[string]any{
				"RequestType": "InstalledApplicationList", "Identifiers": []any{"a"}, "Items": []any{"Version"}, "ManagedAppsOnly": true,
			},
		},
		{
			"an empty filter is left out", mdm.QueryInstalledApplicationList(mdm.AppFilter{}), "InstalledApplicationList",
			map[string]any{"RequestType": "InstalledApplicationList"},
		},
		{
			"managed apps by id", mdm.QueryManagedApplicationList("a"), "ManagedApplicationList",
			map[string]any{"RequestType": "ManagedApplicationList", "Identifiers": []any{"a"}},
		},
		{
			"configurations by id", mdm.QueryManagedApplicationConfiguration("a"), "ManagedApplicationConfiguration",
			map[string]any{"RequestType": "ManagedApplicationConfiguration", "Identifiers": []any{"a"}},
		},
		{
			"certificates", mdm.QueryCertificateList(true), "CertificateList",
			map[string]any{"RequestType": "CertificateList", "ManagedOnly": true},
		},
		{"users", mdm.QueryUserList(), "UserList", map[string]any{"RequestType": "UserList"}},
		{
			"provisioning profiles", mdm.QueryProvisioningProfileList(false), "ProvisioningProfileList",
			map[string]any{"RequestType": "ProvisioningProfileList", "ManagedOnly": false},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.q.Key(); got != tt.key {
				t.Errorf("Key() = %q, want %q", got, tt.key)
			}
			if got := tt.q.Key().RequestType(); got != tt.q.RequestType() {
				t.Errorf("Key().RequestType() = %q, want %q", got, tt.q.RequestType())
			}
			if diff := cmp.Diff(tt.want, command(t, tt.q)); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommandRefuses(t *testing.T) {
	tests := []struct {
		name string
		q    mdm.Query
		uuid string
	}{
		{"the zero query", mdm.Query{}, "WR-1"},
		{"a command without an id", mdm.QuerySecurityInfo(), ""},
		{"a DeviceInformation that would be answered with everything", mdm.QueryDeviceInformation(), "WR-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if body, err := tt.q.Command(tt.uuid); err == nil || body != nil {
				t.Errorf("Command = %q, %v, want an error alone", body, err)
			}
		})
	}
}

func TestAQueryCannotBeChangedFromOutside(t *testing.T) {
	names := []string{"OSVersion"}
	q := mdm.QueryDeviceInformation(names...)
	names[0] = "DeviceName"
	if got := command(t, q)["Queries"]; !cmp.Equal(got, []any{"OSVersion"}) {
		t.Errorf("Queries = %v", got)
	}
}

func TestNewCommandUUID(t *testing.T) {
	form := regexp.MustCompile(`^WR-[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
	a, b := mdm.NewCommandUUID(), mdm.NewCommandUUID()
	if !form.MatchString(a) || a == b {
		t.Errorf("NewCommandUUID() = %q and %q, want two of the form %s", a, b, form)
	}
}

// asked returns the keys of QueriesFor(target), and the names it asks of DeviceInformation.
func asked(t *testing.T, target mdm.Target) (keys []mdm.QueryKey, names []string) {
	t.Helper()
	for _, q := range mdm.QueriesFor(target) {
		keys = append(keys, q.Key())
		params := command(t, q)
		if list, ok := params["Queries"].([]any); ok {
			for _, name := range list {
				names = append(names, name.(string))
			}
		}
	}
	return keys, names
}

func device(platform, os string) mdm.Target {
	return mdm.Target{Enrollment: mdm.Enrollment{ID: "D1", Type: mdm.Device}, Platform: platform, OS: os}
}

func TestQueriesFor(t *testing.T) {
	ios := []mdm.QueryKey{
		"DeviceInformation", "SecurityInfo", mdm.ManagedProfiles, mdm.AllProfiles, "CertificateList", "Restrictions", "InstalledApplicationList",
	}
	apps := append(slices.Clone(ios), "ManagedApplicationList", "ManagedApplicationConfiguration")
	noRestrictions := slices.DeleteFunc(slices.Clone(ios), func(k mdm.QueryKey) bool { return k == "Restrictions" })
	withApps := func(t mdm.Target) mdm.Target { t.AppManagement = true; return t }
	owners := device("iOS", "18.7")
	owners.Enrollment.Type = mdm.UserEnrollmentDevice
	tests := []struct {
		name   string
		target mdm.Target
		want   []mdm.QueryKey
	}{
		{"an iPad", device("iPadOS", "18.7.2"), ios},
		{"an iPad with the right to manage apps", withApps(device("iPadOS", "26.1")), apps},
		{"a Vision Pro with the right to manage apps", withApps(device("visionOS", "26.1")), apps},
		{"an Apple TV has no managed apps", withApps(device("tvOS", "18.0")), ios},
		{"a watch", device("watchOS", "11.0"), ios},
		{"a Mac is never asked for restrictions", device("macOS", "15.2"), noRestrictions},
		{
			"a Mac's app configuration is in its profiles", withApps(device("macOS", "15.2")),
			append(slices.Clone(noRestrictions), "ManagedApplicationList"),
		},
		{"an old Mac has no managed apps", withApps(device("macOS", "10.15.7")), noRestrictions},
		{
			"an old iPad cannot tell managed profiles", device("iPadOS", "12.5.7"),
			[]mdm.QueryKey{"DeviceInformation", "SecurityInfo", mdm.AllProfiles, "CertificateList", "Restrictions", "InstalledApplicationList"},
		},
		{"an unknown platform is asked what all answer", device("", ""), noRestrictions},
		{
			"a person's own device is asked little", withApps(owners),
			[]mdm.QueryKey{
				"DeviceInformation", "SecurityInfo", mdm.ManagedProfiles, "CertificateList", "ManagedApplicationList",
			},
		},
		{
			"a Shared iPad's user is asked nothing",
			mdm.Target{Enrollment: mdm.Enrollment{ID: "D1:u", Type: mdm.SharedIPad, ParentID: "D1"}, Platform: "iPadOS", SharedIPad: true},
			nil,
		},
		{"a Mac's user is asked nothing", mdm.Target{Enrollment: mdm.Enrollment{ID: "D1:u", Type: mdm.User, ParentID: "D1"}, Platform: "macOS"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := asked(t, tt.target)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("queries (-want +got):\n%s", diff)
			}
			again, _ := asked(t, tt.target)
			if !slices.Equal(got, again) {
				t.Errorf("another order the second time: %v, then %v", got, again)
			}
		})
	}
}

func TestOfAnOwnersDeviceOnlyManagedCertificatesAreAskedFor(t *testing.T) {
	owners := device("iOS", "26.1")
	owners.Enrollment.Type = mdm.UserEnrollmentDevice
	for target, want := range map[*mdm.Target]bool{&owners: true, new(device("iOS", "26.1")): false, new(device("macOS", "26.1")): false} {
		queries := mdm.QueriesFor(*target)
		i := slices.IndexFunc(queries, func(q mdm.Query) bool { return q.RequestType() == mdm.CertificateList })
		if i < 0 {
			t.Fatalf("%s is not asked for its certificates", target.Platform)
		}
		if got := command(t, queries[i])["ManagedOnly"]; got != want {
			t.Errorf("%s, %s: ManagedOnly is %v, want %v", target.Platform, target.Enrollment.Type, got, want)
		}
	}
}

func TestDeviceInformationQueries(t *testing.T) {
	owners, shared := device("iPadOS", "18.7"), device("iPadOS", "18.7")
	owners.Enrollment.Type = mdm.UserEnrollmentDevice
	owners.AppManagement = true
	shared.SharedIPad, shared.AppManagement = true, true
	tests := []struct {
		name      string
		target    mdm.Target
		want, not []string
	}{
		{
			"an iPhone's own number", device("iOS", "26.1"),
			[]string{"IsSupervised", "SerialNumber", "IsCloudBackupEnabled", "LastCloudBackupDate", "ServiceSubscriptions", "AwaitingConfiguration"},
			[]string{"PhoneNumber", "iTunesStoreAccountIsActive", "TemporarySessionOnly"},
		},
		{"an old iPhone has one number", device("iOS", "11.4.1"), []string{"PhoneNumber"}, []string{"ServiceSubscriptions"}},
		{"an iPad's SIM is for data", device("iPadOS", "18.7"), []string{"IsMultiUser"}, []string{"ServiceSubscriptions", "PhoneNumber"}},
		{"a Shared iPad", shared, []string{"TemporarySessionOnly", "iTunesStoreAccountIsActive"}, nil},
		{
			"a Mac has no iCloud backup", device("macOS", "15.2"),
			[]string{"IsSupervised", "AwaitingConfiguration"},
			[]string{"IsCloudBackupEnabled", "LastCloudBackupDate", "IsDeviceLocatorServiceEnabled", "IsMultiUser"},
		},
		{
			"nothing is asked about the owner", owners,
			[]string{"IsSupervised", "OSVersion"},
			[]string{
				"UDID", "SerialNumber", "IsCloudBackupEnabled", "LastCloudBackupDate", "IsDeviceLocatorServiceEnabled",
				"iTunesStoreAccountIsActive", "AwaitingConfiguration",
			},
		},
		{
			"a platform that is not known", device("", ""),
			[]string{"ProductName", "OSVersion", "IsSupervised", "SerialNumber"},
			[]string{"IsMultiUser", "IsCloudBackupEnabled"},
		},
	}
	personalOrVolatile := []string{
		"DeviceName", "IMEI", "MEID", "ICCID", "WiFiMAC", "BluetoothMAC", "BatteryLevel", "AvailableDeviceCapacity", "DeviceCapacity",
		"OSUpdateSettings", "SoftwareUpdateDeviceID", "iTunesStoreAccountHash", "HostName", "LocalHostName",
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, names := asked(t, tt.target)
			for _, name := range tt.want {
				if !slices.Contains(names, name) {
					t.Errorf("%s is not asked", name)
				}
			}
			for _, name := range append(slices.Clone(tt.not), personalOrVolatile...) {
				if slices.Contains(names, name) {
					t.Errorf("%s is asked", name)
				}
			}
		})
	}
}

func TestNothingThatChangesADeviceCanBeAsked(t *testing.T) {
	readOnly := []string{
		"DeviceInformation", "SecurityInfo", "ProfileList", "Restrictions", "InstalledApplicationList", "ManagedApplicationList",
		"ManagedApplicationConfiguration", "CertificateList", "UserList", "ProvisioningProfileList",
	}
	for _, platform := range []string{"iOS", "iPadOS", "macOS", "tvOS", "visionOS", "watchOS", ""} {
		target := device(platform, "26.1")
		target.AppManagement = true
		for _, q := range mdm.QueriesFor(target) {
			params := command(t, q)
			if name := params["RequestType"].(string); !slices.Contains(readOnly, name) {
				t.Errorf("%s is asked %s", platform, name)
			}
			for param := range params {
				if strings.HasPrefix(param, "Delete") || strings.HasPrefix(param, "Set") {
					t.Errorf("%s has the parameter %s", q.Key(), param)
				}
			}
		}
	}
}
