package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

// demoTopic is the APNs topic of the demo's push certificate.
const demoTopic = "com.apple.mgmt.External.wardround-demo"

// A clinic is a simulated fleet and the MDM it is enrolled in, on loopback.
type clinic struct {
	mdm    *nano.Server
	fleet  *sim.Fleet
	server *http.Server
	served sync.WaitGroup

	expiries []checks.Expiry // of the certificates made for this run
}

// openClinic starts the MDM on a free loopback port, with a certificate
// authority made for this run, and builds the fleet. Nothing is enrolled yet.
func openClinic(dir string, opts demoOptions, journal mdm.Journal, privacy mdm.Key, logger *slog.Logger) (*clinic, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	c, err := wireClinic(dir, "http://"+listener.Addr().String(), opts, journal, privacy, logger)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	c.served.Go(func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("the MDM stopped serving", "err", err)
		}
	})
	return c, nil
}

func wireClinic(dir, url string, opts demoOptions, journal mdm.Journal, privacy mdm.Key, logger *slog.Logger) (*clinic, error) {
	ca, err := nano.NewCA("wardround demo", time.Now)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	fleet, err := sim.NewFleet(sim.FleetConfig{
		Devices: opts.devices, Seed: opts.seed, URL: url + nano.Path, Issue: ca.Issue, Topic: demoTopic, AppManagement: true, Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	if err := writeCatalog(filepath.Join(dir, catalogDir), fleet.Catalog()); err != nil {
		return nil, err
	}
	server, err := nano.New(nano.Config{Roots: ca.Roots(), Topic: demoTopic, Key: privacy}, journal, fleet, logger)
	if err != nil {
		return nil, err
	}
	cert, key, err := ca.PushCertificate(demoTopic)
	if err != nil {
		return nil, fmt.Errorf("push certificate: %w", err)
	}
	if err := server.StorePushCertificate(context.Background(), cert, key); err != nil {
		return nil, err
	}
	push, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("push certificate: %w", err)
	}
	return &clinic{mdm: server, fleet: fleet, server: nano.HTTPServer(server.Handler()), expiries: []checks.Expiry{
		{What: checks.PushCertificate, Detail: demoTopic, NotAfter: push.Leaf.NotAfter.UTC()},
		{What: checks.IdentityAuthority, Detail: ca.Certificate().Subject.CommonName, NotAfter: ca.Certificate().NotAfter.UTC()},
	}}, nil
}

// writeCatalog writes the profiles that the fleet's consoles sent out.
func writeCatalog(dir string, known []sim.NamedProfile) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	for _, p := range known {
		if err := os.WriteFile(filepath.Join(dir, p.Name), p.Data, 0o600); err != nil {
			return fmt.Errorf("catalog: %w", err)
		}
	}
	return nil
}

func (c *clinic) enroll(ctx context.Context, bar *progressBar) error {
	of := len(c.fleet.Devices())
	bar.show("enrolling", 0, of)
	if err := c.fleet.Enroll(ctx); err != nil {
		return fmt.Errorf("enrol: %w", err)
	}
	bar.show("enrolling", of, of)
	return nil
}

// Close sends the devices home and stops the MDM.
func (c *clinic) Close() error {
	c.fleet.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := c.server.Shutdown(ctx)
	c.served.Wait()
	return err
}
