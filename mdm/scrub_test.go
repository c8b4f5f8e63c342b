package mdm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

func TestNoSecretIsKept(t *testing.T) {
	list, err := os.ReadFile("testdata/secrets.txt")
	if err != nil {
		t.Fatal(err)
	}
	secrets := strings.Split(strings.TrimSpace(string(list)), "\n")
	sent := make(map[string]bool)
	for name, body := range fixtures(t) {
		e, _ := receive(t, body)
		for _, secret := range secrets {
			if strings.Contains(string(body), secret) {
				sent[secret] = true
			}
			if strings.Contains(string(e.Body), secret) || strings.Contains(e.Enrollment.ID, secret) {
				t.Errorf("%s keeps %q", name, secret)
			}
		}
	}
	for _, secret := range secrets {
		if !sent[secret] {
			t.Errorf("no fixture holds %q: the test proves nothing about it", secret)
		}
	}
}

func TestScrub(t *testing.T) {
	const zoe = "zoe@clinic.example"
	sum := sha256.Sum256([]byte(zoe))
	hashed := hex.EncodeToString(sum[:])[:len(zoe)]
	tests := []struct{ name, pairs, want string }{
		{"what no row names is dropped", `<key>NewSecret</key><string>abc</string>`, `<key>NewSecret</key><string>xxx</string>`},
		{
			"inside an answer too", `<key>QueryResponses</key><dict><key>New</key><string>abc</string></dict>`,
			`<key>QueryResponses</key><dict><key>New</key><string>xxx</string></dict>`,
		},
		{
			"and all that is beneath it", `<key>New</key><array><dict><key>A</key><integer>-12</integer><key>B</key><data>QUJD</data></dict></array>`,
			`<key>New</key><array><dict><key>A</key><integer>000</integer><key>B</key><data>AAAA</data></dict></array>`,
		},
		{"a real", `<key>New</key><real>1.5</real>`, `<key>New</key><real>000</real>`},
		{
			"a date becomes none", `<key>New</key><date>2026-01-02T03:04:05Z</date>`,
			`<key>New</key><date>0000-00-00T00:00:00Z</date>`,
		},
		{"a boolean becomes an empty text", `<key>New</key><false/><key>Newer</key><true></true>`, `<key>New</key><string/><key>Newer</key><string/>`},
		{"empty stays empty", `<key>New</key><string></string><key>A</key><data/><key>B</key><dict/>`, `<key>New</key><string></string><key>A</key><data/><key>B</key><dict/>`},
		{"blank stays blank", `<key>New</key><string> </string>`, `<key>New</key><string> </string>`},
		{"entities and CDATA are text", `<key>New</key><string>&amp;<![CDATA[<a]]></string>`, `<key>New</key><string>` + strings.Repeat("x", 19) + `</string>`},
		{"each of two equal keys", `<key>IMEI</key><string>35</string><key>IMEI</key><string>36</string>`, `<key>IMEI</key><string>xx</string><key>IMEI</key><string>xx</string>`},
		{"folds of data stay", "<key>Token</key><data>\n\tQUJD\n\tRA==\n</data>", "<key>Token</key><data>\n\tAAAA\n\tAA==\n</data>"},
		{"a hash is as long as the text", `<key>UserShortName</key><string>` + zoe + `</string>`, `<key>UserShortName</key><string>` + hashed + `</string>`},
		{"what should be a text is dropped with all in it", `<key>UserLongNames</key><array><string>Zoe</string></array>`, `<key>UserLongNames</key><array><string>xxx</string></array>`},
		{
			"a dict where a text belongs", `<key>QueryResponses</key><dict><key>OSVersion</key><dict><key>value</key><string>Zoe</string></dict></dict>`,
			`<key>QueryResponses</key><dict><key>OSVersion</key><dict><key>value</key><string>xxx</string></dict></dict>`,
		},
		{"comments", `<!-- Zoe --><key>Topic</key><!----><string>a<!--Zoe-->b</string>`, `<!--     --><key>Topic</key><!----><string>a<!--   -->b</string>`},
		{"processing instructions", `<?Zoe?><key>Topic</key><string>a</string>`, `<?   ?><key>Topic</key><string>a</string>`},
		{"attributes", `<key>Topic</key><string name="Zoe">a</string><key>New</key><true name='Zoe'/>`, `<key>Topic</key><string           >a</string><key>New</key><string/>`},
		{
			"what says Shared iPad stays", `<key>UserID</key><string>` + mdm.SharedIPadUserID + `</string>`,
			`<key>UserID</key><string>` + mdm.SharedIPadUserID + `</string>`,
		},
		{
			"the comment in CDATA is text", `<key>Topic</key><string><![CDATA[<!-- a -->]]></string><!--b-->`,
			`<key>Topic</key><string><![CDATA[<!-- a -->]]></string><!-- -->`,
		},
		{
			"restrictions are the organisation's", `<key>GlobalRestrictions</key><dict><key>union</key><dict><key>k</key><dict><key>values</key><array><string>com.a</string></array></dict></dict></dict>`,
			`<key>GlobalRestrictions</key><dict><key>union</key><dict><key>k</key><dict><key>values</key><array><string>com.a</string></array></dict></dict></dict>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, acknowledged(tt.pairs))
			if want := string(acknowledged(tt.want)); string(e.Body) != want {
				t.Errorf("kept\n%s, want\n%s", e.Body, want)
			}
			if _, err := plist.Parse(e.Body, plist.Limits{}); err != nil {
				t.Errorf("what is kept does not parse: %v", err)
			}
		})
	}
}

func TestOfAPersonsOwnDevice(t *testing.T) {
	const answer = `<key>Status</key><string>Acknowledged</string><key>InstalledApplicationList</key>` +
		`<array><dict><key>Identifier</key><string>us.zoom.videomeetings</string><key>Version</key><string>1</string></dict></array>`
	theirs, _ := receive(t, message(`<key>EnrollmentID</key><string>E1</string>`+answer))
	if strings.Contains(string(theirs.Body), "us.zoom") {
		t.Errorf("kept %s", theirs.Body)
	}
	ours, _ := receive(t, message(`<key>UDID</key><string>D1</string>`+answer))
	if !strings.Contains(string(ours.Body), "us.zoom") {
		t.Errorf("kept %s", ours.Body)
	}
	information, _ := receive(t, fixture(t, "device_information_user_enrollment"))
	r, err := mdm.Decode(information)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Facts {
		if f.Key == "DeviceInformation.SerialNumber" || f.Key == "DeviceInformation.IsDeviceLocatorServiceEnabled" {
			if f.Known() {
				t.Errorf("%s is %v", f.Key, f.Value)
			}
		}
	}
}

func TestScrubTable(t *testing.T) {
	const header = "path\taction\twhen\twhy\tlong\n"
	tests := []struct{ name, table, want string }{
		{"a misspelt action", "A\tkep\t\t\t", `no action "kep"`},
		{"a misspelt condition", "A\tkeep\t\t\t\nA\tdrop\tuser-enrolment\t\t", `no condition "user-enrolment"`},
		{"an exception without its rule", "A\tkeep\tauthority\t\t", "has to come first"},
		{"two rows for one path", "A/[]/B\tkeep\t\t\t\nA/[]/B\tdrop\t\t\t", "has a row already"},
		{"a condition on all that is beneath", "A/**\tkeep\tauthority\t\t", "cannot have a condition"},
		{"a missing column", "A\tkeep\t", "3 columns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := mdm.CheckScrubTable(header + tt.table + "\n"); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one with %q", err, tt.want)
			}
		})
	}
}
