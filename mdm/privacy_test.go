package mdm_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm"
)

var update = flag.Bool("update", false, "write the table in docs/privacy.md")

const privacyPage = "../docs/privacy.md"

// A fate is what a row of scrub.tsv says.
type fate struct{ path, action, when, why, long string }

// scrubRows reads scrub.tsv; a remark between the rows is the heading of those
// that follow it.
func scrubRows(t *testing.T) (headings []string, rows map[string][]fate) {
	t.Helper()
	text, err := os.ReadFile("scrub.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows = make(map[string][]fate)
	started := false
	for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n") {
		heading, isHeading := strings.CutPrefix(line, "# ")
		fields := strings.Split(line, "\t")
		switch {
		case started && isHeading:
			headings = append(headings, heading)
		case strings.HasPrefix(line, "#"):
		case !started:
			started = true
		case len(fields) != 5:
			t.Fatalf("scrub.tsv: %q has not five fields", line)
		default:
			last := headings[len(headings)-1]
			rows[last] = append(rows[last], fate{fields[0], fields[1], fields[2], fields[3], fields[4]})
		}
	}
	return headings, rows
}

func TestEachRowSaysWhyAndHowLong(t *testing.T) {
	_, sections := scrubRows(t)
	for _, rows := range sections {
		for _, r := range rows {
			if r.why == "" {
				t.Errorf("%s (%s %s) does not say why", r.path, r.action, r.when)
			}
			if _, ok := howLong()[r.long]; !ok {
				t.Errorf("%s is kept for %q, which is no word for how long", r.path, r.long)
			}
			if dropped := r.long == "never" || r.long == "enrolled"; dropped != (r.action == "drop") {
				t.Errorf("%s: %s is kept %q", r.path, r.action, r.long)
			}
		}
	}
}

func TestThePrivacyPageIsCurrent(t *testing.T) {
	page, err := os.ReadFile(privacyPage)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- table -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		t.Fatalf("%s has not the marks %q and %q", privacyPage, begin, end)
	}
	want := before + begin + privacyTable(t) + end + after
	if *update {
		if err := os.WriteFile(privacyPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("%s is not what scrub.tsv gives; run go generate ./mdm (-want +got):\n%s", privacyPage, diff)
	}
}

// privacyTable writes the rows in plain words, one table a section. A row that
// holds on a condition is a remark beside the one that holds else.
func privacyTable(t *testing.T) string {
	t.Helper()
	headings, sections := scrubRows(t)
	var b strings.Builder
	for _, h := range headings {
		title, remark, _ := strings.Cut(h, ". ")
		fmt.Fprintf(&b, "\n### %s\n\n", strings.TrimSuffix(title, "."))
		if remark != "" {
			fmt.Fprintf(&b, "%s\n\n", remark)
		}
		b.WriteString("| key | Device, User, Shared iPad | User Enrollment | why | how long |\n|---|---|---|---|---|\n")
		rows := sections[h]
		for i := 0; i < len(rows); {
			r := rows[i]
			ours, theirs, why := inWords(r.action), inWords(r.action), r.why
			for i++; i < len(rows) && rows[i].path == r.path; i++ {
				x := rows[i]
				switch x.when {
				case "user-enrollment":
					theirs = inWords(x.action)
				case "authority":
					ours, theirs = ours+"; of an authority "+inWords(x.action), theirs+"; of an authority "+inWords(x.action)
				case "other-app":
					ours += "; of any other app " + inWords(x.action)
				default:
					t.Fatalf("there are no words for %q", x.when)
				}
				if x.why != r.why && x.when != "other-app" {
					why += "; " + x.why
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.path, ours, theirs, why, howLong()[r.long])
		}
	}
	return b.String() + "\n"
}

func inWords(action string) string {
	return map[string]string{
		"keep": "kept", "hash": "hashed with the key", "drop": "overwritten", "flag": "numbers, yes and no kept, else overwritten",
		"certificate": "overwritten but for issuer, validity and purpose",
	}[action]
}

func howLong() map[string]string {
	return map[string]string{
		"never": "not kept", "body": "message", "verdict": "message, verdict", "identity": "message, device", "enrolled": "not kept; enrollment",
	}
}

// Nothing of these is kept, wherever a device puts it.
func TestWhatIsDroppedByLaw(t *testing.T) {
	secrets := []string{"49.28273", "-123.1207", "+16045550199", "990000862471854", "8912230000", "89049032000000", "Zoe's iPad", "zoes-ipad.local", "c3RvcmUgaGFzaA", "org.example.dating"}
	bodies := []string{
		`<key>Latitude</key><real>49.28273</real><key>Longitude</key><real>-123.1207</real>`,
		`<key>QueryResponses</key><dict><key>PhoneNumber</key><string>+16045550199</string><key>IMEI</key><string>990000862471854</string>
			<key>ICCID</key><string>8912230000</string><key>EID</key><string>89049032000000</string><key>DeviceName</key><string>Zoe's iPad</string>
			<key>HostName</key><string>zoes-ipad.local</string><key>LocalHostName</key><string>zoes-ipad.local</string>
			<key>iTunesStoreAccountHash</key><string>c3RvcmUgaGFzaA</string></dict>`,
		`<key>QueryResponses</key><dict><key>ServiceSubscriptions</key><array><dict><key>PhoneNumber</key><string>+16045550199</string>
			<key>IMEI</key><string>990000862471854</string><key>ICCID</key><string>8912230000</string><key>EID</key><string>89049032000000</string></dict></array></dict>`,
		`<key>InstalledApplicationList</key><array><dict><key>Identifier</key><string>org.example.dating</string><key>Name</key><string>Zoe's iPad</string></dict>
			<dict><key>Identifier</key><string>us.zoom.xos</string><key>Identifier</key><string>org.example.dating</string></dict></array>`,
	}
	for _, who := range []string{
		`<key>UDID</key><string>D1</string>`,
		`<key>UDID</key><string>D1</string><key>UserID</key><string>U1</string>`,
		`<key>UDID</key><string>D1</string><key>UserID</key><string>` + mdm.SharedIPadUserID + `</string><key>UserShortName</key><string>a</string>`,
		`<key>EnrollmentID</key><string>E1</string>`,
		`<key>EnrollmentID</key><string>E1</string><key>EnrollmentUserID</key><string>U1</string>`,
	} {
		for _, body := range bodies {
			e, _ := receive(t, []byte(message(who+`<key>Status</key><string>Acknowledged</string><key>CommandUUID</key><string>C</string>`+body)))
			for _, secret := range secrets {
				if strings.Contains(string(e.Body), secret) {
					t.Errorf("kept %q in\n%s", secret, e.Body)
				}
			}
		}
	}
}
