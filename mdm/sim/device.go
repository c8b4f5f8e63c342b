package sim

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A device is one simulated device. A session of it never runs twice at once,
// which is what its mutable fields rely on.
type device struct {
	Device
	identity
	cfg      *FleetConfig
	keys     *keyring
	meter    *meter
	number   int // in the fleet
	round    int // how many devices before it are of the same persona
	texts    texts
	profiles []*profile // in the order in which this device lists them
	order    uint64     // shuffles the device's other lists
	clients  authority  // issues its identity for Wi-Fi
	client   []byte     // that identity, once it was asked for

	pushToken   []byte
	pushMagic   string
	unlockToken []byte
	users       []*user
	awaits      bool // is in Setup Assistant

	queued, running bool // guarded by Fleet.mu
	sessions        int  // so far
	attacks         int  // of Hostile: bodies sent
}

// texts are what a device says about its owner and its hardware. They exist so
// that something is there to be dropped.
type texts struct {
	name, phone, imei, imei2, meid, iccid, eid, wifiMAC, bluetoothMAC, owner string
}

func (t texts) list() []string {
	return []string{t.name, t.owner, t.phone, t.imei, t.imei2, t.meid, t.iccid, t.eid, t.wifiMAC, t.bluetoothMAC}
}

// newDevice makes device i of a fleet.
func newDevice(cfg *FleetConfig, c *catalog, i int) *device {
	rng := rand.New(rand.NewPCG(cfg.Seed, uint64(i)))
	d := &device{
		Device: Device{Persona: cfg.Personas[i%len(cfg.Personas)]},
		cfg:    cfg,
		number: i,
		round:  i / len(cfg.Personas),
		awaits: cfg.AwaitingConfiguration,
	}
	d.Platform, d.Model = hardware(d.Persona)
	d.OSVersion = osVersion(d.Persona, d.round)
	d.ID, d.Serial = newID(d.Persona, rng), newSerial(rng)
	if cfg.Name != nil {
		d.ID, d.Serial = cfg.Name(i)
	}
	d.texts = newTexts(d.Model, rng)
	d.secrets = d.texts.list()
	d.pushToken = randomBytes(rng, 32)
	d.pushMagic = newUUID(rng)
	d.unlockToken = randomBytes(rng, 900)
	if d.Persona == UserEnrollment {
		d.Serial = ""
	}
	d.order = rng.Uint64()
	d.profiles, d.clients = c.installed(d.Persona), c.clients
	shuffle(d.order, d.profiles)
	if cfg.UserChannels {
		// Of their own, so that the device is the same with users and without.
		d.users = newUsers(d, c, rand.New(rand.NewPCG(d.order, 2)))
	}
	for _, u := range d.users {
		d.Users = append(d.Users, d.channel(u))
		d.secrets = append(d.secrets, u.shortName, u.longName)
	}
	return d
}

// shuffle brings a list into the order of one device, the same every time.
func shuffle[T any](order uint64, list []T) {
	rng := rand.New(rand.NewPCG(order, uint64(len(list))))
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// hardware returns platform and ModelName.
func hardware(p Persona) (platform, model string) {
	switch p {
	case Mac:
		return "macOS", "MacBook Air"
	case UserEnrollment, UnsupervisedIgnoresKey, NotNow, Silent, Hostile:
		return "iOS", "iPhone"
	default:
		return "iPadOS", "iPad"
	}
}

// osVersion alternates between two systems from round to round.
func osVersion(p Persona, round int) string {
	versions := [2]string{"26.1", "18.7.2"}
	switch p {
	case Mac:
		versions = [2]string{"26.1", "15.7.2"}
	case UnsupervisedIgnoresKey: // the second lists no payload UUIDs
		versions = [2]string{"17.7.10", "16.7.12"}
	}
	return versions[round%2]
}

// major is the first number of an OS version.
func major(version string) int {
	first, _, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(first)
	return n
}

// newID returns an enrollment id in one of the shapes that devices have.
func newID(p Persona, rng *rand.Rand) string {
	switch {
	case p == Mac, p == UserEnrollment:
		return newUUID(rng)
	case rng.IntN(4) == 0: // hardware of before 2018
		return hex.EncodeToString(randomBytes(rng, 20))
	default:
		return fmt.Sprintf("%08X-%016X", 0x8000+rng.Uint32N(0x100), rng.Uint64()>>11)
	}
}

func newSerial(rng *rand.Rand) string {
	const alphabet = "0123456789CDFGHJKLMNPQRTVWXY"
	b := []byte("SIM") // no real serial number begins so
	for range 7 {
		b = append(b, alphabet[rng.IntN(len(alphabet))])
	}
	return string(b)
}

func newUUID(rng *rand.Rand) string {
	b := randomBytes(rng, 16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// newTexts makes names as people give them, and numbers of test ranges.
func newTexts(model string, rng *rand.Rand) texts {
	owners := []string{"Anna Müller", "José Ortega", "Siobhán O’Neill", "王小明", "Dr. R. Patel", "Кира Орлова"}
	owner := owners[rng.IntN(len(owners))]
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + rng.IntN(10)))
		}
		return b.String()
	}
	mac := func() string {
		b := randomBytes(rng, 6)
		return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", b[1], b[2], b[3], b[4], b[5])
	}
	return texts{
		owner:        owner,
		name:         owner + "’s " + model,
		phone:        "+1604555" + "01" + digits(2),
		imei:         "35 " + digits(6) + " " + digits(6) + " " + digits(1),
		imei2:        "35 " + digits(6) + " " + digits(6) + " " + digits(1),
		meid:         "35" + digits(12),
		iccid:        "8901 " + digits(4) + " " + digits(4) + " " + digits(4) + " " + digits(3),
		eid:          "8904" + digits(28),
		wifiMAC:      mac(),
		bluetoothMAC: mac(),
	}
}

// token is the name of the device with the push service.
func (d *device) token() string { return hex.EncodeToString(d.pushToken) }

// supervised reports whether the device is.
func (d *device) supervised() bool {
	return d.Persona != UnsupervisedIgnoresKey && d.Persona != UserEnrollment
}
