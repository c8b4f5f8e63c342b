package report

import (
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
)

// lookAt says where on a device a person sees what a verdict is about, as far as
// that follows from what the device was asked: the places that Apple's user
// guides name. https://support.apple.com/guide/deployment/ and the guides for
// iPhone, iPad and Mac.
func lookAt(platform checks.Platform, v Verdict) string {
	if len(v.Evidence) == 0 {
		return "whether the device is there, switched on and on the network; nothing that it sent bears on this row"
	}
	var places []string
	for _, e := range v.Evidence {
		place := mobilePlace(e.Query)
		if platform == checks.MacOS {
			place = macPlace(e.Query)
		}
		if place != "" && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return strings.Join(places, "; ")
}

// mobilePlace is for iPhone and iPad.
func mobilePlace(query string) string {
	switch query {
	case "DeviceInformation":
		return "Settings > General > About, and the top of Settings, where a supervised device says so"
	case "Restrictions", "ProfileList":
		return "Settings > General > VPN & Device Management > the management profile, its restrictions and the other profiles"
	case "SecurityInfo":
		return "Settings > Face ID & Passcode (or Touch ID & Passcode)"
	case "InstalledApplicationList", "ManagedApplicationList", "ManagedApplicationConfiguration":
		return "Settings > Apps, or Settings > General > Storage, and the Home Screen"
	case "CertificateList":
		return "Settings > General > About > Certificate Trust Settings, and the certificates of each profile in VPN & Device Management"
	case "UserList":
		return "the sign-in window of the Shared iPad, where the recent users are"
	}
	return ""
}

// macPlace is for a Mac.
func macPlace(query string) string {
	switch query {
	case "DeviceInformation":
		return "System Settings > General > About"
	case "Restrictions", "ProfileList":
		return "System Settings > General > Device Management > the profiles and their settings"
	case "SecurityInfo":
		return "System Settings > Privacy & Security > FileVault, and Network > Firewall"
	case "InstalledApplicationList", "ManagedApplicationList", "ManagedApplicationConfiguration":
		return "the Applications folder"
	case "CertificateList":
		return "Keychain Access, and the certificates of each profile in Device Management"
	case "UserList":
		return "System Settings > Users & Groups"
	}
	return ""
}
