package mdm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm"
)

func TestEnvelopeTraps(t *testing.T) {
	const status = `<key>Status</key><string>Acknowledged</string>`
	tests := []struct {
		name string
		body string
		want mdm.Enrollment
	}{
		{"an entity in an id is what it stands for", status + `<key>UDID</key><string>D&#45;1</string>`, mdm.Enrollment{ID: "D-1", Type: mdm.Device}},
		{"an entity in a key too", status + `<key>UDI&#68;</key><string>D1</string>`, mdm.Enrollment{ID: "D1", Type: mdm.Device}},
		{
			"CDATA in Status is text", `<key>Status</key><string><![CDATA[Acknowledged]]></string><key>UDID</key><string>D1</string>`,
			mdm.Enrollment{ID: "D1", Type: mdm.Device},
		},
		{
			"a UDID inside an answer is no identity",
			`<key>QueryResponses</key><dict><key>UDID</key><string>VICTIM</string></dict>` + status + `<key>UDID</key><string>D1</string>`,
			mdm.Enrollment{ID: "D1", Type: mdm.Device},
		},
		{
			"a UDID inside an answer does not stand in for one",
			`<key>QueryResponses</key><dict><key>UDID</key><string>VICTIM</string></dict>` + status,
			mdm.Enrollment{},
		},
		{"the same key twice with one value is harmless", status + status + `<key>UDID</key><string>D1</string>`, mdm.Enrollment{ID: "D1", Type: mdm.Device}},
		{
			"a user of a Mac", status + `<key>UDID</key><string>D1</string><key>UserID</key><string>U1</string>`,
			mdm.Enrollment{ID: "D1:U1", Type: mdm.User, ParentID: "D1"},
		},
		{
			"a user of a Shared iPad goes by the short name",
			status + `<key>UDID</key><string>D1</string><key>UserID</key><string>FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF</string>` +
				`<key>UserShortName</key><string>zoe@clinic.example</string>`,
			mdm.Enrollment{ID: "D1:zoe@clinic.example", Type: mdm.SharedIPad, ParentID: "D1"},
		},
		{"a person's own device", status + `<key>EnrollmentID</key><string>E1</string>`, mdm.Enrollment{ID: "E1", Type: mdm.UserEnrollmentDevice}},
		{
			"and its user", status + `<key>EnrollmentID</key><string>E1</string><key>EnrollmentUserID</key><string>U1</string>`,
			mdm.Enrollment{ID: "E1:U1", Type: mdm.UserEnrollment, ParentID: "E1"},
		},
		{
			"a UDID goes before an EnrollmentID", status + `<key>UDID</key><string>D1</string><key>EnrollmentID</key><string>E1</string>`,
			mdm.Enrollment{ID: "D1", Type: mdm.Device},
		},
		{
			"an empty UDID is none", status + `<key>UDID</key><string/><key>EnrollmentID</key><string>E1</string>`,
			mdm.Enrollment{ID: "E1", Type: mdm.UserEnrollmentDevice},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, env := receive(t, message(tt.body))
			got, ok := env.Enrollment()
			if got != tt.want || ok != (tt.want.ID != "") {
				t.Errorf("Enrollment() = %+v, %t, want %+v", got, ok, tt.want)
			}
			if env.Status != mdm.Acknowledged || env.Class != mdm.Report {
				t.Errorf("Status %q of class %q, want an acknowledged report", env.Status, env.Class)
			}
			if e.Enrollment != got.Private() {
				t.Errorf("Evidence has enrollment %+v, want %+v", e.Enrollment, got.Private())
			}
		})
	}
}

func TestNanoMDMReadsTheSameEnvelope(t *testing.T) {
	for name, body := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			_, env := receive(t, body)
			var theirs nanomdm.Enrollment
			switch env.Class {
			case mdm.Report:
				r, err := nanomdm.DecodeCommandResults(body)
				if err != nil {
					t.Fatal(err)
				}
				if r.Status != string(env.Status) || r.CommandUUID != env.CommandUUID || len(r.ErrorChain) != len(env.ErrorChain) {
					t.Errorf("NanoMDM reads %+v, we read %+v", r, env)
				}
				theirs = r.Enrollment
			case mdm.CheckIn:
				m, err := nanomdm.DecodeCheckin(body)
				if err != nil {
					t.Fatal(err)
				}
				switch m := m.(type) {
				case *nanomdm.Authenticate:
					theirs = m.Enrollment
				case *nanomdm.TokenUpdate:
					theirs = m.Enrollment
				case *nanomdm.CheckOut:
					theirs = m.Enrollment
				}
			}
			r := theirs.Resolved()
			want := mdm.Enrollment{ID: r.DeviceChannelID, Type: mdm.EnrollmentType(r.Type.String())}
			if r.IsUserChannel {
				want.ID, want.ParentID = r.DeviceChannelID+":"+r.UserChannelID, r.DeviceChannelID
			}
			if got, _ := env.Enrollment(); got != want {
				t.Errorf("Enrollment() = %+v, NanoMDM has %+v", got, want)
			}
		})
	}
}

func TestRefusedEnvelopes(t *testing.T) {
	const udid, ack = `<key>UDID</key><string>D1</string>`, `<key>Status</key><string>Acknowledged</string>`
	tests := []struct {
		name, body string
		want       string // in the error
	}{
		{"an unknown Status is named", udid + `<key>Status</key><string>Fine</string>`, `there is no Status "Fine"`},
		{"two different Statuses contradict each other", udid + ack + `<key>Status</key><string>Error</string>`, "Status is there twice"},
		{"two different UDIDs contradict each other", ack + udid + `<key>UDID</key><string>D2</string>`, "UDID is there twice"},
		{"a Status that is no text", udid + `<key>Status</key><integer>1</integer>`, "Status is of type integer"},
		{"a UDID that is no text", ack + `<key>UDID</key><data>RDE=</data>`, "UDID is of type data"},
		{"neither report nor check-in", udid + `<key>CommandUUID</key><string>C1</string>`, "neither a Status"},
		{"both report and check-in", udid + ack + `<key>MessageType</key><string>CheckOut</string>`, "and a MessageType"},
		{"a UDID that reads as a user of another device", ack + `<key>UDID</key><string>D1:user</string>`, "no id has"},
		{"a UDID that leads out of a folder", ack + `<key>UDID</key><string>../../etc</string>`, "no id has"},
		{"an id that is too long", ack + `<key>UDID</key><string>` + strings.Repeat("D", 257) + `</string>`, "more than 256"},
		{"a line end in an id", ack + "<key>UDID</key><string>D1\nD2</string>", "control character"},
		{
			"two answers at once", udid + ack + `<key>SecurityInfo</key><dict/><key>ProfileList</key><array/>`,
			"answers both SecurityInfo and ProfileList",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, env, err := mdm.Receive(message(tt.body), received)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error is %v, want one with %q", err, tt.want)
			}
			if env != nil || e.Class != mdm.Unread || e.Refusal != err.Error() || e.Status != "" || e.Query != "" {
				t.Errorf("refused as %+v with envelope %+v", e, env)
			}
		})
	}
}

func TestWhatIsKnownOfARefusedMessage(t *testing.T) {
	e, _, err := mdm.Receive(message(`<key>UDID</key><string>D1</string><key>CommandUUID</key><string>C1</string>`+
		`<key>Status</key><string>Fine</string>`), received)
	if err == nil {
		t.Fatal("an unknown Status was taken")
	}
	if e.CommandUUID != "C1" || e.Enrollment != (mdm.Enrollment{ID: "D1", Type: mdm.Device}) {
		t.Errorf("the command is %q of %+v, want C1 of D1", e.CommandUUID, e.Enrollment)
	}
	e, _, err = mdm.Receive(message(`<key>UDID</key><string>D1</string><key>UDID</key><string>D2</string>`+
		`<key>Status</key><string>Idle</string>`), received)
	if err == nil || e.Enrollment.ID != "" {
		t.Errorf("a message of two devices was given to %q (%v)", e.Enrollment.ID, err)
	}
}

func TestKindIsToldByThePayloadKey(t *testing.T) {
	tests := []struct {
		name, pairs string
		want        mdm.QueryKey
	}{
		{"QueryResponses", `<key>QueryResponses</key><dict/>`, "DeviceInformation"},
		{"GlobalRestrictions", `<key>GlobalRestrictions</key><dict/>`, "Restrictions"},
		{"both keys of Restrictions", `<key>GlobalRestrictions</key><dict/><key>ProfileRestrictions</key><dict/>`, "Restrictions"},
		{"Users", `<key>Users</key><array/>`, "UserList"},
		{"ApplicationConfigurations", `<key>ApplicationConfigurations</key><array/>`, "ManagedApplicationConfiguration"},
		{"CertificateList", `<key>CertificateList</key><array/>`, "CertificateList"},
		{"a RequestType that disagrees", `<key>RequestType</key><string>ProfileList</string><key>SecurityInfo</key><dict/>`, "SecurityInfo"},
		{"a RequestType alone", `<key>RequestType</key><string>ProfileList</string>`, "ProfileList"},
		{"a RequestType that is never asked", `<key>RequestType</key><string>InstallProfile</string>`, ""},
		{"nothing", ``, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if e, _ := receive(t, acknowledged(tt.pairs)); e.Query != tt.want {
				t.Errorf("Query = %q, want %q", e.Query, tt.want)
			}
		})
	}
}

func TestAsked(t *testing.T) {
	tests := []struct {
		name  string
		body  []byte
		asked mdm.QueryKey
		want  mdm.QueryKey
	}{
		{name: "the command tells which list a ProfileList is", body: fixture(t, "profile_list"), asked: mdm.AllProfiles, want: mdm.AllProfiles},
		{name: "an Error says nothing of its kind", body: fixture(t, "restrictions_user_enrollment"), asked: "Restrictions", want: "Restrictions"},
		{name: "NotNow", body: fixture(t, "not_now"), asked: mdm.ManagedProfiles, want: mdm.ManagedProfiles},
		{name: "the answer counts, not the command", body: fixture(t, "security_info_iphone"), asked: "Restrictions", want: "SecurityInfo"},
		{name: "Idle answers nothing", body: fixture(t, "idle"), asked: "Restrictions", want: ""},
		{name: "a check-in answers nothing", body: fixture(t, "check_out"), asked: "Restrictions", want: "CheckOut"},
		{name: "an unknown command", body: fixture(t, "profile_list"), asked: "", want: "ProfileList"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := receive(t, tt.body)
			e.Asked(tt.asked)
			if e.Query != tt.want {
				t.Errorf("Query = %q, want %q", e.Query, tt.want)
			}
		})
	}
}

func TestErrorChain(t *testing.T) {
	_, env := receive(t, fixture(t, "restrictions_user_enrollment"))
	want := []mdm.ErrorLink{
		{ErrorCode: 12021, ErrorDomain: "MCMDMErrorDomain", USEnglishDescription: "“Restrictions” is not a valid request type."},
		{ErrorCode: -909, ErrorDomain: "MCOtherDomain"},
	}
	if diff := cmp.Diff(want, env.ErrorChain); diff != "" {
		t.Errorf("ErrorChain (-want +got):\n%s", diff)
	}
}

func TestPrivate(t *testing.T) {
	tests := []struct {
		name string
		e    mdm.Enrollment
		want string
	}{
		{"a device is no person", mdm.Enrollment{ID: "D1", Type: mdm.Device}, "D1"},
		{
			"an account is hashed",
			mdm.Enrollment{ID: "D1:zoe@clinic.example", Type: mdm.SharedIPad, ParentID: "D1"},
			"D1:user-93fd882109acfac6",
		},
		{"a user without a name has a hash too", mdm.Enrollment{ID: "D1:", Type: mdm.SharedIPad, ParentID: "D1"}, "D1:user-e3b0c44298fc1c14"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.e.Private()
			if got.ID != tt.want || got.Type != tt.e.Type || got.ParentID != tt.e.ParentID {
				t.Errorf("Private() = %+v, want id %s", got, tt.want)
			}
			if again := got.Private(); again != got {
				t.Errorf("Private() of it = %+v", again)
			}
		})
	}
}
