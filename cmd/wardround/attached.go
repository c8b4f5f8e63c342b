package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm/webhook"
)

// An attachment is the MDM server elsewhere that devices are enrolled in: what
// takes its webhook and what asks through its API.
type attachment struct {
	receiver *webhook.Receiver
	client   *webhook.Client
	handler  http.Handler // the receiver on its path
}

// attach makes the attachment of the settings, and has it pass events on until
// e is closed. Nothing is sent to the server yet: it may be down.
func (e *embedded) attach(ctx context.Context) error {
	cfg := e.cfg.Attach
	if err := cfg.checkPath(); err != nil {
		return usage(err, "write it as "+defaultConfig().Attach.Path)
	}
	apiKey, err := secretOf("attach.key-file", cfg.Key, cfg.KeyFile)
	if err != nil {
		return err
	}
	if apiKey == "" {
		return usage(errors.New("attach.key-file is not set"), "it names a file with the key of the server's API, which NanoMDM has from its flag -api")
	}
	hmacKey, err := secretOf("attach.hmac-key-file", cfg.HMACKey, cfg.HMACKeyFile)
	if err != nil {
		return err
	}
	forward, err := cfg.targets()
	if err != nil {
		return err
	}
	server := webhook.Server(cfg.Dialect)
	journal := e.intake.Journal(e.state)
	a := new(attachment)
	a.client, err = webhook.NewClient(webhook.ClientConfig{
		Server: server, URL: cfg.URL, User: cfg.User, Key: webhook.Secret(apiKey), PushRate: float64(cfg.PushRate),
	}, journal, e.logger)
	if err != nil {
		return usage(err, "")
	}
	a.receiver, err = webhook.NewReceiver(webhook.ReceiverConfig{
		Server: server, Key: webhook.Secret(hmacKey), Unsigned: cfg.Unsigned, Privacy: e.state.PrivacyKey(), Forward: forward, Own: sweep.CanaryID, Only: cfg.Only,
	}, journal, e.logger)
	if err != nil {
		return usage(err, "")
	}
	mux := http.NewServeMux()
	mux.Handle(cfg.Path, a.receiver)
	a.handler = mux
	e.attached = a

	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var passing sync.WaitGroup // of its own: the listener is closed first, and waits for what it serves
	passing.Go(func() {
		if err := a.receiver.Run(running); err != nil {
			e.logger.ErrorContext(running, "events are not passed on any more", "err", err)
		}
	})
	e.closes = append(e.closes, func() error { stop(); passing.Wait(); return nil })
	return nil
}

// targets are those that events are passed on to.
func (c AttachConfig) targets() ([]webhook.Target, error) {
	var targets []webhook.Target
	for i, f := range c.Forward {
		key, err := secretOf(fmt.Sprintf("attach.forward[%d].hmac-key-file", i), "", f.HMACKeyFile)
		if err != nil {
			return nil, err
		}
		targets = append(targets, webhook.Target{URL: f.URL, Key: webhook.Secret(key)})
	}
	return targets, nil
}
