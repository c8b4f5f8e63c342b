// Package profiles reads configuration profiles (.mobileconfig) and says what
// they set.
//
// MDM never returns the content of an installed profile, so the files
// themselves are the only place to learn it. Parse reads XML and binary
// property lists, signed or not; Settings lists what the payloads set and where
// each value stands; WiFi judges the networks they install; Verify judges the
// signature. What stays open (encrypted content, template text, a value of the
// wrong type) is reported as unknown and never read as a value.
//
// The package is pure: bytes in, values out. It opens no file, reads no clock
// and does not know which profiles a device has; see internal/catalog for
// folders of profiles and internal/judge for devices.
package profiles
