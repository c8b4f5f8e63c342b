package sim

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// An Answer is the payload of an answer to one RequestType: the keys, with
// their values, that stand in its dictionary beside those of the envelope.
type Answer struct {
	RequestType string
	Payload     string
}

// SixAnswers are the answers of one device that servers are measured with:
// together about 205 kB, in the order in which they are asked for. They are of
// no persona, and the same for the same number of a device.
func SixAnswers(device int) []Answer {
	types := []string{
		"DeviceInformation", "SecurityInfo", "ProfileList", "Restrictions", "InstalledApplicationList", "CertificateList",
	}
	answers := make([]Answer, len(types))
	for i, t := range types {
		answers[i] = Answer{t, sixAnswer(t, device)}
	}
	return answers
}

// sixAnswer makes the payload for a RequestType, "" if it is none of the six.
func sixAnswer(requestType string, device int) string {
	switch requestType {
	case "DeviceInformation":
		return sixInformation(device)
	case "SecurityInfo":
		return "<key>SecurityInfo</key><dict><key>PasscodePresent</key><true/><key>HardwareEncryptionCaps</key><integer>3</integer></dict>"
	case "ProfileList":
		return sixProfiles(device)
	case "Restrictions":
		return sixRestrictions()
	case "InstalledApplicationList":
		return sixApps(device)
	case "CertificateList":
		return sixCertificates(device)
	}
	return ""
}

func sixInformation(device int) string {
	return "<key>QueryResponses</key><dict>" + repeat(60, func(i int) string {
		return fmt.Sprintf("<key>OSVersion%d</key>\n<string>18.%d</string>\n", i, device%7)
	}) + "<key>OSVersion</key><string>18.7</string></dict>"
}

func sixProfiles(device int) string {
	certificate := blob(device, 1500)
	return "<key>ProfileList</key><array>" + repeat(15, func(i int) string {
		return fmt.Sprintf("<dict><key>PayloadIdentifier</key><string>org.clinic.%d</string><key>PayloadUUID</key><string>%08d</string>"+
			"<key>PayloadVersion</key><integer>1</integer><key>SignerCertificates</key><array><data>%s</data></array><key>PayloadContent</key><array>%s</array></dict>\n",
			i, device, certificate, repeat(4, func(j int) string {
				return fmt.Sprintf("<dict><key>PayloadType</key><string>com.apple.applicationaccess</string><key>PayloadIdentifier</key><string>org.clinic.%d.%d</string>"+
					"<key>PayloadVersion</key><integer>1</integer></dict>\n", i, j)
			}))
	}) + "</array>"
}

func sixRestrictions() string {
	return "<key>GlobalRestrictions</key><dict><key>restrictedBool</key><dict>" + repeat(90, func(i int) string {
		return fmt.Sprintf("<key>allowThing%d</key>\n<dict>\n<key>value</key>\n<false/>\n</dict>\n", i)
	}) + "</dict></dict>"
}

func sixApps(device int) string {
	return "<key>InstalledApplicationList</key><array>" + repeat(150, func(i int) string {
		return fmt.Sprintf("<dict>\n<key>Identifier</key>\n<string>com.example.application.%d.%d</string>\n<key>Name</key>\n<string>Application %d</string>\n"+
			"<key>ShortVersion</key>\n<string>%d.1</string>\n<key>Version</key>\n<string>%d</string>\n<key>IsValidated</key>\n<true/>\n<key>Installing</key>\n<false/>\n"+
			"<key>AppStoreVendable</key>\n<true/>\n<key>BetaApp</key>\n<false/>\n<key>AdHocCodeSigned</key>\n<false/>\n<key>DeviceBasedVPP</key>\n<true/>\n"+
			"<key>HasUpdateAvailable</key>\n<false/>\n<key>IsAppClip</key>\n<false/>\n<key>ProfileValidated</key>\n<true/>\n<key>UAT</key>\n<string>%s</string>\n</dict>\n",
			device%11, i, i, i, 4000+i, strings.Repeat("u", 280))
	}) + "</array>"
}

func sixCertificates(device int) string {
	certificate := blob(device, 1400)
	return "<key>CertificateList</key><array>" + repeat(14, func(i int) string {
		return fmt.Sprintf("<dict><key>CommonName</key><string>CA %d</string><key>IsIdentity</key><false/><key>Data</key><data>%s</data></dict>\n", i, certificate)
	}) + "</array>"
}

func repeat(n int, f func(i int) string) string {
	var s strings.Builder
	for i := range n {
		s.WriteString(f(i))
	}
	return s.String()
}

// blob is about n bytes that differ from device to device.
func blob(device, n int) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(device), 0x5a, 7}, n/3))
}

// sameBytes answers cmd with one of the six answers, and anything else with an
// error. A payload is made anew each time: kept, those of 10,000 devices would
// take 2 GB.
func (d *device) sameBytes(cmd command, u *user) (body []byte, status string) {
	payload := sixAnswer(cmd.RequestType, d.number)
	if payload == "" {
		return writeXML(append(dict{
			{"CommandUUID", cmd.CommandUUID},
			{"ErrorChain", errorChain(cmd.RequestType, notValid)},
			{"Status", "Error"},
		}, d.whoIs(u)...)), "Error"
	}
	// The envelope, with the payload before the end of its dictionary.
	envelope := writeXML(append(dict{{"CommandUUID", cmd.CommandUUID}, {"Status", "Acknowledged"}}, d.whoIs(u)...))
	end := bytes.LastIndex(envelope, []byte("</dict>"))
	body = make([]byte, 0, len(envelope)+len(payload))
	body = append(body, envelope[:end]...)
	body = append(body, payload...)
	return append(body, envelope[end:]...), "Acknowledged"
}
