package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"time"
)

// Limits of mail.
const (
	maxMail       = 64 << 10
	maxRecipients = 50
)

// A mailer sends mail. It does so by itself because shoutrrr's service bounds
// only the time to connect, goes on without encryption when a server offers
// none, and writes a subject as it is.
type mailer struct {
	host, server string
	mode         string // starttls, tls or none
	roots        *x509.CertPool
	user         string
	password     secret
	from         *mail.Address
	to           []*mail.Address
	zone         *time.Location
	now          func() time.Time
	scrub        scrubber
}

// check says what is wrong with the settings, without reading their files.
func (c SMTPConfig) check() error {
	host, _, err := net.SplitHostPort(c.Server)
	if err != nil || host == "" {
		return fmt.Errorf("smtp.server %q: write it as host:port", c.Server)
	}
	switch mode := cmp.Or(c.TLS, "starttls"); {
	case mode != "starttls" && mode != "tls" && mode != "none":
		return fmt.Errorf("smtp.tls %q: it is starttls, tls or none", c.TLS)
	case mode == "none" && c.User != "":
		return errors.New("smtp.tls none: a password is not sent without encryption")
	case (c.User == "") != (c.PasswordFile == ""):
		return errors.New("smtp.user and smtp.password-file go together")
	case len(c.To) == 0 || len(c.To) > maxRecipients:
		return fmt.Errorf("smtp.to has %d addresses: it must have from 1 to %d", len(c.To), maxRecipients)
	}
	_, _, err = c.addresses()
	return err
}

func (c SMTPConfig) addresses() (from *mail.Address, to []*mail.Address, err error) {
	if from, err = mail.ParseAddress(c.From); err != nil {
		return nil, nil, fmt.Errorf("smtp.from %q is not an address", c.From)
	}
	for _, s := range c.To {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return nil, nil, fmt.Errorf("smtp.to: %q is not an address", s)
		}
		to = append(to, a)
	}
	return from, to, nil
}

// openMail reads the password and the authorities.
func openMail(c SMTPConfig, zone *time.Location, now func() time.Time) (m *mailer, open bool, err error) {
	if err := c.check(); err != nil {
		return nil, false, err
	}
	m = &mailer{server: c.Server, mode: cmp.Or(c.TLS, "starttls"), user: c.User, zone: zone, now: now}
	m.host, _, _ = net.SplitHostPort(c.Server) // as check has done
	if m.from, m.to, err = c.addresses(); err != nil {
		return nil, false, err
	}
	if c.PasswordFile != "" {
		if m.password, open, err = readSecret(c.PasswordFile); err != nil {
			return nil, false, err
		}
	}
	if c.CAFile != "" {
		pem, _, err := readFile(c.CAFile)
		if err != nil {
			return nil, false, err
		}
		m.roots = x509.NewCertPool()
		if !m.roots.AppendCertsFromPEM(pem) {
			return nil, false, fmt.Errorf("read %s: there is no certificate in it", c.CAFile)
		}
	}
	m.scrub = newScrubber(m.password)
	return m, open, nil
}

// send mails everybody in one transaction: a server that refuses one address
// refuses the message.
func (m *mailer) send(ctx context.Context, msg Message) error {
	return m.scrub.error(m.deliver(ctx, msg))
}

func (m *mailer) deliver(ctx context.Context, msg Message) error {
	client, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if m.user != "" {
		if err := client.Auth(smtp.PlainAuth("", m.user, string(m.password), m.host)); err != nil {
			return fmt.Errorf("log in to the mail server: %w", err)
		}
	}
	if err := client.Mail(m.from.Address); err != nil {
		return fmt.Errorf("mail from %s: %w", m.from.Address, err)
	}
	for _, to := range m.to {
		if err := client.Rcpt(to.Address); err != nil {
			return fmt.Errorf("mail to one of the addresses: %w", err)
		}
	}
	w, err := client.Data()
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	if _, err := w.Write(m.compose(msg)); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	_ = client.Quit() // it has been taken, whatever comes of the farewell
	return nil
}

// connect greets the server and encrypts. The whole conversation ends with ctx.
func (m *mailer) connect(ctx context.Context) (*smtp.Client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.server)
	if err != nil {
		return nil, fmt.Errorf("reach the mail server: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	config := &tls.Config{ServerName: m.host, RootCAs: m.roots, MinVersion: tls.VersionTLS12}
	if m.mode == "tls" {
		conn = tls.Client(conn, config)
	}
	client, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("greet the mail server: %w", err), conn.Close())
	}
	if m.mode == "starttls" {
		if err := client.StartTLS(config); err != nil {
			return nil, errors.Join(fmt.Errorf("encrypt the connection to the mail server: %w", err), client.Close())
		}
	}
	return client, nil
}

// compose writes the mail with its headers.
func (m *mailer) compose(msg Message) []byte {
	to := make([]string, 0, len(m.to))
	for _, a := range m.to {
		to = append(to, a.String())
	}
	_, domain, _ := strings.Cut(m.from.Address, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", m.from.String()},
		{"To", strings.Join(to, ",\r\n ")},
		{"Subject", mime.QEncoding.Encode("utf-8", msg.Subject())},
		{"Date", m.now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + msg.ID + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, _ = body.Write([]byte(msg.Text(maxMail, m.zone))) // into memory
	_ = body.Close()
	return b.Bytes()
}
