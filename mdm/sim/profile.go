package sim

import (
	"math/rand/v2"
	"slices"
)

// A profile is a configuration profile as its author wrote it.
type profile struct {
	file       string // in the catalog; empty: nobody has it
	identifier string
	uuid       string
	name       string
	payloads   []payload
	restricts  []restriction // what its com.apple.applicationaccess payload sets
	byHand     bool          // installed by a person, not by an MDM server
	encrypted  bool
}

// A payload is one payload of a profile; content has no Payload... keys.
type payload struct {
	kind, identifier, uuid, name string
	content                      dict
}

const organization = "Seaside Clinic"

// A catalog is all the profiles of a fleet, by the name that installed knows.
type catalog struct {
	rng      *rand.Rand
	profiles map[string]*profile
	order    []string
	clients  authority // issues identities for Wi-Fi
	user     *profile  // of each user's channel
}

// newCatalog makes the profiles. The same seed gives the same bytes.
func newCatalog(seed uint64) *catalog {
	c := &catalog{rng: rand.New(rand.NewPCG(seed, 1<<63)), profiles: make(map[string]*profile)}
	full := clinicRestrictions()
	c.add("restrictions", c.restrictions("clinic-restrictions", "Clinic restrictions", full))
	c.add("facetime", c.restrictions("clinic-restrictions-facetime", "Clinic restrictions, FaceTime allowed",
		without(full, "allowVideoConferencing")))
	c.add("backup", c.restrictions("clinic-restrictions-backup", "Clinic restrictions, iCloud Backup allowed",
		without(full, "allowCloudBackup")))
	c.add("visits", c.restrictions("virtual-visits", "Virtual visits by FaceTime",
		without(full, "allowVideoConferencing", "allowAccountModification")))
	c.add("shared", c.restrictions("clinic-shared-ipad", "Clinic restrictions, Shared iPad",
		without(full, "allowCloudDocumentSync", "allowFindMyDevice", "allowFindMyFriends")))
	c.add("byod", c.restrictions("clinic-own-devices", "Clinic data on your own device", userEnrollmentRestrictions()))
	c.add("mac", c.macProfile())
	c.add("enterprise", c.enterpriseWiFi("clinic-wifi", "Clinic Wi-Fi", "Seaside-Clinical"))
	c.add("personal", c.personalWiFi("staff-lounge-wifi", "Staff lounge Wi-Fi", "Seaside-Lounge"))
	c.add("foreign", c.foreignWiFi())
	c.add("encrypted", c.encryptedProfile())
	c.add("enrollment", c.enrollment())
	c.clients = newAuthority(c.rng, "Seaside Wi-Fi CA")
	c.user = c.userProfile()
	return c
}

func (c *catalog) add(name string, p *profile) {
	c.profiles[name] = p
	c.order = append(c.order, name)
}

// installed lists the profiles of a persona, in a slice of its own.
func (c *catalog) installed(p Persona) []*profile {
	names := []string{"enrollment", "restrictions", "enterprise"}
	switch p {
	case FaceTimeAllowed:
		names[1] = "facetime"
	case ICloudBackupOn:
		names[1] = "backup"
	case PersonalWiFi:
		names[2] = "personal"
	case UnknownWiFiProfile:
		names = append(names, "foreign")
	case EncryptedProfile:
		names = append(names, "encrypted")
	case UserEnrollment:
		names[1] = "byod"
	case SharedIPad:
		names[1] = "shared"
	case Mac:
		names[1] = "mac"
	case MeetsPHSAFaceTime:
		names[1] = "visits"
	}
	list := make([]*profile, len(names))
	for i, name := range names {
		list[i] = c.profiles[name]
	}
	return list
}

// files writes the profiles that somebody has.
func (c *catalog) files() []NamedProfile {
	var files []NamedProfile
	for _, name := range c.order {
		if p := c.profiles[name]; p.file != "" {
			files = append(files, NamedProfile{Name: p.file, Data: p.mobileconfig()})
		}
	}
	slices.SortFunc(files, func(a, b NamedProfile) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return files
}

// profile starts a profile; an empty file means that no catalog holds it.
func (c *catalog) profile(file, name string, payloads ...payload) *profile {
	id := "org.example.seaside." + file
	p := &profile{identifier: id, uuid: newUUID(c.rng), name: name, payloads: payloads, file: file + ".mobileconfig"}
	for i := range p.payloads {
		q := &p.payloads[i]
		if q.uuid == "" {
			q.uuid = newUUID(c.rng)
		}
		q.identifier = id + "." + q.identifier
	}
	return p
}

// mobileconfig writes p as the file its author has.
func (p *profile) mobileconfig() []byte {
	contents := make([]any, len(p.payloads))
	for i, q := range p.payloads {
		contents[i] = append(slices.Clone(q.content),
			entry{"PayloadDisplayName", q.name},
			entry{"PayloadIdentifier", q.identifier},
			entry{"PayloadType", q.kind},
			entry{"PayloadUUID", q.uuid},
			entry{"PayloadVersion", 1})
	}
	return writeXML(dict{
		{"PayloadContent", contents},
		{"PayloadDisplayName", p.name},
		{"PayloadIdentifier", p.identifier},
		{"PayloadOrganization", organization},
		{"PayloadScope", "System"},
		{"PayloadType", "Configuration"},
		{"PayloadUUID", p.uuid},
		{"PayloadVersion", 1},
	})
}

// enrollment is the profile that enrolled the device: installed by a person or
// by Automated Device Enrollment, and in nobody's catalog.
func (c *catalog) enrollment() *profile {
	p := c.profile("enrollment", "Device management",
		payload{kind: "com.apple.security.scep", identifier: "identity", name: "Device identity"},
		payload{kind: "com.apple.mdm", identifier: "mdm", name: "Device management"})
	p.file, p.byHand = "", true
	return p
}

// encryptedProfile hides its payloads, as IsEncrypted ones do.
func (c *catalog) encryptedProfile() *profile {
	p := c.profile("radiology-vpn", "Radiology access")
	p.file, p.encrypted = "", true
	return p
}
