package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/notify"
)

// A mailHost is a small SMTP server on loopback.
type mailHost struct {
	net.Listener
	cert     tls.Certificate
	ca       string // PEM
	starttls bool   // it offers to encrypt
	implicit bool   // it encrypts from the first byte
	refuse   string // what it answers to RCPT; empty: it takes all
	mute     bool   // it greets nobody

	mu   sync.Mutex
	said []string // commands, with the secrets of AUTH
	mail string   // the last message
}

func newMailHost(t *testing.T, change func(*mailHost)) *mailHost {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	h := &mailHost{
		cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, starttls: true,
		ca: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	}
	if change != nil {
		change(h)
	}
	h.Listener, err = net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := h.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { h.serve(conn) })
		}
	})
	t.Cleanup(func() { h.Close(); wg.Wait() })
	return h
}

func (h *mailHost) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if h.mute {
		io.Copy(io.Discard, conn) // until the other side has had enough
		return
	}
	if h.implicit {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{h.cert}})
	}
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "220 mail.example ESMTP\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		h.note(line)
		verb, _, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			if h.starttls {
				fmt.Fprint(conn, "250-mail.example\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
			} else {
				fmt.Fprint(conn, "250-mail.example\r\n250 AUTH PLAIN\r\n")
			}
		case "STARTTLS":
			if !h.starttls {
				fmt.Fprint(conn, "502 not here\r\n")
				continue
			}
			fmt.Fprint(conn, "220 go ahead\r\n")
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{h.cert}})
			r = bufio.NewReader(conn)
		case "AUTH":
			fmt.Fprint(conn, "235 welcome\r\n")
		case "RCPT":
			if h.refuse != "" {
				fmt.Fprintf(conn, "550 %s\r\n", h.refuse)
				continue
			}
			fmt.Fprint(conn, "250 ok\r\n")
		case "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			h.take(r)
			fmt.Fprint(conn, "250 taken\r\n")
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

func (h *mailHost) note(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, line)
}

// take reads a message up to its dot.
func (h *mailHost) take(r *bufio.Reader) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mail = b.String()
}

func (h *mailHost) heard() (said []string, mail string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.said...), h.mail
}

// post is a channel to the host.
func (h *mailHost) post(t *testing.T, mode string) notify.ChannelConfig {
	return notify.ChannelConfig{Name: "mail", Timeout: 5 * time.Second, SMTP: notify.SMTPConfig{
		Server: h.Addr().String(), TLS: mode, CAFile: file(t, h.ca), From: "Wardround <ward@clinic.example>", To: []string{"it@clinic.example", "Privacy <po@clinic.example>"},
	}}
}

func TestMailIsEncryptedAndComplete(t *testing.T) {
	for _, mode := range []string{"starttls", "tls"} {
		t.Run(mode, func(t *testing.T) {
			h := newMailHost(t, func(h *mailHost) { h.implicit = mode == "tls"; h.starttls = mode != "tls" })
			c := h.post(t, mode)
			c.SMTP.User, c.SMTP.PasswordFile = "ward", file(t, "hunter22\n")
			w := newWorld(t, notify.Config{Zone: "UTC", Channels: []notify.ChannelConfig{c}})
			before := round(monday().AddDate(0, 0, -1), ipad("Ä-1", checksPass))
			check(t, w.Round(t.Context(), before))
			check(t, w.Round(t.Context(), round(monday(), ipad("Ä-1", checksFail))))

			said, text := h.heard()
			verbs := make([]string, 0, len(said))
			for _, s := range said {
				verbs = append(verbs, strings.Fields(s)[0])
			}
			want := []string{"EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"}
			if mode == "tls" {
				want = want[2:]
			}
			if diff := cmp.Diff(want, verbs); diff != "" {
				t.Errorf("conversation (-want +got):\n%s", diff)
			}
			if login := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00ward\x00hunter22")); !strings.Contains(strings.Join(said, "\n"), login) {
				t.Errorf("nobody logged in: %q", said)
			}
			m, err := mail.ReadMessage(strings.NewReader(text))
			check(t, err)
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			check(t, err)
			if subject != "wardround: 1 change, some of high severity" {
				t.Errorf("subject %q", subject)
			}
			if _, err := m.Header.Date(); err != nil {
				t.Errorf("date: %v", err)
			}
			if to, err := m.Header.AddressList("To"); len(to) != 2 || err != nil {
				t.Errorf("to %v, %v", to, err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			check(t, err)
			if !strings.Contains(string(body), "newly failing [high]: FaceTime is off (base, wr_1): 1 device") || !strings.Contains(string(body), "Ä-1") {
				t.Errorf("the mail says %q", body)
			}
		})
	}
}

func TestMailIsNotSentWithoutWhatWasAskedFor(t *testing.T) {
	for _, c := range []struct {
		name   string
		host   func(*mailHost)
		change func(*notify.ChannelConfig)
		says   string
	}{
		{"a server that does not encrypt", func(h *mailHost) { h.starttls = false }, nil, "encrypt the connection"},
		{"a server that nobody vouches for", nil, func(c *notify.ChannelConfig) { c.SMTP.CAFile = "" }, "encrypt the connection"},
		{"a server that takes no mail for somebody", func(h *mailHost) { h.refuse = "no such user \x1b[31m" }, nil, "no such user"},
		{"a server that says nothing", func(h *mailHost) { h.mute = true }, func(c *notify.ChannelConfig) { c.Timeout = time.Second }, "timeout"},
		{"a server that is not there", nil, func(c *notify.ChannelConfig) { c.SMTP.Server = "127.0.0.1:1" }, "reach the mail server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newMailHost(t, c.host)
			channel := h.post(t, "")
			if c.change != nil {
				c.change(&channel)
			}
			w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{channel}})
			err := w.Test(t.Context(), "mail")
			wantError(t, err, "test channel mail", c.says)
			if err != nil && strings.Contains(err.Error(), "\x1b") {
				t.Errorf("error %q has controls in it", err)
			}
			if _, got := h.heard(); got != "" {
				t.Errorf("mail was sent: %q", got)
			}
		})
	}
}

func TestAServerWithoutEncryptionIsUsedOnlyIfThatIsSaid(t *testing.T) {
	h := newMailHost(t, func(h *mailHost) { h.starttls = false })
	w := newWorld(t, notify.Config{Channels: []notify.ChannelConfig{h.post(t, "none")}})
	check(t, w.Test(t.Context(), "mail"))
	if _, got := h.heard(); !strings.Contains(got, "this is a test") {
		t.Errorf("mail is %q", got)
	}
}
