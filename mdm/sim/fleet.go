package sim

import (
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

	// Issue certifies the key of a device, as SCEP does for real ones.
	Issue func(pub crypto.PublicKey, commonName string) (*x509.Certificate, error)

	// Topic is the APNs topic the devices are enrolled under.
	Topic string

	// AppManagement says that the enrollment profile asks for the right to
	// manage apps (5937 in place of 1841).
	AppManagement bool

	// Personas are given out in this order, round and round. Default Personas().
	Personas []Persona

	// Client sends. Default one of its own with Concurrency connections.
	Client *http.Client

	// Concurrency is how many devices talk at once. Default 16.
	Concurrency int

	// Logger is told about sessions that end badly. Default none.
	Logger *slog.Logger
}

// A Fleet is a number of simulated devices. It is safe for concurrent use.
type Fleet struct {
	cfg     FleetConfig
	catalog *catalog
	devices []*device
	byToken map[string]*device // by hexadecimal push token

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
		byToken: make(map[string]*device, cfg.Devices),
		cancel:  cancel,
	}
	f.start = func() { f.wg.Go(func() { f.work(ctx) }) }
	for i := range f.devices {
		d := newDevice(cfg, f.catalog, i)
		f.devices[i] = d
		f.byToken[d.token()] = d
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
	case c.Issue == nil:
		return errors.New("nobody to certify identities")
	case c.Topic == "":
		return errors.New("no APNs topic")
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
		c.Client = &http.Client{
			Timeout: time.Minute,
			Transport: &http.Transport{
				MaxIdleConns: c.Concurrency, MaxIdleConnsPerHost: c.Concurrency, MaxConnsPerHost: c.Concurrency,
			},
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
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
