package main

import (
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/mdm/nano"
)

// The reference in docs/operations.md and the file that 'config init' writes are
// made from the comments of the fields below; make gen rewrites both.
//
//go:generate go test -run AreDocumented . -update

// Config is what a flag, an environment variable (WARDROUND_…), or the file of
// --config can set, in that order of precedence. A key that is not here is an
// error.
type Config struct {
	// Dir is the folder that holds state.db, results.db and the rest.
	// Default: wardround in the user's data folder.
	Dir string `mapstructure:"dir"`
	// LogLevel is debug, info, warn or error. Default: warn.
	LogLevel string `mapstructure:"log-level"`
	// LogFormat is text or json. Default: text. Logs go to standard error.
	LogFormat string `mapstructure:"log-format"`
	// Zone is the time zone, as America/Vancouver, of times on the command line
	// and of the days that trends are counted in. Default: local, this machine's.
	Zone string `mapstructure:"zone"`

	// Listen is the address of /healthz and /readyz, or none. Default:
	// 127.0.0.1:9182, this machine alone.
	Listen string `mapstructure:"listen"`
	// MetricsListen is the address of /metrics, for Prometheus, or none; it may
	// be that of Listen. Default: 127.0.0.1:9181, this machine alone.
	MetricsListen string `mapstructure:"metrics-listen"`
	// MDMListen is the address on which devices reach the embedded MDM server, or
	// the webhook of the attached one does. Default: 127.0.0.1:9180, this machine
	// alone.
	MDMListen string `mapstructure:"mdm-listen"`
	// IdentityCA is a PEM file of the authorities that issued the identities of
	// devices. Default: one that wardround makes in the data folder.
	IdentityCA string `mapstructure:"identity-ca"`
	// Retain is how long the MDM server remembers commands that were answered.
	// Default: 168h.
	Retain time.Duration `mapstructure:"retain"`
	// PushRate is how many devices are asked and pushed in a second. Default: 50.
	PushRate int `mapstructure:"push-rate"`
	// Attach is the MDM server that devices are enrolled in, if it is not the
	// embedded one.
	Attach AttachConfig `mapstructure:"attach"`

	// LossGrace is how long a device may poll without answering what it was asked
	// before it is pushed once more, and then before its answer counts as lost and
	// is asked for again. Default: 1m.
	LossGrace time.Duration `mapstructure:"loss-grace"`

	// Catalog lists the folders and files of the profiles you install, beside
	// catalog in the data folder, for commands that are given no --catalog.
	// Default: none.
	Catalog []string `mapstructure:"catalog"`
	// AppManagement says that the enrollments grant the right to manage apps
	// (4096), so that what needs it is asked. Default: false.
	AppManagement bool `mapstructure:"app-management"`
	// ClinicalApps lists the bundle ids of the apps that hold patients' data:
	// with app-management they are asked about, and 'wardround lost' tells of
	// them. Default: none.
	ClinicalApps []string `mapstructure:"clinical-apps"`
	// ABMTokenExpires is the day, as 2027-03-31, on which the token of Apple
	// Business (or School) Manager ends; it goes into the lockout forecast.
	// Default: empty, not known.
	ABMTokenExpires string `mapstructure:"abm-token-expires"`

	// Rounds are those that serve makes by itself. Default: none, a round is
	// made when 'wardround sweep' asks for one.
	Rounds []RoundConfig `mapstructure:"rounds"`
	// Inspect says that serve asks and judges each device soon after it has
	// enrolled, besides the rounds. Default: true.
	Inspect bool `mapstructure:"inspect"`
	// Blackout lists times of day, as 22:00-06:00, in which no scheduled round
	// begins; one that falls in them begins at their end. Default: none.
	Blackout []string `mapstructure:"blackout"`
	// Notify says what is told, to whom and when (docs/notify.md).
	Notify notify.Config `mapstructure:"notify"`
	// Canary is a requirement, as hipaa-no-facetime/os_facetime_disable, that a
	// simulated device fails in every round. It is in no count. If it shows
	// green, /readyz says that the auditor is broken. Default: empty, there is
	// none.
	Canary string `mapstructure:"canary"`

	// WaiverFile is a file of waivers that is read before each round, besides
	// those that commands added. Default: empty, there is none.
	WaiverFile string `mapstructure:"waiver-file"`
	// MaxWaiver is how long a waiver may last. Default: 8766h, a year.
	MaxWaiver time.Duration `mapstructure:"max-waiver"`
	// WaiverApproval says that a waiver counts only once somebody else than who
	// added it has approved it. Default: false.
	WaiverApproval bool `mapstructure:"waiver-approval"`

	// RetainBodies is how long the messages of devices are kept before db prune
	// drops their bodies; the newest answers of an enrolled device stay.
	// Default: 2160h, 90 days. At least 168h.
	RetainBodies time.Duration `mapstructure:"retain-bodies"`
	// RetainHistory is how long the history of verdicts, and rows of evidence
	// without their bodies, are kept. Default: 52596h, 6 years. Not less than
	// RetainBodies.
	RetainHistory time.Duration `mapstructure:"retain-history"`
	// SnapshotPath is where a copy of results.db for dashboards is published
	// after each round. Default: empty, none is.
	SnapshotPath string `mapstructure:"snapshot-path"`
	// HeadFile is a file that the signed head of the chain is appended to after
	// each round, best on another system. Default: empty, it is only logged.
	HeadFile string `mapstructure:"head-file"`
	// HeadWebhook is a URL that the signed head of the chain is posted to after
	// each round. Default: empty, it is not posted.
	HeadWebhook string `mapstructure:"head-webhook"`
	// HeadWebhookKeyFile is a file with the key that signs what is posted to
	// HeadWebhook. Default: empty, it is not signed.
	HeadWebhookKeyFile string `mapstructure:"head-webhook-key-file"`
	// HeadWebhookKey is that key itself. Not in a file: set the environment
	// variable, or HeadWebhookKeyFile.
	HeadWebhookKey secret `mapstructure:"head-webhook-key"`
}

// AttachConfig is the NanoMDM or MicroMDM server that wardround works beside.
type AttachConfig struct {
	// URL is the address of its API, with a path if it has one. Default: empty,
	// the embedded server is used.
	URL string `mapstructure:"url"`
	// Dialect is nanomdm, nanohub or micromdm. Default: nanomdm.
	Dialect string `mapstructure:"dialect"`
	// User is the name at its API. Default: empty, the one the dialect has.
	User string `mapstructure:"user"`
	// KeyFile is a file with the key of its API.
	KeyFile string `mapstructure:"key-file"`
	// Key is that key itself. Not in a file: set the environment variable, or
	// KeyFile.
	Key secret `mapstructure:"key"`
	// Path is the path at which its webhook reaches wardround on mdm-listen.
	// Default: /webhook.
	Path string `mapstructure:"path"`
	// HMACKeyFile is a file with the key that the server signs its webhook with.
	HMACKeyFile string `mapstructure:"hmac-key-file"`
	// HMACKey is that key itself. Not in a file: set the environment variable,
	// or HMACKeyFile.
	HMACKey secret `mapstructure:"hmac-key"`
	// PushRate is how many devices are asked and pushed in a second through its
	// API. Default: 10.
	PushRate int `mapstructure:"push-rate"`
	// Unsigned says that the webhook comes without a signature, as MicroMDM's
	// does: whoever reaches wardround's listener can then speak for any device.
	// Default: false.
	Unsigned bool `mapstructure:"unsigned"`
	// Forward lists where every event of the webhook is passed on to, since the
	// server has only one. Default: none.
	Forward []ForwardConfig `mapstructure:"forward"`
	// Only is the one device whose events are taken, while 'wardround attach' tries
	// it. It cannot be configured. Default: the events of all are taken.
	Only string `mapstructure:"-"`
}

// ForwardConfig is somebody else who wants the events of the webhook.
type ForwardConfig struct {
	// URL is where events are posted.
	URL string `mapstructure:"url"`
	// HMACKeyFile is a file with the key that they are signed with. Default:
	// empty, they are not signed.
	HMACKeyFile string `mapstructure:"hmac-key-file"`
}

// RoundConfig is a round that serve makes on a schedule.
type RoundConfig struct {
	// Name tells the rounds apart in logs and metrics.
	Name string `mapstructure:"name"`
	// Cron is when it begins: minute, hour, day of month, month, day of week.
	Cron string `mapstructure:"cron"`
	// Zone is the time zone of Cron and Blackout, as America/Vancouver, or a
	// fixed offset as UTC-7. Default: that of the key zone.
	Zone string `mapstructure:"zone"`
	// Groups are the inventory groups whose devices are asked. Default: all
	// devices.
	Groups []string `mapstructure:"groups"`
	// Baselines are what it judges by, ids or files. Default: those of the last
	// round.
	Baselines []string `mapstructure:"baselines"`
	// Blackout is as the key blackout, for this round. Default: that one.
	Blackout []string `mapstructure:"blackout"`
	// Jitter delays the beginning by up to as long, another time each day.
	// Default: 0s.
	Jitter time.Duration `mapstructure:"jitter"`
	// Wait is after how long it ends at the latest, whoever has not answered.
	// Default: 2h.
	Wait time.Duration `mapstructure:"wait"`
}

const (
	defaultLogLevel      = "warn"
	defaultListen        = "127.0.0.1:9182"
	defaultMetricsListen = "127.0.0.1:9181"
	defaultMDMListen     = "127.0.0.1:9180"
	defaultPushRate      = 50
	defaultLossGrace     = time.Minute
	defaultMaxWaiver     = 8766 * time.Hour
)

// defaultConfig is what holds where nobody says otherwise.
func defaultConfig() Config {
	return Config{
		Dir: dataFolder(), LogLevel: defaultLogLevel, LogFormat: "text", Zone: localZone,
		Listen: defaultListen, MetricsListen: defaultMetricsListen, MDMListen: defaultMDMListen,
		Retain: nano.DefaultRetain, PushRate: defaultPushRate, LossGrace: defaultLossGrace, Inspect: true,
		Attach: AttachConfig{Dialect: "nanomdm", Path: "/webhook", PushRate: 10},
		Notify: notify.Config{
			FlapChanges: 3, FlapWindow: 7 * 24 * time.Hour, FlapStable: 48 * time.Hour,
			ExpiryWarnings: []time.Duration{30 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour},
			MinCoverage:    0.9, CoverageDrop: 0.1, DevicesNamed: 10,
		},
		MaxWaiver:    defaultMaxWaiver,
		RetainBodies: defaultRetainBodies, RetainHistory: defaultRetainHistory,
	}
}

// catalogs are those of the command line, else the configured ones.
func (c Config) catalogs(named []string) []string {
	if len(named) > 0 {
		return named
	}
	return c.Catalog
}

// server lists what the MDM server must keep valid, as far as it is configured.
func (c Config) server() ([]checks.Expiry, error) {
	if c.ABMTokenExpires == "" {
		return nil, nil
	}
	day, err := time.Parse(time.DateOnly, c.ABMTokenExpires)
	if err != nil {
		return nil, usage(fmt.Errorf("abm-token-expires %q: not a day", c.ABMTokenExpires), "write it as 2027-03-31")
	}
	return []checks.Expiry{{What: checks.ABMToken, Detail: "Apple Business token", NotAfter: day.UTC()}}, nil
}
