package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/notify"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// live is what can change while a data folder is open. It is made anew, and not
// changed: a round goes on with what it began with.
type live struct {
	cfg      Config
	asker    mdm.Asker
	handler  http.Handler // of the MDM server
	pushes   bool         // there is a push certificate
	catalog  *catalog.Watcher
	expiries []checks.Expiry
	notifier *notify.Notifier
}

// prepare makes what settings, catalog and certificates are now. Before is what
// it takes the place of; nil: nothing.
func (e *embedded) prepare(ctx context.Context, cfg Config, before *live) (*live, error) {
	expiries, err := cfg.server()
	if err != nil {
		return nil, err
	}
	next := &live{cfg: cfg, expiries: expiries}
	if before != nil && slices.Equal(before.cfg.Catalog, cfg.Catalog) {
		next.catalog = before.catalog
		_, err = next.catalog.Refresh()
		err = usage(err, "")
	} else {
		next.catalog, err = openWatchedCatalog(cfg)
	}
	if err != nil {
		return nil, err
	}
	if before != nil {
		next.notifier, err = nextNotifier(cfg, before.notifier)
	} else {
		next.notifier, err = newNotifier(cfg, e.state, e.logger)
	}
	if err != nil {
		return nil, err
	}
	if e.attached != nil {
		next.handler, next.asker, next.pushes = e.attached.handler, e.attached.client, true
		return next, nil
	}
	return next, e.serveMDM(ctx, next)
}

// serveMDM makes the MDM server of l. It keeps nothing but what is in the
// journal, so that one can take the place of another at any time.
func (e *embedded) serveMDM(ctx context.Context, l *live) error {
	roots, err := e.roots(l)
	if err != nil {
		return err
	}
	certificates, err := nano.PushCertificates(ctx, e.state)
	if err != nil {
		return err
	}
	topic := defaultTopic
	for _, c := range certificates {
		topic, l.pushes = c.Topic, true
		l.expiries = append(l.expiries, checks.Expiry{What: checks.PushCertificate, Detail: c.Topic, NotAfter: c.NotAfter})
	}
	server, err := nano.New(nano.Config{Roots: e.canary.trust(roots), Topic: topic, Retain: l.cfg.Retain, Key: e.state.PrivacyKey()}, e.intake.Journal(e.state), nano.APNs(), e.logger)
	if err != nil {
		return err
	}
	l.handler, l.asker = server.Handler(), server
	if !l.pushes {
		l.asker = withoutPush{server}
	}
	return nil
}

// roots are the authorities of the devices' identities.
func (e *embedded) roots(l *live) (*x509.CertPool, error) {
	if file := l.cfg.IdentityCA; file != "" {
		data, err := readFile(file, maxRootsFile)
		if err != nil {
			return nil, usage(fmt.Errorf("identity-ca: %w", err), "")
		}
		pool, err := nano.ParseRoots(data)
		if err != nil {
			return nil, usage(fmt.Errorf("identity-ca %s: %w", file, err), "")
		}
		return pool, nil
	}
	ca, err := nano.OpenCA(e.file(authorityFile), e.file(authorityKeyFile), "wardround identities", time.Now)
	if err != nil {
		return nil, usage(err, "")
	}
	root := ca.Certificate()
	l.expiries = append(l.expiries, checks.Expiry{What: checks.IdentityAuthority, Detail: root.Subject.CommonName, NotAfter: root.NotAfter.UTC()})
	return ca.Roots(), nil
}
