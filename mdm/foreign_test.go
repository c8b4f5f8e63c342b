package mdm_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/wardround/wardround/mdm"
)

func TestAnAnswerToACommandOfOthersIsNamed(t *testing.T) {
	const report = `<plist version="1.0"><dict><key>UDID</key><string>A</string><key>CommandUUID</key><string>x</string><key>Status</key><string>%s</string>%s</dict></plist>`
	for _, c := range []struct {
		name, status, more string
		want               mdm.QueryKey
		does               mdm.Deed
	}{
		{"by the name it gives itself", "Acknowledged", "<key>RequestType</key><string>EraseDevice</string>", "EraseDevice", mdm.Erased},
		{"by a key that no other answer has", "Acknowledged", "<key>MessageResult</key><string>Success</string>", "DeviceLock", mdm.Locked},
		{"by a place", "Acknowledged", "<key>Latitude</key><real>49.2</real>", "DeviceLocation", mdm.Located},
		{"a refusal too", "Error", "<key>RequestType</key><string>EnableLostMode</string>", "EnableLostMode", mdm.LostModeOn},
		{"an answer to a query of ours is what it is", "Acknowledged", "<key>MessageResult</key><string>Success</string><key>SecurityInfo</key><dict/>", "SecurityInfo", ""},
		{"a name that nobody knows names nothing", "Acknowledged", "<key>RequestType</key><string>InstallProfile</string>", "", ""},
		{"nothing tells", "Acknowledged", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, _ := receive(t, fmt.Appendf(nil, report, c.status, c.more))
			if e.Query != c.want || mdm.DeedOf(e.Query) != c.does {
				t.Errorf("got %q, which does %q, want %q, %q", e.Query, mdm.DeedOf(e.Query), c.want, c.does)
			}
			reply, err := mdm.Decode(e)
			if err != nil || c.does != "" && reply.Payload {
				t.Errorf("got payload %v, %v, want it read as an answer without one", reply.Payload, err)
			}
		})
	}
}

func TestEveryDeedIsInTheTable(t *testing.T) {
	found := make(map[mdm.Deed]bool)
	for name := range mdm.ForeignNames() {
		does := mdm.DeedOf(mdm.QueryKey(name))
		found[does] = true
		if !slices.Contains(mdm.Deeds(), does) {
			t.Errorf("%s does %q, which is no deed", name, does)
		}
	}
	for _, d := range mdm.Deeds() {
		if !found[d] {
			t.Errorf("no command does %q", d)
		}
	}
}

func TestATableOfOthersThatCannotBeReadIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a column is missing":                   "A\tlock\t\n",
		"the command is ours":                   "ProfileList\tlock\t\t\n",
		"it has no name":                        "\tlock\t\t\n",
		"nobody does that":                      "A\tsing\t\t\n",
		"it does two things":                    "A\tlock\t\t\nA\terase\t\t\n",
		"two commands are told by one key":      "A\tlock\tK\t\nB\terase\tK\t\n",
		"the key answers a query of ours":       "A\tlock\tSecurityInfo\t\n",
		"the key of a query by another name is": "A\tlock\tQueryResponses\t\n",
	} {
		if err := mdm.ReadForeign(text); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if err := mdm.ReadForeign("# x\nrequest_type\tdoes\ttold_by\tnote\nA\tlock\tK\t\nA\tlock\tL\tnote\n"); err != nil {
		t.Errorf("got %v of a sound table", err)
	}
}

func TestFurtherAppsAreAskedAboutWhereAppsAreManaged(t *testing.T) {
	target := mdm.Target{Enrollment: mdm.Enrollment{ID: "A", Type: mdm.Device}, Platform: "iPadOS", OS: "18.7", AppManagement: true}
	target.Apps = []string{"com.example.charts", "us.zoom.videomeetings"}
	for _, managed := range []bool{true, false} {
		target.AppManagement = managed
		asked := 0
		for _, q := range mdm.QueriesFor(target) {
			command, err := q.Command("WR-1")
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(command, []byte("com.example.charts")) {
				asked++
				if q.RequestType() != mdm.ManagedApplicationList {
					t.Errorf("%s asks about it", q.Key())
				}
			}
		}
		if want := map[bool]int{true: 1, false: 0}[managed]; asked != want {
			t.Errorf("got %d queries about it with apps managed %v, want %d", asked, managed, want)
		}
	}
}
