package profiles

import (
	"strings"
	"sync"

	"github.com/wardround/wardround/checks/fact"
)

// restrictions is the payload type of most restrictions.
const restrictions = "com.apple.applicationaccess"

// deadKey tells keys that look right and do nothing: they occur in public
// profiles and in no schema of Apple's. It returns the key that does what this
// one seems to do, "" if there is none.
func deadKey(domain, key string) (instead string, dead bool) {
	switch domain {
	case restrictions:
		return deadRestriction(key)
	case wifiType:
		switch key {
		case "OneTimePassword", "EAPClientConfiguration.OneTimePassword":
			return "EAPClientConfiguration.OneTimeUserPassword", true
		case "Hidden", "HiddenNetwork":
			return "HIDDEN_NETWORK", true
		case "SSID":
			return "SSID_STR", true
		case "Encryption", "SecurityType":
			return "EncryptionType", true
		}
	}
	return "", false
}

func deadRestriction(key string) (instead string, dead bool) {
	switch key {
	case "allowFaceTime", "allowFacetime":
		return "allowVideoConferencing", true
	case "allowVideoConferenceingRemoteControl":
		return "allowVideoConferencingRemoteControl", true
	case "allowSiri":
		return "allowAssistant", true
	case "safariAllowed":
		return "allowSafari", true
	case "allowiCloudBackup":
		return "allowCloudBackup", true
	case "allowiCloudDrive", "allowiCloudDocumentSync":
		return "allowCloudDocumentSync", true
	case "allowiCloudKeychain", "allowiCloudKeychainSync":
		return "allowCloudKeychainSync", true
	case "allowiCloudPhotos", "allowiCloudPhotoLibrary":
		return "allowCloudPhotoLibrary", true
	case "allowiMessage", "allowMessages":
		return "allowChat", true
	case "allowSiriServerLogging", "allowMediaSharing":
		return "", true
	}
	for _, start := range []string{"allowiCloud", "allowAppleAccount", "allowAppleID", "allowWiFi", "allowWifi"} {
		if strings.HasPrefix(key, start) {
			return "", true
		}
	}
	return "", false
}

// spellings finds the declared settings by their letters alone.
var spellings = sync.OnceValue(func() map[string]string {
	m := make(map[string]string)
	for _, s := range fact.Settings() {
		m[strings.ToLower(s.Domain+":"+s.Key)] = s.Key
	}
	return m
})

// respelt returns the declared key that differs from key in case only, or "".
// Apple's own payloads are case-sensitive; other domains are not our concern.
func respelt(domain, key string) string {
	if !strings.HasPrefix(domain, "com.apple.") {
		return ""
	}
	return spellings()[strings.ToLower(domain+":"+key)]
}
