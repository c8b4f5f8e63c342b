package nano_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/push"
	"golang.org/x/sync/errgroup"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// childVariable tells the test binary that it is to be a server, and how.
const childVariable = "WARDROUND_TEST_CHILD"

// A childConfig is what a server in a process of its own has to know.
type childConfig struct {
	Dir     string // of state.db and results.db
	Address string // to listen on
	Root    []byte // DER
	APNs    string // URL that plays the push service
	Sweep   bool   // ask everything of everybody, judge and say so
	Serve   bool   // do what the standard input says
	Rounds  bool   // make a round as the program does, judge and say so
	Limits  bool   // limit its files as the standard input says
	Verbose bool   // log what is refused
}

// What a child says on its standard output.
const (
	sayReady  = "ready"
	sayAsked  = "asked"
	sayJudged = "judged"
)

// child is the server until it is killed.
func child(config string) error {
	var cfg childConfig
	if err := json.Unmarshal([]byte(config), &cfg); err != nil {
		return err
	}
	debug.SetGCPercent(200) // as the program does
	ctx := context.Background()
	state, err := sqlite.OpenState(ctx, filepath.Join(cfg.Dir, "state.db"))
	if err != nil {
		return err
	}
	intake := sweep.NewIntake(state)
	root, err := x509.ParseCertificate(cfg.Root)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	level := slog.LevelError
	if cfg.Verbose {
		level = slog.LevelWarn
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	server, err := nano.New(nano.Config{Roots: roots, Topic: topic}, intake.Journal(state), relay{cfg.APNs}, logger)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Address)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- nano.HTTPServer(server.Handler()).Serve(listener) }()
	fmt.Println(sayReady)
	switch {
	case cfg.Serve:
		return obey(ctx, cfg.Dir, state, intake, server)
	case cfg.Limits:
		return obeyLimits()
	case cfg.Rounds:
		if err := oneRound(ctx, cfg.Dir, state, intake, server); err != nil {
			return err
		}
		fmt.Println(sayJudged)
		return <-served
	case !cfg.Sweep:
		return <-served
	}
	if err := askEverybody(ctx, state, server); err != nil {
		return err
	}
	fmt.Println(sayAsked)
	if err := judgeEverybody(ctx, cfg.Dir, state, intake, server); err != nil {
		return err
	}
	fmt.Println(sayJudged)
	return <-served
}

// obey asks everybody the queries of the benchmark when it is told a number,
// and judges when it is told to.
func obey(ctx context.Context, dir string, state *sqlite.State, intake *sweep.Intake, server *nano.Server) error {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		round, err := strconv.Atoi(lines.Text())
		if err != nil {
			if err := judgeEverybody(ctx, dir, state, intake, server); err != nil {
				return err
			}
			fmt.Println(sayJudged)
			continue
		}
		if err := askRound(ctx, round, state, server); err != nil {
			return err
		}
		fmt.Println(sayAsked)
	}
	return errors.New("nothing more to do")
}

// askRound asks several devices at a time, so that they share transactions.
func askRound(ctx context.Context, round int, state *sqlite.State, server *nano.Server) error {
	sweep, err := state.BeginSweep(ctx, store.Sweep{Started: time.Now()})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i := range benchFleet {
		g.Go(func() error {
			id := fmt.Sprintf("00008030-%016X", i)
			var rows []store.Outstanding
			var commands []mdm.Command
			for n, q := range benchQueries() {
				uuid := benchUUID(round, i, n)
				rows = append(rows, store.Outstanding{Enrollment: id, Query: q.Key(), CommandUUID: uuid, Sweep: sweep, AskedAt: time.Now()})
				commands = append(commands, mdm.Command{Query: q, CommandUUID: uuid})
			}
			if fresh, err := state.Ask(ctx, rows); err != nil || len(fresh) != len(rows) {
				return fmt.Errorf("asked %d of %s, %d of them before: %w", len(rows), id, len(rows)-len(fresh), err)
			}
			return server.Ask(ctx, id, commands...)
		})
	}
	return g.Wait()
}

// sixQueries is what is asked of each device.
func sixQueries() []mdm.Query {
	return []mdm.Query{
		mdm.QueryDeviceInformation("OSVersion", "ProductName", "IsSupervised", "IsCloudBackupEnabled"), mdm.QuerySecurityInfo(),
		mdm.QueryProfileList(false), mdm.QueryRestrictions(), mdm.QueryProvisioningProfileList(false),
		mdm.QueryInstalledApplicationList(mdm.AppFilter{}),
	}
}

// askEverybody asks what has not been asked yet, and what was written down and
// perhaps not queued, and waits until all is answered. It may be killed
// anywhere and begun anew.
func askEverybody(ctx context.Context, state *sqlite.State, server *nano.Server) error {
	const sweep = 1
	rows, err := state.Outstandings(ctx, sweep)
	if err != nil {
		return err
	}
	known := make(map[string]store.Outstanding)
	for _, o := range rows {
		known[o.Enrollment+string(o.Query)] = o
	}
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return err
	}
	for _, e := range enrolled {
		for _, q := range sixQueries() {
			o, asked := known[e.ID+string(q.Key())]
			if !asked {
				o = store.Outstanding{Enrollment: e.ID, Query: q.Key(), CommandUUID: mdm.NewCommandUUID(), Sweep: sweep, AskedAt: time.Now()}
				if _, err := state.Ask(ctx, []store.Outstanding{o}); err != nil {
					return err
				}
			}
			if o.AnsweredAt.IsZero() {
				if err := server.Ask(ctx, e.ID, mdm.Command{Query: q, CommandUUID: o.CommandUUID}); err != nil {
					return err
				}
			}
		}
		if _, err := server.Wake(ctx, []string{e.ID}); err != nil {
			return err
		}
	}
	return remind(ctx, state, server)
}

// remind pushes those that owe an answer until nobody does.
func remind(ctx context.Context, state *sqlite.State, server *nano.Server) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		rows, err := state.Outstandings(ctx, 0)
		if err != nil || len(rows) == 0 {
			return err
		}
		owing := make(map[string]bool)
		for _, o := range rows {
			owing[o.Enrollment] = true
		}
		for id := range owing {
			if _, err := server.Wake(ctx, []string{id}); err != nil {
				return err
			}
		}
		<-again.C
	}
}

func judgeEverybody(ctx context.Context, dir string, state *sqlite.State, intake *sweep.Intake, server *nano.Server) error {
	results, err := sqlite.OpenResults(ctx, filepath.Join(dir, "results.db"))
	if err != nil {
		return err
	}
	baseline, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		return err
	}
	rounder := sweep.NewRounder(sweep.Config{Baselines: []*checks.Baseline{baseline}, Tool: "test"},
		state, results, intake, server, slog.New(slog.DiscardHandler))
	err = rounder.JudgeAll(ctx, store.Sweep{}, func(sweep.Progress) {})
	return errors.Join(err, results.Close())
}

// A relay sends pushes to whoever plays APNs.
type relay struct{ url string }

// A relayedPush is one push on its way.
type relayedPush struct{ Topic, PushMagic, Token string }

// NewPushProvider implements push.PushProviderFactory.
func (r relay) NewPushProvider(*tls.Certificate) (push.PushProvider, error) { return r, nil }

// Push implements push.PushProvider.
func (r relay) Push(ctx context.Context, pushes []*nanomdm.Push) (map[string]*push.Response, error) {
	var list []relayedPush
	answers := make(map[string]*push.Response)
	for _, p := range pushes {
		list = append(list, relayedPush{p.Topic, p.PushMagic, p.Token.String()})
		answers[p.Token.String()] = &push.Response{Id: "relayed"}
	}
	body, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return answers, err
}

// serveAPNs hands relayed pushes to a push service.
func serveAPNs(service push.PushProvider) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var list []relayedPush
		if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var pushes []*nanomdm.Push
		for _, p := range list {
			token, err := hex.DecodeString(p.Token)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			pushes = append(pushes, &nanomdm.Push{Topic: p.Topic, PushMagic: p.PushMagic, Token: token})
		}
		if _, err := service.Push(r.Context(), pushes); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}
