package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wardround/wardround/mdm/webhook"
)

// An attachTrial tries an MDM server elsewhere.
type attachTrial struct {
	opts   attachOptions
	cfg    Config // that serve would have
	hook   string // where the server is to send its webhook
	client *webhook.Client
	logger *slog.Logger
	out    io.Writer
	report attachReport
	failed bool
}

// serverTimeout bounds each question to the server: somebody waits for it.
const serverTimeout = 10 * time.Second

func newAttachTrial(opts attachOptions, cfg Config, logger *slog.Logger, out io.Writer) (*attachTrial, error) {
	key, err := readSecretFile(opts.keyFile)
	if err != nil {
		return nil, usage(fmt.Errorf("--key-file: %w", err), "")
	}
	hmacKey, err := secretOf("--hmac-key-file", "", opts.hmacKeyFile)
	if err != nil {
		return nil, err
	}
	server := webhook.Server(opts.dialect)
	cfg.Attach = AttachConfig{
		URL: opts.url, Dialect: opts.dialect, User: opts.user, KeyFile: opts.keyFile, Key: secret(key), HMACKeyFile: opts.hmacKeyFile, HMACKey: hmacKey,
		Unsigned: !opts.signs(), Path: defaultConfig().Attach.Path, PushRate: webhook.DefaultPushRate,
	}
	cfg.Canary = "" // it would enrol beside the one device that is tried
	t := &attachTrial{opts: opts, cfg: cfg, hook: opts.webhook, logger: logger, out: out}
	if t.hook == "" {
		t.hook = "http://" + cfg.MDMListen + cfg.Attach.Path
	}
	if u, err := url.Parse(t.hook); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, usage(errors.New("--webhook-url: not an http or https address"), "write it as https://wardround.clinic.example/webhook")
	}
	t.client, err = webhook.NewClient(webhook.ClientConfig{
		Server: server, URL: opts.url, User: opts.user, Key: webhook.Secret(key), Timeout: serverTimeout, Attempts: 2,
	}, nil, logger)
	return t, usage(err, "")
}

// server asks for the version and whether the key is taken. It reports whether
// the server can be worked with as far as is known.
func (t *attachTrial) server(ctx context.Context) (usable bool, err error) {
	version, err := t.client.Version(ctx)
	if err != nil {
		t.say(attachFailed, "version", err.Error(), "Is the URL that of the MDM server, and is it up?")
		return false, ctx.Err()
	}
	if version == "unknown" { // NanoMDM's word, of a build that was not told
		version = "it answers, and does not know"
	}
	t.say(attachOK, "version", version, "")
	if usable, err = t.key(ctx); err != nil || !usable {
		return false, err
	}
	if u, err := url.Parse(t.opts.url); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		t.say(attachNote, "encryption", "the API key goes over the network in clear", "Reach the server by https.")
	}
	if u, err := url.Parse(t.hook); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		t.say(attachNote, "encryption", "what devices say comes over the network in clear", "Put a proxy with TLS before wardround: docs/security.md.")
	}
	return true, nil
}

// key has the server check the API key, with a question that changes nothing.
func (t *attachTrial) key(ctx context.Context) (taken bool, err error) {
	if webhook.Server(t.opts.dialect) == webhook.MicroMDM {
		t.say(attachNote, "API key", "not tried: of what wardround asks MicroMDM, nothing needs the key and has no effect", "Give --device: a device is asked with it.")
		return true, nil
	}
	certificate, err := t.client.PushCertificate(ctx, t.opts.topic)
	switch {
	case err == nil:
		t.say(attachOK, "API key", "taken", "")
		t.sayDaysLeft(certificate.NotAfter)
	case errors.Is(err, webhook.ErrKeyRefused):
		t.say(attachFailed, "API key", err.Error(), "The file has to hold the same text as the server's flag -api (NanoHUB: -api-key).")
		return false, ctx.Err()
	case errors.Is(err, errors.ErrUnsupported) && strings.Contains(err.Error(), http.StatusText(http.StatusNotFound)):
		t.say(attachFailed, "API key", "there is no API at that URL", "Is the server started with -api (NanoHUB: -api-key), and is the path in the URL right?")
		return false, ctx.Err()
	case errors.Is(err, errors.ErrUnsupported):
		t.say(attachOK, "API key", "taken", "")
		t.say(attachNote, "push certificate", "the server does not say how long it lasts", "NanoMDM does after version 0.9.0, if --topic names it.")
	default:
		t.say(attachFailed, "API", err.Error(), "")
		return false, ctx.Err()
	}
	return true, nil
}

// pushWarning is how long before its end a push certificate is to be renewed.
const pushWarning = 30

func (t *attachTrial) sayDaysLeft(end time.Time) {
	days := daysLeft(end, time.Now())
	text := fmt.Sprintf("%d days left, until %s", days, end.Format(time.DateOnly))
	switch {
	case days <= 0:
		t.say(attachFailed, "push certificate", "it ended on "+end.Format(time.DateOnly), "No device hears of anything: renew it under the same Apple Account.")
	case days < pushWarning:
		t.say(attachNote, "push certificate", text, "Renew it under the same Apple Account, or all devices have to enrol anew.")
	default:
		t.say(attachOK, "push certificate", text, "")
	}
}

// loopback reports a host that only this machine reaches.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
