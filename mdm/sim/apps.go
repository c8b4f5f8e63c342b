package sim

import "slices"

// An app is one entry of InstalledApplicationList.
type app struct {
	identifier, name, version, path string
	managed, system                 bool
}

// apps lists what is installed, the system's own apps included.
func (d *device) apps() []app {
	if d.Persona == Mac {
		return []app{
			{identifier: "com.apple.FaceTime", name: "FaceTime", version: "36", path: "/System/Applications/FaceTime.app", system: true},
			{identifier: "us.zoom.xos", name: "zoom.us", version: "6.2.11 (43613)", path: "/Applications/zoom.us.app", managed: true},
			{name: "Scanner Helper", path: "/Applications/Scanner Helper.app"}, // neither identifier nor version
		}
	}
	list := []app{
		{identifier: "us.zoom.videomeetings", name: "Zoom Workplace", version: "6.2.11.20402", managed: true},
		{identifier: "com.apple.facetime", name: "FaceTime", version: "1.0", system: true},
		{identifier: "org.example.seaside.rounds", name: "Visite – 病棟", version: " ", managed: true},
		{identifier: "com.example.crossword", name: "Crossword “Daily”", version: "3.4"},
	}
	shuffle(d.order, list)
	return list
}

// installedApps answers InstalledApplicationList. iOS lists its own apps from
// 26 on, and in a User Enrollment only managed ones.
func (d *device) installedApps(cmd command) dict {
	list := []any{}
	for _, a := range d.apps() {
		wanted := len(cmd.Identifiers) == 0 || slices.Contains(cmd.Identifiers, a.identifier)
		hidden := a.system && d.Persona != Mac && major(d.OSVersion) < 26
		managedOnly := cmd.ManagedAppsOnly || d.Persona == UserEnrollment
		if wanted && !hidden && (a.managed || !managedOnly) {
			list = append(list, d.listedApp(a, cmd.Items))
		}
	}
	return dict{{"InstalledApplicationList", list}}
}

// listedApp has the keys that were asked for; a Mac has all of them always.
func (d *device) listedApp(a app, items []string) dict {
	size := 1 // what system apps say
	if !a.system {
		size = 187_432_960
	}
	all := dict{
		{"BundleSize", size},
		{"Identifier", a.identifier},
		{"Installing", false},
		{"IsValidated", a.managed},
		{"Name", a.name},
		{"Path", a.path},
		{"ShortVersion", a.version},
		{"Version", a.version},
	}
	return slices.DeleteFunc(all, func(e entry) bool {
		asked := len(items) == 0 || slices.Contains(items, e.key) || d.Persona == Mac
		return !asked || e.value == ""
	})
}

// managedApps answers ManagedApplicationList.
func (d *device) managedApps(identifiers []string) dict {
	var list dict
	for _, a := range d.apps() {
		if a.managed && (len(identifiers) == 0 || slices.Contains(identifiers, a.identifier)) {
			list = append(list, entry{a.identifier, dict{
				{"HasConfiguration", a.name == "Zoom Workplace"},
				{"HasFeedback", false},
				{"IsValidated", true},
				{"ManagementFlags", 1},
				{"Status", "Managed"},
			}})
		}
	}
	return dict{{"ManagedApplicationList", list}}
}

// appConfigurations answers ManagedApplicationConfiguration.
func (d *device) appConfigurations(identifiers []string) dict {
	list := []any{}
	const zoom = "us.zoom.videomeetings"
	if d.Persona != Mac && (len(identifiers) == 0 || slices.Contains(identifiers, zoom)) {
		list = append(list, dict{
			{"Configuration", dict{
				{"DisableFacebookLogin", "YES"},
				{"DisableGoogleLogin", 1},
				{"DisableLoginWithEmail", true},
				{"EnableAppleLogin", false},
				{"EnforceAppSignInToJoin", true},
				{"ForceSSOURL", "seaside.zoom.example"},
			}},
			{"Identifier", zoom},
		})
	}
	return dict{{"ApplicationConfigurations", list}}
}
