package checks

// Ternary is yes, no or unknown.
type Ternary string

// The values of a Ternary.
const (
	Yes      Ternary = "yes"
	No       Ternary = "no"
	NotKnown Ternary = "unknown"
)

// Platform is an operating system's name as Apple writes it.
type Platform string

// The platforms.
const (
	IOS             Platform = "iOS"
	IPadOS          Platform = "iPadOS"
	MacOS           Platform = "macOS"
	TVOS            Platform = "tvOS"
	VisionOS        Platform = "visionOS"
	WatchOS         Platform = "watchOS"
	UnknownPlatform Platform = "unknown"
)

// A Subject is the device as verdicts, store, report and web share it.
type Subject struct {
	ID             string // the device channel's enrollment id
	Serial         string // empty in a User Enrollment
	Platform       Platform
	OS             string // version, such as "18.1"; empty when not known
	Build          string // of the operating system, such as "22B83"; empty when not known
	Model          string // ProductName, such as "iPad14,1"
	Supervised     Ternary
	EnrollmentType string // NanoMDM's name of it; Shared iPad for a device in that mode
	Groups         []string
	Profiles       string // sums up which profiles are installed; empty when not known
	Asset
}

// An Asset is what the organisation's inventory says of a device. What it does
// not say is empty.
type Asset struct {
	AssetTag  string
	Site      string
	Ward      string
	OwnerRole string
	Group     string
}
