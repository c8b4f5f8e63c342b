package nano_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
	"github.com/wardround/wardround/mdm/sim"
)

// benchFleet is how many devices answer, and benchConnections how many of them
// at a time.
const (
	benchFleet       = 500
	benchConnections = 16
)

// BenchmarkSideBySide is a sweep of 500 devices with six answers of 205 kB
// together, against this server and against NanoMDM's own (named by
// WARDROUND_TEST_NANOMDM) on its storages, in memory, in files and in PostgreSQL. Each server is a process of its
// own, whose CPU is counted for 1,000 devices: to queue the commands, to hand
// them out and take the answers, and to judge; so is the most memory it had.
// Requests are signed as Apple's devices do, before the clock starts.
func BenchmarkSideBySide(b *testing.B) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		b.Skip("the CPU of a process is read from /proc")
	}
	ca, err := nano.NewCA("Benchmark", nil)
	if err != nil {
		b.Fatal(err)
	}
	load := newLoad(b, ca)
	for _, storage := range []string{"inmem", "filekv", "pgsql"} {
		b.Run("nanomdm-"+storage, func(b *testing.B) { load.measure(b, startNanoMDM(b, ca, storage)) })
	}
	b.Run("wardround", func(b *testing.B) { load.measure(b, startOurs(b, ca)) })
}

// A load is a fleet whose messages are signed beforehand.
type load struct {
	senders []*sender
	idle    []signed
	answers [][]string // payloads by device
}

type signed struct {
	body   []byte
	header string
}

func newLoad(b *testing.B, ca *nano.CA) *load {
	b.Helper()
	l := new(load)
	first := newAppleSender(b, ca, "key")
	for i := range benchFleet {
		s := &sender{id: fmt.Sprintf("00008030-%016X", i), key: first.key, sign: first.sign} // one key serves all
		var err error
		if s.cert, err = ca.Issue(s.key.Public(), s.id); err != nil {
			b.Fatal(err)
		}
		l.senders = append(l.senders, s)
		l.idle = append(l.idle, signed{idle(s.id), s.header(b, idle(s.id))})
		var payloads []string
		for _, a := range sim.SixAnswers(i) {
			payloads = append(payloads, a.Payload)
		}
		l.answers = append(l.answers, payloads)
	}
	return l
}

func benchUUID(round, device, query int) string {
	return fmt.Sprintf("%s%d-%d-%d", mdm.CommandPrefix, round, device, query)
}

// measure enrols the fleet and then makes two sweeps: the first, and one in
// which nothing has changed.
func (l *load) measure(b *testing.B, r *rival) {
	if err := l.each(b.Context(), func(ctx context.Context, i int) error { return l.enroll(ctx, b, r.url, i) }); err != nil {
		b.Fatal(err)
	}
	round := 0
	for _, name := range []string{"first", "unchanged"} {
		b.Run(name, func(b *testing.B) {
			before := r.size()
			var asking, answering, judging time.Duration
			for b.Loop() {
				b.StopTimer()
				round++
				messages := l.sign(b, round)
				b.StartTimer()
				started := r.cpu(b)
				if err := r.queue(round); err != nil {
					b.Fatal(err)
				}
				asked := r.cpu(b)
				if err := l.each(b.Context(), func(ctx context.Context, i int) error {
					return l.session(ctx, r.url, round, i, messages[i])
				}); err != nil {
					b.Fatal(err)
				}
				answered := r.cpu(b)
				if r.judge != nil {
					if err := r.judge(); err != nil {
						b.Fatal(err)
					}
				}
				asking, answering, judging = asking+asked-started, answering+answered-asked, judging+r.cpu(b)-answered
			}
			n := float64(b.N) * benchFleet / 1000
			b.ReportMetric(asking.Seconds()/n, "ask-CPU-s/1000")
			b.ReportMetric(answering.Seconds()/n, "answer-CPU-s/1000")
			b.ReportMetric(judging.Seconds()/n, "judge-CPU-s/1000")
			b.ReportMetric(float64(peakOf(b, r.pid))/(1<<20), "peak-MiB")
			b.ReportMetric(float64(r.size()-before)/benchFleet, "file-B/device")
		})
	}
}

// each calls f for every device, some at a time.
func (l *load) each(ctx context.Context, f func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(benchConnections)
	for i := range l.senders {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

func (l *load) enroll(ctx context.Context, b *testing.B, url string, i int) error {
	s := l.senders[i]
	for _, m := range []string{
		fmt.Sprintf("<key>MessageType</key><string>Authenticate</string><key>SerialNumber</key><string>SN%d</string>", i),
		"<key>MessageType</key><string>TokenUpdate</string><key>PushMagic</key><string>m</string><key>Token</key><data>AAEC</data>",
	} {
		body := message(s.id, m+"<key>Topic</key><string>"+topic+"</string>")
		if _, err := send(ctx, url, checkInType, signed{body, s.header(b, body)}); err != nil {
			return err
		}
	}
	return nil
}

// sign makes the messages of a round: six answers a device.
func (l *load) sign(b *testing.B, round int) [][]signed {
	b.Helper()
	messages := make([][]signed, len(l.senders))
	for i, s := range l.senders {
		for q, payload := range l.answers[i] {
			body := answer(s.id, benchUUID(round, i, q), payload)
			messages[i] = append(messages[i], signed{body, s.header(b, body)})
		}
	}
	return messages
}

// session polls, answers what comes, and wants to be done after six answers.
func (l *load) session(ctx context.Context, url string, round, i int, messages []signed) error {
	next, err := send(ctx, url, reportType, l.idle[i])
	for q := 0; err == nil && q < len(messages); q++ {
		if !strings.Contains(next, benchUUID(round, i, q)) {
			return fmt.Errorf("device %d: got %.300q, want command %d", i, next, q)
		}
		next, err = send(ctx, url, reportType, messages[q])
	}
	if err == nil && next != "" {
		err = fmt.Errorf("device %d: a command too many: %.300q", i, next)
	}
	return err
}

var benchClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchConnections}}

func send(ctx context.Context, url, contentType string, m signed) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(m.body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Mdm-Signature", m.header)
	resp, err := benchClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return string(answer), err
}
