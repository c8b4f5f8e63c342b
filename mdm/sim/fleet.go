package sim

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// FleetConfig is what NewFleet needs to know. Devices, URL, Issue and Topic
// are required.
type FleetConfig struct {
	// Devices is how many there are.
	Devices int

	// Seed decides ids, answers and the order of lists.
	Seed uint64

	// URL takes reports, and check-ins too unless CheckInURL is set.
	URL        string
	CheckInURL string

	// Issue certifies the key of a device: an authority at hand. SCEP, if
	// set, is asked instead, as real devices do.
	Issue func(pub crypto.PublicKey, commonName string) (*x509.Certificate, error)
	SCEP  *SCEP

	// KeyDir is a folder to keep identities in, so that a later fleet of the
	// same seed need not enrol again in the same server. It is made if it is
	// not there. Default: identities are not kept.
	KeyDir string

	// Signature is how devices sign. Default SHA256.
	Signature Signature

	// Topic is the APNs topic the devices are enrolled under.
	Topic string

	// AppManagement says that the enrollment profile asks for the right to
	// manage apps (5937 in place of 1841).
	AppManagement bool

	// UserChannels gives users with a channel of their own to Macs, Shared
	// iPads (which then take no temporary sessions) and User Enrollments.
	UserChannels bool

	// AwaitingConfiguration has devices enrol while they are in Setup
	// Assistant; they leave it by FinishSetup, or as a Poll says.
	AwaitingConfiguration bool

	// SameBytes has every persona but Silent answer alike: see SixAnswers.
	SameBytes bool

	// Personas are given out in this order, round and round. Default Personas().
	Personas []Persona

	// Name gives device i its id and serial number. Default: those that Seed
	// decides.
	Name func(i int) (id, serial string)

	// Client sends. Default one of its own with Concurrency connections, that
	// gives a request up after Timeout, or a minute.
	Client  *http.Client
	Timeout time.Duration

	// Concurrency is how many devices talk at once. Default 16.
	Concurrency int

	// Logger is told about sessions that end badly. Default none.
	Logger *slog.Logger

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// A Fleet is a number of simulated devices. It is safe for concurrent use.
type Fleet struct {
	cfg     FleetConfig
	catalog *catalog
	devices []*device
	byToken map[string]channel // by hexadecimal push token
	meter   *meter

	start  func()             // starts a worker
	cancel context.CancelFunc // ends all sessions
	wg     sync.WaitGroup     // of workers

	mu      sync.Mutex
	waiting []*device // to be run; guarded by mu
	workers int       // guarded by mu
	closed  bool      // guarded by mu
}

// A Device is a simulated device as the operator of the fleet knows it.
type Device struct {
	ID        string // enrollment id: UDID, or EnrollmentID
	Serial    string // empty of a User Enrollment, which never tells
	Persona   Persona
	Platform  string // iOS, iPadOS or macOS
	OSVersion string
	Model     string // as ModelName: iPad, iPhone, MacBook Air

	// Users are the enrollment ids of the users' channels, as NanoMDM has
	// them, if there are any; a server need not want to manage each.
	Users []string

	secrets []string
}

// Secrets returns what the devices say when asked and nobody may keep: names
// of persons, phone numbers, hardware and subscriber numbers.
func Secrets(devices []Device) []string {
	var all []string
	for _, d := range devices {
		all = append(all, d.secrets...)
	}
	return all
}

// A NamedProfile is a .mobileconfig file, unsigned XML.
type NamedProfile struct {
	Name string // of the file
	Data []byte
}

// NewFleet makes the devices. Nothing is sent before Enroll.
func NewFleet(cfg FleetConfig) (*Fleet, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("simulate a fleet: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fleet{
		cfg:     cfg,
		catalog: newCatalog(cfg.Seed),
		devices: make([]*device, cfg.Devices),
		byToken: make(map[string]channel, cfg.Devices),
		meter:   newMeter(),
		cancel:  cancel,
	}
	keys := &keyring{rsa: cfg.Signature == SHA1 || cfg.SCEP != nil}
	f.start = func() { f.wg.Go(func() { f.work(ctx) }) }
	for i := range f.devices {
		d := newDevice(&f.cfg, f.catalog, i)
		d.keys, d.meter = keys, f.meter
		f.devices[i] = d
		f.byToken[d.token()] = channel{device: d}
		for _, u := range d.users {
			f.byToken[u.token()] = channel{d, u}
		}
	}
	if err := f.openKeys(); err != nil {
		cancel()
		return nil, fmt.Errorf("simulate a fleet: %w", err)
	}
	return f, nil
}

// complete checks what is required and fills in the defaults.
func (c *FleetConfig) complete() error {
	switch {
	case c.Devices < 1:
		return fmt.Errorf("%d devices", c.Devices)
	case c.URL == "":
		return errors.New("no URL of the server")
	case (c.Issue == nil) == (c.SCEP == nil):
		return errors.New("not exactly one of Issue and SCEP to certify identities")
	case c.Topic == "":
		return errors.New("no APNs topic")
	}
	if c.Signature == "" {
		c.Signature = SHA256
	}
	if c.Signature != SHA256 && c.Signature != SHA1 {
		return fmt.Errorf("signature %q is not known", c.Signature)
	}
	if c.CheckInURL == "" {
		c.CheckInURL = c.URL
	}
	if len(c.Personas) == 0 {
		c.Personas = Personas()
	}
	for _, p := range c.Personas {
		if !slices.Contains(Personas(), p) {
			return fmt.Errorf("persona %q is not known", p)
		}
	}
	if c.Concurrency <= 0 {
		c.Concurrency = 16
	}
	if c.Client == nil {
		c.Client = c.newClient()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

func (c *FleetConfig) newClient() *http.Client {
	return &http.Client{
		Timeout: cmp.Or(c.Timeout, time.Minute),
		Transport: &http.Transport{
			MaxIdleConns: c.Concurrency, MaxIdleConnsPerHost: c.Concurrency, MaxConnsPerHost: c.Concurrency,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// Enroll enrols every device: it makes a key, has it certified, and sends
// Authenticate and TokenUpdate. It stops at the first error.
func (f *Fleet) Enroll(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(f.cfg.Concurrency)
	for _, d := range f.devices {
		g.Go(func() error {
			if err := d.enroll(ctx); err != nil {
				return fmt.Errorf("enrol %s (%s): %w", d.ID, d.Persona, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// FinishSetup has every device that is enrolled in Setup Assistant leave it: it
// sends TokenUpdate once more, with AwaitingConfiguration false. No session may
// be going on. It stops at the first error.
func (f *Fleet) FinishSetup(ctx context.Context) error {
	for _, d := range f.devices {
		if d.cert == nil {
			continue
		}
		if err := d.finishSetup(ctx); err != nil {
			return fmt.Errorf("finish the setup of %s (%s): %w", d.ID, d.Persona, err)
		}
	}
	return nil
}

// Devices lists the devices in order.
func (f *Fleet) Devices() []Device {
	list := make([]Device, len(f.devices))
	for i, d := range f.devices {
		list[i] = d.Device
	}
	return list
}

// Catalog returns the profiles that the consoles of this fleet have installed
// on it, as files for a catalog folder: all but the one that nobody knows and
// the one that is encrypted.
func (f *Fleet) Catalog() []NamedProfile { return f.catalog.files() }

// Close ends all sessions and waits for them.
func (f *Fleet) Close() {
	f.mu.Lock()
	f.closed, f.waiting = true, nil
	f.mu.Unlock()
	f.cancel()
	f.wg.Wait()
	f.cfg.Client.CloseIdleConnections()
}
