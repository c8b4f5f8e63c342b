package nano_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

// programVariable names a built NanoMDM v0.9.0 to measure against, and
// databaseVariable the DSN of a PostgreSQL database on this machine that has the
// tables of its pgsql storage.
const (
	programVariable  = "WARDROUND_TEST_NANOMDM"
	databaseVariable = "WARDROUND_TEST_NANOMDM_DSN"
)

// A rival is a server under measurement.
type rival struct {
	pid    int
	beside string // program whose processes count too: the database
	url    string
	queue  func(round int) error // what every device is to answer
	judge  func() error          // nil: it does not judge
	size   func() int64          // of its files
}

// startNanoMDM starts NanoMDM's own server on one of its storages.
func startNanoMDM(b *testing.B, ca *nano.CA, storage string) *rival {
	b.Helper()
	program := os.Getenv(programVariable)
	if program == "" {
		b.Skipf("%s names no program: go install github.com/micromdm/nanomdm/cmd/nanomdm@v0.9.0", programVariable)
	}
	roots := filepath.Join(b.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate().Raw}), 0o600); err != nil {
		b.Fatal(err)
	}
	address := freeAddress(b)
	dsn, beside := "-", ""
	switch storage {
	case "filekv":
		dsn = b.TempDir()
	case "pgsql":
		if dsn, beside = os.Getenv(databaseVariable), "postgres"; dsn == "" {
			b.Skipf("%s names no database", databaseVariable)
		}
	}
	cmd := exec.CommandContext(b.Context(), program, "-ca", roots, "-listen", address, "-api", "key", "-storage", storage, "-dsn", dsn)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	waitFor(b, address)
	queue := func(round int) error {
		g := new(errgroup.Group)
		g.SetLimit(benchConnections)
		for i := range benchFleet {
			g.Go(func() error { return enqueueInNanoMDM(b.Context(), "http://"+address, round, i) })
		}
		return g.Wait()
	}
	return &rival{pid: cmd.Process.Pid, beside: beside, url: "http://" + address + "/mdm", queue: queue, size: func() int64 { return 0 }}
}

func enqueueInNanoMDM(ctx context.Context, url string, round, device int) error {
	for q, query := range benchQueries() {
		raw, err := query.Command(benchUUID(round, device, q))
		if err != nil {
			return err
		}
		target := fmt.Sprintf("%s/v1/enqueue/00008030-%016X?nopush=1", url, device)
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, target, bytes.NewReader(raw))
		if err != nil {
			return err
		}
		req.SetBasicAuth("nanomdm", "key")
		resp, err := benchClient.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("enqueue: %s, %w", resp.Status, err)
		}
	}
	return nil
}

func benchQueries() []mdm.Query {
	return []mdm.Query{
		mdm.QueryDeviceInformation("OSVersion"), mdm.QuerySecurityInfo(), mdm.QueryProfileList(false), mdm.QueryRestrictions(),
		mdm.QueryInstalledApplicationList(mdm.AppFilter{}), mdm.QueryCertificateList(false),
	}
}

// startOurs starts this server as a process of its own.
func startOurs(b *testing.B, ca *nano.CA) *rival {
	b.Helper()
	dir, address := b.TempDir(), freeAddress(b)
	state, err := sqlite.OpenState(b.Context(), filepath.Join(dir, "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	if err := state.Close(); err != nil {
		b.Fatal(err)
	}
	cfg := childConfig{Dir: dir, Address: address, Root: ca.Certificate().Raw, Serve: true}
	p := startProcess(b, cfg)
	b.Cleanup(p.kill)
	p.wait(b, sayReady)
	say := func(line, answer string) error {
		if _, err := fmt.Fprintln(p.in, line); err != nil {
			return err
		}
		p.wait(b, answer)
		return nil
	}
	return &rival{
		pid: p.cmd.Process.Pid, url: "http://" + address + nano.Path,
		queue: func(round int) error { return say(strconv.Itoa(round), sayAsked) },
		judge: func() error { return say("judge", sayJudged) },
		size: func() (n int64) {
			for _, name := range []string{"state.db", "state.db-wal", "results.db", "results.db-wal"} {
				if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
					n += info.Size()
				}
			}
			return n
		},
	}
}

func freeAddress(tb testing.TB) string {
	tb.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}

func waitFor(b *testing.B, address string) {
	b.Helper()
	for range 200 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		time.Sleep(10 * time.Millisecond) // it says nothing when it is ready
	}
	b.Fatal("the server does not listen")
}

// cpu is the time that a rival has spent, with its database: that of processes
// of it that have ended in between is counted with their parent's.
func (r *rival) cpu(b *testing.B) time.Duration {
	b.Helper()
	spent := cpuOf(b, strconv.Itoa(r.pid), 2)
	if r.beside == "" {
		return spent
	}
	names, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		if comm, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(comm)) == r.beside {
			spent += cpuOf(b, filepath.Base(filepath.Dir(name)), 4)
		}
	}
	return spent
}

// cpuOf is the time that a process has spent, user and system, with four fields
// that of its children which have ended too; 0 if it has ended itself.
func cpuOf(b *testing.B, pid string, count int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range fields[11 : 11+count] { // utime, stime, cutime, cstime (proc_pid_stat(5)), in hundredths
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// peakOf is the most memory a process has had, in bytes.
func peakOf(b *testing.B, pid int) int64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		b.Fatal(err)
	}
	return kib << 10
}
