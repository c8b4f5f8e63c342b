package profiles_test

import (
	"fmt"

	"github.com/wardround/wardround/profiles"
)

func ExampleParse() {
	p, err := profiles.Parse("ward.mobileconfig", []byte(profileOf(limits(noBackup+"<key>allowFaceTime</key><false/>"), wifiOf(encryption("WEP")))))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range p.Settings() {
		if s.Known {
			fmt.Printf("%s %s = %v\n", s.Domain, s.Key, s.Value)
		}
	}
	for _, w := range p.WiFi(profiles.Platform{Name: "iPadOS", OS: "26.1"}) {
		fmt.Printf("%s is %s and %s: %s\n", w.SSID, w.Security, w.Rating, w.Why)
	}
	for _, q := range p.Problems {
		fmt.Printf("%s: %s\n", q.Path, q.Message)
	}
	// Output:
	// com.apple.applicationaccess allowCloudBackup = false
	// Ward is wep and bad: WEP is broken
	// PayloadContent[0].allowFaceTime: allowFaceTime does nothing: the key is allowVideoConferencing
}
