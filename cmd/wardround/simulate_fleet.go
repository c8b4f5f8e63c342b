package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/wardround/wardround/mdm/sim"
)

const (
	maxSimulatedDevices     = 100_000
	maxSimulatedConnections = 1000
)

// fleet checks the options and makes of them what sim.NewFleet needs to know.
// What is wrong is the user's to mend.
func (o *simulateOptions) fleet() (sim.FleetConfig, error) {
	if err := o.check(); err != nil {
		return sim.FleetConfig{}, err
	}
	personas, err := simulatedPersonas(o.personas)
	if err != nil {
		return sim.FleetConfig{}, err
	}
	cfg := sim.FleetConfig{
		Devices: o.devices, Seed: o.seed, Personas: personas,
		URL: o.url, CheckInURL: o.checkInURL, Topic: o.topic, AppManagement: true,
		UserChannels: o.users, AwaitingConfiguration: o.setup > 0,
		SameBytes: o.answers == "same-bytes", Signature: sim.Signature(o.signature),
		KeyDir: o.keys, Concurrency: o.connections, Timeout: o.timeout,
	}
	return cfg, o.certifier(&cfg)
}

// check refuses options that are out of range or contradict each other.
func (o *simulateOptions) check() error {
	switch {
	case o.devices < 1 || o.devices > maxSimulatedDevices:
		return fmt.Errorf("--devices %d: not between 1 and %d", o.devices, maxSimulatedDevices)
	case o.connections < 1 || o.connections > maxSimulatedConnections:
		return fmt.Errorf("--connections %d: not between 1 and %d", o.connections, maxSimulatedConnections)
	case !(o.rate >= 0 && o.rate <= 1e6): // not a number is neither
		return fmt.Errorf("--rate %g: not between 0 and 1000000", o.rate)
	case o.sessions < 0:
		return fmt.Errorf("--sessions %d: less than 0", o.sessions)
	case o.duration < 0 || o.setup < 0 || o.timeout <= 0:
		return errors.New("--for and --setup-assistant are not negative, and --timeout is more than 0")
	case o.topic == "":
		return errors.New("--topic is empty")
	}
	for name, value := range map[string]string{"--answers": o.answers, "--signature": o.signature} {
		known := map[string][]string{"--answers": {"as-asked", "same-bytes"}, "--signature": {"sha1", "sha256"}}[name]
		if !slices.Contains(known, value) {
			return fmt.Errorf("%s %q: not one of %v", name, value, known)
		}
	}
	return errors.Join(webAddress("--url", o.url, true), webAddress("--checkin-url", o.checkInURL, false), webAddress("--scep", o.scep, false))
}

// webAddress refuses what no HTTP client can connect to.
func webAddress(flag, text string, required bool) error {
	if text == "" && !required {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case text == "":
		return fmt.Errorf("%s is missing: the address of an MDM server, such as http://127.0.0.1:9000/mdm", flag)
	case err != nil:
		return fmt.Errorf("%s: %w", flag, err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%s %q: not an http or https URL", flag, text)
	}
	return nil
}

// simulatedPersonas reads --personas.
func simulatedPersonas(names []string) ([]sim.Persona, error) {
	all := sim.Personas()
	switch {
	case len(names) == 0:
		return slices.DeleteFunc(all, func(p sim.Persona) bool { return p == sim.Hostile || p == sim.Silent }), nil
	case len(names) == 1 && names[0] == "all":
		return all, nil
	}
	var personas []sim.Persona
	for _, name := range names {
		p := sim.Persona(strings.TrimSpace(name))
		if !slices.Contains(all, p) {
			return nil, fmt.Errorf("persona %q is not known; there are %v", name, all)
		}
		personas = append(personas, p)
	}
	return personas, nil
}

// certifier says in cfg who certifies the devices.
func (o *simulateOptions) certifier(cfg *sim.FleetConfig) error {
	switch {
	case len(o.ca) > 0 && o.scep != "":
		return errors.New("--ca and --scep: one certifies devices, not both")
	case o.scep != "":
		challenge, err := o.scepChallenge()
		cfg.SCEP = &sim.SCEP{URL: o.scep, Challenge: challenge}
		return err
	case o.challenge != "" || o.challengeFile != "":
		return errors.New("--challenge is for --scep")
	case len(o.ca) != 2:
		return errors.New("--ca CERT,KEY or --scep URL has to say who certifies devices")
	}
	cert, err := readFile(o.ca[0], maxSecretFile)
	if err != nil {
		return fmt.Errorf("--ca: %w", err)
	}
	key, err := readFile(o.ca[1], maxSecretFile)
	if err != nil {
		return fmt.Errorf("--ca: %w", err)
	}
	issuer, err := sim.NewIssuer(cert, key, nil)
	if err != nil {
		return fmt.Errorf("--ca %s: %w", strings.Join(o.ca, ","), err)
	}
	cfg.Issue = issuer.Issue
	return nil
}

// scepChallenge reads the challenge password.
func (o *simulateOptions) scepChallenge() (string, error) {
	if o.challengeFile == "" {
		return o.challenge, nil
	}
	if o.challenge != "" {
		return "", errors.New("--challenge and --challenge-file: one holds the password, not both")
	}
	text, err := readFile(o.challengeFile, maxSecretFile)
	if err != nil {
		return "", fmt.Errorf("--challenge-file: %w", err)
	}
	return string(bytes.TrimRight(text, "\r\n")), nil
}

// maxSecretFile bounds a certificate, a key or a password, in bytes.
const maxSecretFile = 64 << 10
