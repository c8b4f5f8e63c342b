package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// nowhere is the address of what is not to be served.
const nowhere = "none"

// Pages are the listeners of serve for people and programs: health and metrics.
type pages struct {
	servers []*http.Server
	served  sync.WaitGroup
	lines   []string // what is where
}

// openPages listens on the addresses of the settings. The same address for
// health and metrics is one listener.
func openPages(cfg Config, health *prober, metrics http.Handler, logger *slog.Logger) (*pages, error) {
	p := &pages{}
	muxes := make(map[string]*http.ServeMux)
	var order []string
	on := func(address string) *http.ServeMux {
		if muxes[address] == nil {
			muxes[address] = http.NewServeMux()
			order = append(order, address)
		}
		return muxes[address]
	}
	if cfg.Listen != nowhere && cfg.Listen != "" {
		health.register(on(cfg.Listen))
	}
	if cfg.MetricsListen != nowhere && cfg.MetricsListen != "" {
		on(cfg.MetricsListen).Handle("GET /metrics", metrics)
	}
	for _, address := range order {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			flag := "--listen"
			if address != cfg.Listen {
				flag = "--metrics-listen"
			}
			return nil, errors.Join(usage(fmt.Errorf("listen for %s: %w", purpose(cfg, address), err), "name a free address with "+flag+", or none"), p.Close())
		}
		p.serve(listener, muxes[address], logger)
		if address == cfg.Listen {
			p.lines = append(p.lines, fmt.Sprintf("health    http://%s/healthz and /readyz", listener.Addr()))
		}
		if address == cfg.MetricsListen {
			p.lines = append(p.lines, fmt.Sprintf("metrics   http://%s/metrics", listener.Addr()))
		}
	}
	return p, nil
}

// purpose says what is at an address.
func purpose(cfg Config, address string) string {
	switch {
	case cfg.Listen == cfg.MetricsListen:
		return "health and metrics"
	case address == cfg.Listen:
		return "health"
	}
	return "metrics"
}

func (p *pages) serve(listener net.Listener, handler http.Handler, logger *slog.Logger) {
	server := &http.Server{
		Handler:        http.MaxBytesHandler(handler, 0),
		MaxHeaderBytes: 16 << 10, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	p.servers = append(p.servers, server)
	p.served.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("health and metrics stopped being served", "err", err)
		}
	})
}

// greet says what is where.
func (p *pages) greet(w io.Writer) {
	for _, line := range p.lines {
		fmt.Fprintln(w, line)
	}
}

// Close lets answers under way go out, for a moment.
func (p *pages) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var errs []error
	for _, server := range p.servers {
		err := server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		errs = append(errs, err)
	}
	p.served.Wait()
	return errors.Join(errs...)
}
