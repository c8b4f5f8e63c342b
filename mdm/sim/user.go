package sim

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"github.com/wardround/wardround/mdm"
)

// A user is a person with a channel of his own on a device.
type user struct {
	id        string // UserID, or EnrollmentUserID
	shortName string
	longName  string
	directory bool // asks by UserAuthenticate before he is managed

	pushToken []byte
	pushMagic string
	profiles  []*profile

	managed bool // the server has taken his TokenUpdate
	queued  bool // guarded by Fleet.mu
}

// newUsers makes the users of a device: two of a Mac, of whom the second comes
// from a directory, and one of a Shared iPad and of a User Enrollment. Apple
// has users of a User Enrollment on Macs alone; here they are on its iPhones.
func newUsers(d *device, c *catalog, rng *rand.Rand) []*user {
	switch d.Persona {
	case Mac:
		return []*user{newUser(d, c, 0, rng), newUser(d, c, 1, rng)}
	case SharedIPad, UserEnrollment:
		return []*user{newUser(d, c, 0, rng)}
	default:
		return nil
	}
}

func newUser(d *device, c *catalog, i int, rng *rand.Rand) *user {
	name := fmt.Sprintf("nurse%d", rng.IntN(1_000_000))
	u := &user{
		id:        newUUID(rng),
		shortName: name,
		longName:  fmt.Sprintf("Nurse Nightingale %s", name[len("nurse"):]),
		directory: d.Persona == Mac && i == 1,
		pushToken: randomBytes(rng, 32),
		pushMagic: newUUID(rng),
		profiles:  []*profile{c.user},
	}
	if d.Persona == SharedIPad {
		u.id, u.shortName = mdm.SharedIPadUserID, name+"@clinic.example" // a Managed Apple Account
	}
	return u
}

// channel is the enrollment id that NanoMDM makes of the user's messages.
func (d *device) channel(u *user) string {
	if d.Persona == SharedIPad {
		return d.ID + ":" + u.shortName
	}
	return d.ID + ":" + u.id
}

// token is the name of the user with the push service.
func (u *user) token() string { return hex.EncodeToString(u.pushToken) }

// whoIs names the user in a message, and the device if u is nil.
func (d *device) whoIs(u *user) dict {
	switch {
	case u == nil:
		return d.who()
	case d.Persona == UserEnrollment:
		return append(d.who(), entry{"EnrollmentUserID", u.id})
	default:
		return append(d.who(),
			entry{"UserID", u.id}, entry{"UserLongName", u.longName}, entry{"UserShortName", u.shortName})
	}
}

// userAnswer answers a command on the channel of a user, where less is known
// than on the device's and the profiles are others.
func (d *device) userAnswer(cmd command, u *user) (payload dict, code int) {
	switch cmd.RequestType {
	case "DeviceInformation":
		return d.userInformation(cmd.Queries), 0
	case "SecurityInfo":
		management := dict{{"IsUserEnrollment", d.Persona == UserEnrollment}}
		return dict{{"SecurityInfo", dict{{"ManagementStatus", management}}}}, 0
	case "ProfileList":
		list := make([]any, len(u.profiles))
		for i, p := range u.profiles {
			list[i] = d.listed(p)
		}
		return dict{{"ProfileList", list}}, 0
	case "CertificateList":
		return dict{{"CertificateList", []any{}}}, 0
	case "InstalledApplicationList":
		if d.Persona == Mac {
			return dict{{"InstalledApplicationList", []any{d.listedApp(app{
				identifier: "org.example.seaside.notes", name: "Notes of my own", version: "1.0",
				path: "/Users/" + u.shortName + "/Applications/Notes of my own.app",
			}, nil)}}}, 0
		}
	case "Restrictions":
		if d.Persona == SharedIPad {
			none := dict{{"restrictedBool", dict{}}, {"restrictedValue", dict{}}}
			return dict{{"GlobalRestrictions", none}}, 0
		}
	}
	return nil, notValid
}

// userInformation answers the few queries that a user's channel knows.
func (d *device) userInformation(queries []string) dict {
	var answers dict
	for _, name := range queries {
		switch name {
		case "OSVersion", "BuildVersion", "ModelName", "Model", "ProductName":
			answers = append(answers, entry{name, d.information(name)})
		}
	}
	return dict{{"QueryResponses", answers}}
}

// userProfile is scoped to a user: it restricts nothing, and its network is
// not one of the clinic. Read as the device's, it would turn verdicts.
func (c *catalog) userProfile() *profile {
	p := c.profile("user-settings", "Settings of a user",
		payload{
			kind: "com.apple.applicationaccess", identifier: "restrictions", name: "Restrictions of a user",
			content: dict{{"allowVideoConferencing", true}},
		},
		payload{
			kind: "com.apple.wifi.managed", identifier: "wifi", name: "Wi-Fi of a user",
			content: dict{{"EncryptionType", "WPA2"}, {"SSID_STR", "Home"}},
		})
	p.file = "" // nobody has it
	return p
}
