package nano_test

import (
	"bytes"
	"context"
	"encoding/base64"
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
)

// benchFleet is how many devices answer, and benchConnections how many of them
// at a time.
const (
	benchFleet       = 500
	benchConnections = 16
)

// BenchmarkSideBySide is a sweep of 500 devices with six answers of 205 kB
// together, against this server and against NanoMDM's own (named by
// WARDROUND_NANOMDM) on its storage in memory. Each server is a process of its
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
	b.Run("nanomdm-inmem", func(b *testing.B) { load.measure(b, startNanoMDM(b, ca)) })
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
		l.answers = append(l.answers, sixAnswers(i))
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
				started := cpuOf(b, r.pid)
				if err := r.queue(round); err != nil {
					b.Fatal(err)
				}
				asked := cpuOf(b, r.pid)
				if err := l.each(b.Context(), func(ctx context.Context, i int) error {
					return l.session(ctx, r.url, round, i, messages[i])
				}); err != nil {
					b.Fatal(err)
				}
				answered := cpuOf(b, r.pid)
				if r.judge != nil {
					if err := r.judge(); err != nil {
						b.Fatal(err)
					}
				}
				asking, answering, judging = asking+asked-started, answering+answered-asked, judging+cpuOf(b, r.pid)-answered
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

// sixAnswers are the payloads of DeviceInformation, SecurityInfo, ProfileList,
// Restrictions, InstalledApplicationList and CertificateList of one device.
func sixAnswers(device int) []string {
	repeat := func(n int, f func(i int) string) string {
		var s strings.Builder
		for i := range n {
			s.WriteString(f(i))
		}
		return s.String()
	}
	blob := func(n int) string {
		return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(device), 0x5a, 7}, n/3))
	}
	return []string{
		"<key>QueryResponses</key><dict>" + repeat(60, func(i int) string {
			return fmt.Sprintf("<key>OSVersion%d</key>\n<string>18.%d</string>\n", i, device%7)
		}) + "<key>OSVersion</key><string>18.7</string></dict>",
		"<key>SecurityInfo</key><dict><key>PasscodePresent</key><true/><key>HardwareEncryptionCaps</key><integer>3</integer></dict>",
		"<key>ProfileList</key><array>" + repeat(15, func(i int) string {
			return fmt.Sprintf("<dict><key>PayloadIdentifier</key><string>org.clinic.%d</string><key>PayloadUUID</key><string>%08d</string>"+
				"<key>PayloadVersion</key><integer>1</integer><key>SignerCertificates</key><array><data>%s</data></array><key>PayloadContent</key><array>%s</array></dict>\n",
				i, device, blob(1500), repeat(4, func(j int) string {
					return fmt.Sprintf("<dict><key>PayloadType</key><string>com.apple.applicationaccess</string><key>PayloadIdentifier</key><string>org.clinic.%d.%d</string>"+
						"<key>PayloadVersion</key><integer>1</integer></dict>\n", i, j)
				}))
		}) + "</array>",
		"<key>GlobalRestrictions</key><dict><key>restrictedBool</key><dict>" + repeat(90, func(i int) string {
			return fmt.Sprintf("<key>allowThing%d</key>\n<dict>\n<key>value</key>\n<false/>\n</dict>\n", i)
		}) + "</dict></dict>",
		"<key>InstalledApplicationList</key><array>" + repeat(150, func(i int) string {
			return fmt.Sprintf("<dict>\n<key>Identifier</key>\n<string>com.example.application.%d.%d</string>\n<key>Name</key>\n<string>Application %d</string>\n"+
				"<key>ShortVersion</key>\n<string>%d.1</string>\n<key>Version</key>\n<string>%d</string>\n<key>IsValidated</key>\n<true/>\n<key>Installing</key>\n<false/>\n"+
				"<key>AppStoreVendable</key>\n<true/>\n<key>BetaApp</key>\n<false/>\n<key>AdHocCodeSigned</key>\n<false/>\n<key>DeviceBasedVPP</key>\n<true/>\n"+
				"<key>HasUpdateAvailable</key>\n<false/>\n<key>IsAppClip</key>\n<false/>\n<key>ProfileValidated</key>\n<true/>\n<key>UAT</key>\n<string>%s</string>\n</dict>\n",
				device%11, i, i, i, 4000+i, strings.Repeat("u", 280))
		}) + "</array>",
		"<key>CertificateList</key><array>" + repeat(14, func(i int) string {
			return fmt.Sprintf("<dict><key>CommonName</key><string>CA %d</string><key>IsIdentity</key><false/><key>Data</key><data>%s</data></dict>\n", i, blob(1400))
		}) + "</array>",
	}
}
