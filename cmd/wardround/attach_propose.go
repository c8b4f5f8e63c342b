package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/mdm/webhook"
)

// An attachConfig is the configuration of a wardround that is attached, in the
// order in which it is read.
type attachConfig struct {
	Dir           string              `yaml:"dir"`
	MDMListen     string              `yaml:"mdm-listen"`
	AppManagement bool                `yaml:"app-management,omitempty"`
	Attach        attachConfigServer  `yaml:"attach"`
	Rounds        []attachConfigRound `yaml:"rounds"`
}

type attachConfigServer struct {
	URL         string `yaml:"url"`
	Dialect     string `yaml:"dialect"`
	User        string `yaml:"user,omitempty"`
	KeyFile     string `yaml:"key-file"`
	HMACKeyFile string `yaml:"hmac-key-file,omitempty"`
	Unsigned    bool   `yaml:"unsigned,omitempty"`
}

type attachConfigRound struct {
	Name      string   `yaml:"name"`
	Cron      string   `yaml:"cron"`
	Baselines []string `yaml:"baselines,flow"`
}

// attachForward is what follows the keys: who received the webhook before has to
// be named by somebody who knows.
const attachForward = `
# Whoever received the server's webhook before gets every event passed on. Put below attach:
#   forward:
#     - url: https://former.receiver.example/hook
#       hmac-key-file: /etc/wardround/forward.key
# 'wardround config init' writes a file with every key explained.
`

// propose says what the server and serve need, and writes it if it is wanted.
func (t *attachTrial) propose(usable bool) error {
	keyFile, fresh := t.opts.hmacKeyFile, t.opts.signs() && t.opts.hmacKeyFile == ""
	if fresh {
		keyFile = filepath.Join(filepath.Dir(t.opts.output), "webhook-hmac.key")
	}
	text, err := t.config(keyFile)
	if err != nil {
		return err
	}
	t.report.ServerFlags, t.report.Config = t.serverFlags(keyFile), string(text)
	t.report.ConfigFile, t.report.HMACKeyFile = absolute(t.opts.output), keyFile
	t.printf("\nThe MDM server has to be started with\n    %s\n", strings.Join(t.report.ServerFlags, "\n    "))
	if !t.opts.signs() {
		t.printf("Its webhook is not signed: whoever reaches %s can speak for any device. Let only the\nMDM server reach it: docs/security.md.\n", t.cfg.MDMListen)
	}
	t.printf("\nThe configuration %s:\n    %s\n", t.opts.output, strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n    "))
	wanted, err := t.wanted(usable)
	if err != nil {
		return err
	}
	if wanted {
		if err := t.write(keyFile, fresh, text); err != nil {
			return err
		}
	}
	return t.finish()
}

// serverFlags are those of the server that the webhook needs.
func (t *attachTrial) serverFlags(keyFile string) []string {
	if webhook.Server(t.opts.dialect) == webhook.MicroMDM {
		return []string{"-command-webhook-url " + t.hook}
	}
	flags := []string{"-webhook-url " + t.hook}
	if t.opts.signs() {
		flags = append(flags, fmt.Sprintf(`-webhook-hmac-key "$(cat %s)"`, keyFile))
	}
	return flags
}

func (t *attachTrial) config(keyFile string) ([]byte, error) {
	c := attachConfig{
		Dir: absolute(t.cfg.Dir), MDMListen: t.cfg.MDMListen, AppManagement: t.cfg.AppManagement,
		Attach: attachConfigServer{
			URL: t.opts.url, Dialect: t.opts.dialect, User: t.opts.user, KeyFile: absolute(t.opts.keyFile), Unsigned: !t.opts.signs(),
		},
		Rounds: []attachConfigRound{{Name: "night", Cron: "30 2 * * *", Baselines: t.opts.baselines}},
	}
	if t.opts.signs() {
		c.Attach.HMACKeyFile = absolute(keyFile)
	}
	text, err := yaml.Marshal(c)
	return append(text, attachForward...), err
}

// wanted reports whether the configuration is to be written. Why not is said.
func (t *attachTrial) wanted(usable bool) (bool, error) {
	switch {
	case !usable:
		t.printf("\nNothing was written: the server is not as it has to be.\n")
		return false, nil
	case t.opts.yes:
		return true, nil
	case exists(t.opts.output):
		t.printf("\nNothing was written: %s is there already.\n", t.opts.output)
		return false, nil
	case t.opts.ask == nil || t.opts.format != "text":
		t.printf("\nNothing was written; --yes writes it.\n")
		return false, nil
	}
	wanted, err := t.opts.ask("\nWrite it?")
	if err == nil && !wanted {
		t.printf("Nothing was written.\n")
	}
	return wanted, err
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// write writes the configuration, and a key if there is none. If one of them is
// there, neither is written.
func (t *attachTrial) write(keyFile string, fresh bool, text []byte) error {
	if exists(t.opts.output) {
		return usage(fmt.Errorf("%s exists", t.opts.output), "name another file with -o, or leave out --yes")
	}
	if fresh {
		err := writeNew(keyFile, []byte(rand.Text()+rand.Text()+"\n"))
		if errors.Is(err, fs.ErrExist) {
			return usage(fmt.Errorf("%s exists", keyFile), "use it with --hmac-key-file, or remove it")
		}
		if err != nil {
			return usage(err, "")
		}
	}
	if err := writeNew(t.opts.output, text); err != nil {
		return usage(err, "")
	}
	t.report.Written = true
	t.printf("\nWritten. Start the MDM server with those flags, and then: wardround serve --config %s\n", t.opts.output)
	return nil
}

// writeNew writes a file for its owner alone, and none over another.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func absolute(name string) string {
	if full, err := filepath.Abs(name); err == nil {
		return full
	}
	return name
}
