package profiles

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks/fact"
)

// A Switch says what a profile does about one function of a device.
type Switch string

// The states of a switch.
const (
	Off           Switch = "off"
	On            Switch = "on"
	Unset         Switch = "unset"   // nothing is said
	UnknownSwitch Switch = "unknown" // something is said, and not in a way that can be relied on
)

// A Summary says in a few words what a profile does about the functions that
// the requirements turn on. For each function Off means that a key which
// Apple's schema defines for some platform switches it off, and On that one
// allows it explicitly; Notes say where the key bites. WiFiKnownOnly is the
// other way about: On is the restriction to networks that a profile set up.
//
// A value that is set once and then the user's counts for nothing. Template
// text, a value of the wrong type and payloads that disagree make a function
// unknown, encrypted payloads make all of them so.
type Summary struct {
	ICloudBackup        Switch
	ICloudDrive         Switch
	ICloudPhotos        Switch
	ICloudKeychain      Switch
	FaceTime            Switch
	AccountModification Switch
	WiFiKnownOnly       Switch

	// Notes has a sentence for each key that decides one of the functions, on
	// where it has effect and where not, and for what only seems to decide one.
	Notes []string
}

// UnknownSummary is that of a file of which nothing can be told.
func UnknownSummary() Summary {
	return Summary{
		ICloudBackup: UnknownSwitch, ICloudDrive: UnknownSwitch, ICloudPhotos: UnknownSwitch, ICloudKeychain: UnknownSwitch,
		FaceTime: UnknownSwitch, AccountModification: UnknownSwitch, WiFiKnownOnly: UnknownSwitch,
	}
}

// Summary sums up what the profile sets.
func (p *Profile) Summary() Summary {
	if p.Encrypted || p.contentUnread() {
		s := UnknownSummary()
		s.Notes = []string{"what the payloads set cannot be read"}
		return s
	}
	w := summarizer{profile: p}
	s := Summary{
		ICloudBackup:        w.decide("allowCloudBackup"),
		ICloudDrive:         w.decide("allowCloudDocumentSync"),
		ICloudPhotos:        w.decide("allowCloudPhotoLibrary"),
		ICloudKeychain:      w.decide("allowCloudKeychainSync"),
		FaceTime:            w.decide("allowVideoConferencing"),
		AccountModification: w.decide("allowAccountModification"),
		WiFiKnownOnly:       w.decide("forceWiFiToAllowedNetworksOnly"),
	}
	w.noteFaceTimeRules()
	s.Notes = w.notes
	return s
}

// contentUnread reports whether PayloadContent as a whole was passed over.
func (p *Profile) contentUnread() bool {
	return slices.ContainsFunc(p.Problems, func(q Problem) bool { return q.Code == BadPayloadContent && q.Path == "PayloadContent" })
}

// A summarizer gathers the notes while functions are decided.
type summarizer struct {
	profile *Profile
	notes   []string
}

// decide reads a key of the restrictions payload wherever it stands.
func (w *summarizer) decide(key string) Switch {
	found, once := w.find(restrictions, key)
	if once {
		w.note("%s: set once in com.apple.ManagedClient.preferences and then the user's, so it does not count", key)
	}
	if len(found) == 0 {
		return Unset
	}
	w.notes = append(w.notes, placeNotes(key, found)...)
	first, ok := found[0].Value.(bool)
	for _, s := range found {
		switch {
		case s.Placeholder:
			w.note("%s: template text stands where the value belongs", key)
			return UnknownSwitch
		case !ok || s.Mistyped:
			w.note("%s: the value is neither true nor false", key)
			return UnknownSwitch
		case !reflect.DeepEqual(s.Value, found[0].Value):
			w.note("%s: the payloads of this profile disagree", key)
			return UnknownSwitch
		}
	}
	if first {
		return On
	}
	return Off
}

// find returns the settings of a key that hold, and whether there are others
// that are only set once.
func (w *summarizer) find(domain, key string) (found []Setting, once bool) {
	for _, s := range w.profile.Settings() {
		switch {
		case s.Domain != domain || s.Key != key:
		case s.Forced:
			found = append(found, s)
		default:
			once = true
		}
	}
	return found, once
}

func (w *summarizer) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// placeNotes say where a key has effect. In the preferences payload only a Mac
// reads it.
func placeNotes(key string, found []Setting) []string {
	declared, known := fact.SettingOf(restrictions, key)
	if !known {
		return nil
	}
	direct := slices.ContainsFunc(found, func(s Setting) bool { return !s.Preference })
	wrapped := slices.ContainsFunc(found, func(s Setting) bool { return s.Preference })
	_, mac := declared.Since["macOS"]
	var notes []string
	if direct {
		notes = append(notes, key+": "+reach(declared))
	}
	switch {
	case wrapped && mac:
		notes = append(notes, fmt.Sprintf("%s: in com.apple.ManagedClient.preferences, which only a Mac reads: macOS %s or later", key, declared.Since["macOS"]))
	case wrapped:
		notes = append(notes, key+": in com.apple.ManagedClient.preferences, which only a Mac reads, and macOS has no such key: it has no effect there")
	}
	return notes
}

// reach lists the platforms of a setting, as in "iOS 4.0 or later, supervised;
// visionOS 2.0 or later, supervised; not on macOS".
func reach(s fact.Setting) string {
	var parts []string
	for _, platform := range []string{"iOS", "macOS", "visionOS", "tvOS", "watchOS"} {
		since, exists := s.Since[platform]
		if !exists {
			continue
		}
		part := fmt.Sprintf("%s %s or later", platform, since)
		if until := s.Until[platform]; until != "" {
			part = fmt.Sprintf("%s %s to %s", platform, since, until)
		}
		if s.Supervised[platform] {
			part += ", supervised"
		}
		if platform == "iOS" && !s.SharedIPad {
			part += ", not on Shared iPad"
		}
		parts = append(parts, part)
	}
	if _, mac := s.Since["macOS"]; !mac {
		parts = append(parts, "not on macOS")
	}
	return strings.Join(parts, "; ")
}

const faceTimeApp = "com.apple.facetime"

// noteFaceTimeRules tells of rules about apps that concern FaceTime. They hide
// or stop the app and do not switch the service off, so they decide nothing.
func (w *summarizer) noteFaceTimeRules() {
	for _, list := range []struct {
		key   string
		hides bool // if FaceTime is in it
	}{{"blockedAppBundleIDs", true}, {"allowListedAppBundleIDs", false}} {
		found, _ := w.find(restrictions, list.key)
		for _, s := range found {
			ids, ok := s.Value.([]string)
			if ok && slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, faceTimeApp) }) == list.hides {
				w.note("%s: hides the FaceTime app (iOS and visionOS, supervised); that calls no longer come in is not shown by it", list.key)
				break
			}
		}
	}
	const rules = "com.apple.applicationaccess.new"
	found, _ := w.find(rules, "pathDenyList")
	for _, s := range found {
		paths, _ := s.Value.([]string)
		if slices.ContainsFunc(paths, func(path string) bool { return strings.Contains(path, "FaceTime.app") }) {
			w.note("pathDenyList: is meant to keep FaceTime from being launched on a Mac; whether macOS heeds it for its own app is not known")
			break
		}
	}
}
