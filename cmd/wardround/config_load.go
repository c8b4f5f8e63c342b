package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/wardround/wardround/mdm/nano"
)

func addGlobalFlags(flags *pflag.FlagSet) {
	flags.String("config", "", "read settings from this file (YAML, TOML or JSON)")
	flags.String("dir", dataFolder(), "folder of state.db and results.db")
	flags.String("log-level", defaultLogLevel, "debug, info, warn or error")
	flags.String("log-format", "text", "text or json")
	flags.String("abm-token-expires", "", "day on which the Apple Business token ends, as 2027-03-31")
}

// addMDMFlags adds the flags of commands that serve devices.
func addMDMFlags(flags *pflag.FlagSet) {
	flags.String("mdm-listen", defaultMDMListen, "address on which devices reach the embedded MDM server")
	flags.String("identity-ca", "", "PEM file of the authorities of the devices' identities (default: one made in --dir)")
	flags.Bool("app-management", false, "the enrollments grant the right to manage apps (4096): ask what needs it")
	flags.Duration("retain", nano.DefaultRetain, "how long the MDM server remembers answered commands")
	flags.Int("push-rate", defaultPushRate, "how many devices are asked and pushed in a second")
}

// loadConfig joins flags, environment, file and defaults.
func loadConfig(flags *pflag.FlagSet) (Config, error) {
	path, _ := flags.GetString("config")
	c, file, err := joinConfig(flags, path)
	if err != nil {
		return Config{}, err
	}
	if file != nil && len(file.problems) > 0 {
		more := ""
		if n := len(file.problems) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more)", n)
		}
		return Config{}, usage(fmt.Errorf("configuration %s%s", file.problems[0].sentence(), more), "'wardround config check "+path+"' lists all that is wrong with it")
	}
	return c, nil
}

// joinConfig is loadConfig that leaves out what is wrong in the file: see its
// problems. Without a path the file is nil. Flags may be nil.
func joinConfig(flags *pflag.FlagSet, path string) (Config, *configFile, error) {
	v := viper.New()
	v.SetEnvPrefix(envPrefix)
	v.SetEnvKeyReplacer(envNames())
	v.AutomaticEnv()
	for _, s := range defaultConfig().settings() {
		v.SetDefault(s.path, s.value) // without one the environment is ignored
		flag := flagOf(flags, s)
		if flag == nil {
			continue
		}
		if err := v.BindPFlag(s.path, flag); err != nil {
			return Config{}, nil, fmt.Errorf("bind flag %s: %w", s.path, err)
		}
	}
	var file *configFile
	if path != "" {
		var err error
		if file, err = readConfigFile(path); err != nil {
			return Config{}, nil, usage(err, "")
		}
		if err := v.MergeConfigMap(file.values); err != nil {
			return Config{}, nil, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	var c Config
	if err := v.UnmarshalExact(&c); err != nil {
		return Config{}, nil, usage(errors.New("settings: "+oneLine(err)), "look at the variables whose names begin with "+envPrefix+"_")
	}
	return c, file, nil
}

// oneLine is an error of many lines in one.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// flagOf is the flag that sets a key; nil if the command has none. The flag
// --catalog of a command is its own: it names what to use instead.
func flagOf(flags *pflag.FlagSet, s setting) *pflag.Flag {
	if flags == nil || s.path == "catalog" {
		return nil
	}
	return flags.Lookup(s.path)
}

// originOf says where the value of a setting comes from.
func originOf(s setting, flags *pflag.FlagSet, file *configFile) string {
	if flag := flagOf(flags, s); flag != nil && flag.Changed {
		return "flag"
	}
	if name := s.environment(); name != "" && os.Getenv(name) != "" {
		return "environment"
	}
	if file != nil {
		if _, set := file.lines[s.path]; set {
			return "file"
		}
	}
	return "default"
}
