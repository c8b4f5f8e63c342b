package plist_test

import (
	"fmt"
	"strings"
	"testing"

	groob "github.com/groob/plist"

	"github.com/wardround/wardround/internal/plist"
)

const header = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`

// answer wraps the body of a device's answer in its envelope.
func answer(uuid, body string) []byte {
	return []byte(header + `<dict>
	<key>CommandUUID</key>
	<string>` + uuid + `</string>
	<key>Status</key>
	<string>Acknowledged</string>
	<key>UDID</key>
	<string>00008101-000A1D8E3C28001E</string>
` + body + "</dict>\n</plist>\n")
}

// deviceAnswers are six answers of one iPad: about 205 KB in all.
func deviceAnswers() [][]byte {
	return [][]byte{
		answer("device-information", deviceInformation()),
		answer("security-info", securityInfo()),
		answer("profile-list", profileList(15)),
		answer("restrictions", restrictions()),
		answer("installed-applications", applications(150)),
		answer("certificates", certificates(20)),
	}
}

func deviceInformation() string {
	var b strings.Builder
	b.WriteString("\t<key>QueryResponses</key>\n\t<dict>\n")
	for i := range 30 {
		fmt.Fprintf(&b, "\t\t<key>ReportedProperty%d</key>\n\t\t<string>value number %d</string>\n", i, i)
	}
	b.WriteString("\t\t<key>BatteryLevel</key>\n\t\t<real>0.94999998807907104</real>\n")
	b.WriteString("\t\t<key>IsSupervised</key>\n\t\t<true/>\n\t</dict>\n")
	return b.String()
}

func securityInfo() string {
	return `	<key>SecurityInfo</key>
	<dict>
		<key>HardwareEncryptionCaps</key>
		<integer>3</integer>
		<key>PasscodePresent</key>
		<true/>
		<key>PasscodeCompliant</key>
		<true/>
		<key>PasscodeLockGracePeriodEnforced</key>
		<integer>0</integer>
	</dict>
`
}

func profileList(n int) string {
	var b strings.Builder
	b.WriteString("\t<key>ProfileList</key>\n\t<array>\n")
	for i := range n {
		fmt.Fprintf(&b, "\t\t<dict>\n\t\t\t<key>PayloadDisplayName</key>\n\t\t\t<string>Profile &amp; settings %d</string>\n", i)
		fmt.Fprintf(&b, "\t\t\t<key>PayloadIdentifier</key>\n\t\t\t<string>org.example.profile.%d</string>\n", i)
		b.WriteString("\t\t\t<key>IsEncrypted</key>\n\t\t\t<false/>\n\t\t\t<key>IsManaged</key>\n\t\t\t<true/>\n\t\t\t<key>PayloadContent</key>\n\t\t\t<array>\n")
		for j := range 4 {
			fmt.Fprintf(&b, "\t\t\t\t<dict>\n\t\t\t\t\t<key>PayloadType</key>\n\t\t\t\t\t<string>com.apple.applicationaccess</string>\n"+
				"\t\t\t\t\t<key>PayloadUUID</key>\n\t\t\t\t\t<string>6F2B4E0A-0000-4000-8000-%012d</string>\n"+
				"\t\t\t\t\t<key>PayloadVersion</key>\n\t\t\t\t\t<integer>1</integer>\n\t\t\t\t</dict>\n", 100*i+j)
		}
		fmt.Fprintf(&b, "\t\t\t</array>\n\t\t\t<key>SignerCertificates</key>\n\t\t\t<array>\n\t\t\t\t<data>\n%s\t\t\t\t</data>\n\t\t\t</array>\n\t\t</dict>\n", base64Lines(2900, i))
	}
	b.WriteString("\t</array>\n")
	return b.String()
}

func restrictions() string {
	var b strings.Builder
	b.WriteString("\t<key>GlobalRestrictions</key>\n\t<dict>\n\t\t<key>restrictedBool</key>\n\t\t<dict>\n")
	for i := range 60 {
		fmt.Fprintf(&b, "\t\t\t<key>allowThing%d</key>\n\t\t\t<dict>\n\t\t\t\t<key>value</key>\n\t\t\t\t<false/>\n\t\t\t</dict>\n", i)
	}
	b.WriteString("\t\t</dict>\n\t</dict>\n")
	return b.String()
}

func applications(n int) string {
	var b strings.Builder
	b.WriteString("\t<key>InstalledApplicationList</key>\n\t<array>\n")
	for i := range n {
		fmt.Fprintf(&b, "\t\t<dict>\n\t\t\t<key>BundleSize</key>\n\t\t\t<integer>%d</integer>\n", 1_000_000+i*4711)
		fmt.Fprintf(&b, "\t\t\t<key>Identifier</key>\n\t\t\t<string>com.example.application%d</string>\n", i)
		fmt.Fprintf(&b, "\t\t\t<key>Installing</key>\n\t\t\t<false/>\n\t\t\t<key>IsValidated</key>\n\t\t\t<true/>\n")
		fmt.Fprintf(&b, "\t\t\t<key>Name</key>\n\t\t\t<string>Application %d für Ärzte</string>\n", i)
		fmt.Fprintf(&b, "\t\t\t<key>ShortVersion</key>\n\t\t\t<string>%d.2.1</string>\n\t\t\t<key>Version</key>\n\t\t\t<string>20%d</string>\n", i%9, i)
		b.WriteString("\t\t\t<key>HasUpdateAvailable</key>\n\t\t\t<false/>\n\t\t\t<key>AppStoreVendable</key>\n\t\t\t<true/>\n\t\t\t<key>BetaApp</key>\n\t\t\t<false/>\n\t\t</dict>\n")
	}
	b.WriteString("\t</array>\n")
	return b.String()
}

func certificates(n int) string {
	var b strings.Builder
	b.WriteString("\t<key>CertificateList</key>\n\t<array>\n")
	for i := range n {
		fmt.Fprintf(&b, "\t\t<dict>\n\t\t\t<key>CommonName</key>\n\t\t\t<string>Example CA %d</string>\n\t\t\t<key>Data</key>\n\t\t\t<data>\n%s\t\t\t</data>\n\t\t\t<key>IsIdentity</key>\n\t\t\t<false/>\n\t\t</dict>\n", i, base64Lines(2600, i))
	}
	b.WriteString("\t</array>\n")
	return b.String()
}

// base64Lines is n characters of base64 in lines of 52, as Apple breaks them.
func base64Lines(n, seed int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var b strings.Builder
	for i := range n / 4 * 4 {
		if i > 0 && i%52 == 0 {
			b.WriteByte('\n')
		}
		b.WriteByte(alphabet[(i*i*7+seed+i/3)%64])
	}
	b.WriteByte('\n')
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	answers := deviceAnswers()
	var size int64
	for _, a := range answers {
		if _, err := plist.Parse(a, plist.Limits{}); err != nil {
			b.Fatal(err)
		}
		size += int64(len(a))
	}
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			for _, a := range answers {
				if _, err := plist.Parse(a, plist.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("ours into any", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			for _, a := range answers {
				doc, err := plist.Parse(a, plist.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				doc.Root().Any()
			}
		}
	})
	b.Run("groob", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			for _, a := range answers {
				var v any
				if err := groob.Unmarshal(a, &v); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkApplications reads what the facts need of each of 150 apps.
func BenchmarkApplications(b *testing.B) {
	data := answer("installed-applications", applications(150))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		doc, err := plist.Parse(data, plist.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		list, _ := doc.Root().Get("InstalledApplicationList")
		for app := range list.Items() {
			for _, key := range []string{"Identifier", "Name", "Version"} {
				if v, ok := app.Get(key); ok {
					v.Text()
				}
			}
		}
	}
}

func BenchmarkGuardBinary(b *testing.B) {
	data := binaryApps(150)
	if err := plist.GuardBinary(data, plist.Limits{}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := plist.GuardBinary(data, plist.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
