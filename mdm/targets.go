package mdm

import (
	"slices"
	"strconv"
	"strings"
)

// A Target is what QueriesFor needs to know of an enrollment. What is not
// known is empty.
type Target struct {
	Enrollment    Enrollment
	Platform      string // iOS iPadOS macOS tvOS visionOS watchOS or ""
	OS            string // version, such as 18.7.2
	SharedIPad    bool
	AppManagement bool     // the right to manage apps (4096) was granted
	Apps          []string // bundle ids of further managed apps to ask about, with AppManagement
}

// The platforms, as a Target spells them.
const (
	iOS      = "iOS"
	iPadOS   = "iPadOS"
	macOS    = "macOS"
	tvOS     = "tvOS"
	visionOS = "visionOS"
	watchOS  = "watchOS"
)

// The apps that facts are about.
const (
	zoomMobile    = "us.zoom.videomeetings"
	zoomMac       = "us.zoom.xos"
	skypeMobile   = "com.microsoft.lync2013.iphone"
	faceTime      = "com.apple.facetime"
	faceTimeOnMac = "com.apple.FaceTime"
)

// askedApps are the apps that facts are about; of others nothing is kept.
func askedApps() []string {
	return []string{zoomMobile, zoomMac, skypeMobile, faceTime, faceTimeOnMac}
}

// QueriesFor returns what to ask t, always in the same order: no more than the
// facts need, and nothing that its platform, its version or its way of
// enrolling forbids. Of a platform that is not known only what every platform
// answers is asked. A user channel is asked nothing: facts are about devices.
func QueriesFor(t Target) []Query {
	if t.Enrollment.UserChannel() {
		return nil
	}
	queries := []Query{QueryDeviceInformation(t.deviceQueries()...), QuerySecurityInfo()}
	if t.owners() || t.listsManaged() {
		queries = append(queries, QueryProfileList(true))
	}
	if !t.owners() {
		queries = append(queries, QueryProfileList(false))
	}
	// All of them: a Wi-Fi profile installed by hand trusts anchors too.
	queries = append(queries, QueryCertificateList(t.owners()))
	if !t.owners() && t.on(iOS, iPadOS, tvOS, visionOS, watchOS) {
		queries = append(queries, QueryRestrictions())
	}
	if !t.owners() {
		queries = append(queries, QueryInstalledApplicationList(t.apps()))
	}
	if t.AppManagement && (t.on(iOS, iPadOS, visionOS) || t.on(macOS) && t.since(11, 0)) {
		queries = append(queries, QueryManagedApplicationList(t.managedApps()...))
	}
	if t.AppManagement && !t.owners() && t.on(iOS, iPadOS, visionOS) { // a Mac's app configuration is in its profiles
		queries = append(queries, QueryManagedApplicationConfiguration(zoomMobile))
	}
	return queries
}

// deviceQueries names what to ask of DeviceInformation. Nothing volatile is
// among it, so that an unchanged device gives an unchanged answer.
func (t Target) deviceQueries() []string {
	names := []string{"OSVersion", "BuildVersion", "ModelName", "Model", "ProductName", "IsSupervised"}
	if t.on(iOS, iPadOS) {
		names = append(names, "IsMultiUser")
	}
	if t.owners() { // the rest tells about the owner, and most of it is forbidden
		return names
	}
	names = append(names, "UDID", "SerialNumber")
	if t.Platform != "" && !t.on(watchOS) {
		names = append(names, "AwaitingConfiguration")
	}
	if t.on(iOS, iPadOS, visionOS) {
		names = append(names, "IsCloudBackupEnabled", "LastCloudBackupDate", "IsDeviceLocatorServiceEnabled")
	}
	if t.AppManagement && t.on(iOS, iPadOS, macOS, tvOS, visionOS) {
		names = append(names, "iTunesStoreAccountIsActive")
	}
	switch {
	case t.on(iOS) && t.since(12, 0): // only an iPhone's own number is one to be reached at
		names = append(names, "ServiceSubscriptions")
	case t.on(iOS):
		names = append(names, "PhoneNumber")
	}
	if t.SharedIPad && t.since(14, 5) {
		names = append(names, "TemporarySessionOnly")
	}
	return names
}

// apps narrows the app list to what facts are about. Before iOS 26 system apps
// are never listed, and asking for one costs nothing.
func (t Target) apps() AppFilter {
	filter := AppFilter{Items: []string{"Identifier", "ShortVersion", "Version"}}
	switch {
	case t.Platform == "":
		return AppFilter{Identifiers: askedApps()}
	case t.on(macOS):
		return AppFilter{Identifiers: []string{zoomMac, faceTime, faceTimeOnMac}}
	case t.on(iOS, iPadOS, visionOS):
		filter.Identifiers = []string{zoomMobile, skypeMobile, faceTime}
	default:
		filter.Identifiers = []string{faceTime}
	}
	if t.on(iOS, iPadOS, tvOS) && !t.since(14, 0) {
		filter.Items = nil
	}
	return filter
}

// managedApps are those that facts are about, and the further ones.
func (t Target) managedApps() []string {
	asked := t.apps().Identifiers
	for _, id := range t.Apps {
		if !slices.Contains(asked, id) {
			asked = append(asked, id)
		}
	}
	return asked
}

// owners reports whether t is a person's own device.
func (t Target) owners() bool { return t.Enrollment.Type == UserEnrollmentDevice }

// on reports whether t is one of the platforms.
func (t Target) on(platforms ...string) bool { return slices.Contains(platforms, t.Platform) }

// listsManaged reports whether t can tell managed profiles from others: older
// systems ignore the wish and list all.
func (t Target) listsManaged() bool {
	if t.on(macOS) {
		return t.since(10, 15)
	}
	return !t.on(iOS, iPadOS, tvOS) || t.since(13, 0)
}

// since reports whether t runs at least the version major.minor. A version
// that is not known counts as a new one: what a device does not know it leaves
// out of its answer.
func (t Target) since(major, minor int) bool {
	first, rest, _ := strings.Cut(t.OS, ".")
	second, _, _ := strings.Cut(rest, ".")
	m, err := strconv.Atoi(first)
	if err != nil {
		return true
	}
	n, err := strconv.Atoi(second)
	if err != nil {
		n = 0
	}
	return m > major || m == major && n >= minor
}
