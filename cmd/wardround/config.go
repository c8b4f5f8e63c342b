package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/mdm/nano"
)

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
	// ABMTokenExpires is the day, as 2027-03-31, on which the token of Apple
	// Business (or School) Manager ends; it goes into the lockout forecast.
	// Default: empty, not known.
	ABMTokenExpires string `mapstructure:"abm-token-expires"`
	// Catalog lists the folders and files of the profiles you install, for
	// commands that are given no --catalog. Default: none.
	Catalog []string `mapstructure:"catalog"`
	// ClinicalApps lists the bundle ids of the apps that hold patients' data:
	// with app-management they are asked about, and 'wardround lost' tells of
	// them. Default: none.
	ClinicalApps []string `mapstructure:"clinical-apps"`
	// MDMListen is the address on which devices reach the embedded MDM server.
	// Default: 127.0.0.1:9180, this machine alone.
	MDMListen string `mapstructure:"mdm-listen"`
	// IdentityCA is a PEM file of the authorities that issued the identities of
	// devices. Default: one that wardround makes in the data folder.
	IdentityCA string `mapstructure:"identity-ca"`
	// AppManagement says that the enrollments grant the right to manage apps
	// (4096), so that what needs it is asked. Default: false.
	AppManagement bool `mapstructure:"app-management"`
	// Retain is how long the MDM server remembers commands that were answered.
	// Default: 168h.
	Retain time.Duration `mapstructure:"retain"`
	// PushRate is how many devices are asked and pushed in a second. Default: 50.
	PushRate int `mapstructure:"push-rate"`
	// RetainBodies is how long the messages of devices are kept before db prune
	// drops their bodies; the newest answers of an enrolled device stay.
	// Default: 2160h, 90 days. At least 168h.
	RetainBodies time.Duration `mapstructure:"retain-bodies"`
	// RetainHistory is how long the history of verdicts, and rows of evidence
	// without their bodies, are kept. Default: 52596h, 6 years. Not less than
	// RetainBodies.
	RetainHistory time.Duration `mapstructure:"retain-history"`
	// Zone is the time zone, as America/Vancouver, of times on the command line
	// and of the days that trends are counted in. Default: local, this machine's.
	Zone string `mapstructure:"zone"`
	// HeadFile is a file that the signed head of the chain is appended to after
	// each round, best on another system. Default: empty, it is only logged.
	HeadFile string `mapstructure:"head-file"`
	// SnapshotPath is where a copy of results.db for dashboards is published
	// after each sweep. Default: empty, none is.
	SnapshotPath string `mapstructure:"snapshot-path"`
}

// catalogs are those of the command line, else the configured ones.
func (c Config) catalogs(named []string) []string {
	if len(named) > 0 {
		return named
	}
	return c.Catalog
}

// configKeys are the keys of a Config.
func configKeys() []string {
	return append(globalKeys(), "catalog", "clinical-apps", "mdm-listen", "identity-ca", "app-management", "retain", "push-rate",
		"retain-bodies", "retain-history", "snapshot-path", "head-file", "zone")
}

// globalKeys are those with a flag that every command has.
func globalKeys() []string { return []string{"dir", "log-level", "log-format", "abm-token-expires"} }

func addGlobalFlags(flags *pflag.FlagSet) {
	flags.String("config", "", "read settings from this file (YAML, TOML or JSON)")
	flags.String("dir", dataFolder(), "folder of state.db and results.db")
	flags.String("log-level", defaultLogLevel, "debug, info, warn or error")
	flags.String("log-format", "text", "text or json")
	flags.String("abm-token-expires", "", "day on which the Apple Business token ends, as 2027-03-31")
}

const defaultLogLevel = "warn"

const (
	defaultMDMListen = "127.0.0.1:9180"
	defaultPushRate  = 50
)

// addMDMFlags adds the flags of commands that serve devices.
func addMDMFlags(flags *pflag.FlagSet) {
	flags.String("mdm-listen", defaultMDMListen, "address on which devices reach the embedded MDM server")
	flags.String("identity-ca", "", "PEM file of the authorities of the devices' identities (default: one made in --dir)")
	flags.Bool("app-management", false, "the enrollments grant the right to manage apps (4096): ask what needs it")
	flags.Duration("retain", nano.DefaultRetain, "how long the MDM server remembers answered commands")
	flags.Int("push-rate", defaultPushRate, "how many devices are asked and pushed in a second")
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

// loadConfig joins flags, environment, file and defaults.
func loadConfig(flags *pflag.FlagSet) (Config, error) {
	v := viper.New()
	v.SetEnvPrefix("WARDROUND")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	v.SetDefault("catalog", []string{}) // its flag belongs to the commands that have one
	v.SetDefault("clinical-apps", []string{})
	v.SetDefault("mdm-listen", defaultMDMListen)
	v.SetDefault("identity-ca", "")
	v.SetDefault("app-management", false)
	v.SetDefault("retain", nano.DefaultRetain)
	v.SetDefault("push-rate", defaultPushRate)
	v.SetDefault("retain-bodies", defaultRetainBodies)
	v.SetDefault("retain-history", defaultRetainHistory)
	v.SetDefault("snapshot-path", "")
	v.SetDefault("head-file", "")
	v.SetDefault("zone", localZone)
	for _, key := range configKeys() {
		flag := flags.Lookup(key)
		if flag == nil || key == "catalog" {
			continue // of another command
		}
		v.SetDefault(key, flag.DefValue)
		if err := v.BindPFlag(key, flag); err != nil {
			return Config{}, fmt.Errorf("bind flag %s: %w", key, err)
		}
	}
	if path, _ := flags.GetString("config"); path != "" {
		v.SetConfigFile(path)
		if err := v.ReadInConfig(); err != nil {
			return Config{}, usage(fmt.Errorf("read configuration %s: %w", path, err), "")
		}
		for _, key := range v.AllKeys() {
			if !slices.Contains(configKeys(), key) {
				return Config{}, usage(fmt.Errorf("configuration %s: unknown key %q", path, key), "the keys are "+strings.Join(configKeys(), ", "))
			}
		}
	}
	var c Config
	if err := v.UnmarshalExact(&c); err != nil {
		return Config{}, usage(fmt.Errorf("configuration: %w", err), "")
	}
	return c, nil
}
