package main

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/remedy"
	"github.com/wardround/wardround/profiles"
)

// A profileSigner signs what is written.
type profileSigner struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

// readSigner reads CERT and KEY; nil if nothing is to be signed.
func readSigner(files []string, now time.Time) (*profileSigner, error) {
	if len(files) == 0 {
		return nil, nil
	}
	if len(files) != 2 {
		return nil, usage(fmt.Errorf("--sign %s: not a certificate and a key", strings.Join(files, ",")), "write it as --sign CERT,KEY")
	}
	certificate, err := readFile(files[0], maxKeyFile)
	if err != nil {
		return nil, usage(fmt.Errorf("--sign: %w", err), "")
	}
	key, err := readFile(files[1], maxKeyFile)
	if err != nil {
		return nil, usage(fmt.Errorf("--sign: %w", err), "")
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, usage(fmt.Errorf("--sign: %w", err), "both files must be PEM, and the key that of the first certificate")
	}
	s := &profileSigner{}
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, usage(fmt.Errorf("--sign: %w", err), "")
		}
		s.chain = append(s.chain, c)
	}
	if leaf := s.chain[0]; now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return nil, usage(fmt.Errorf("--sign: the certificate is valid from %s to %s", leaf.NotBefore.Format(time.DateOnly), leaf.NotAfter.Format(time.DateOnly)), "")
	}
	var ok bool
	if s.key, ok = pair.PrivateKey.(crypto.Signer); !ok {
		return nil, usage(errors.New("--sign: the key cannot sign"), "")
	}
	return s, nil
}

// A remedyRecord is what is said about a written profile, in the order of its
// JSON.
type remedyRecord struct {
	File       string `json:"file"` // empty if nothing was written
	Identifier string `json:"identifier"`
	UUID       string `json:"uuid"`
	SHA256     string `json:"sha256"`
	Signed     bool   `json:"signed"`
	remedy.Plan

	profile []byte
}

// newRemedyRecord writes the plan's profile, and reads it back: what it says
// must be what was planned.
func newRemedyRecord(plan remedy.Plan, file string, signer *profileSigner) (remedyRecord, error) {
	r := remedyRecord{Plan: plan}
	if len(plan.Sets) == 0 {
		return r, nil
	}
	content, err := plan.Draft.Encode()
	if err != nil {
		return r, err
	}
	p, err := profiles.Parse(file, content)
	if err != nil {
		return r, fmt.Errorf("read the remedy back: %w", err)
	}
	if got, want := len(p.Settings()), len(plan.Sets); got != want || len(p.Problems) > 0 {
		return r, fmt.Errorf("read the remedy back: %d settings and %d problems, want %d settings", got, len(p.Problems), want)
	}
	if signer != nil {
		if content, err = profiles.Sign(content, signer.key, signer.chain...); err != nil {
			return r, err
		}
	}
	sum := sha256.Sum256(content)
	r.File, r.Identifier, r.UUID, r.SHA256, r.Signed, r.profile = file, p.Identifier, p.UUID, hex.EncodeToString(sum[:]), signer != nil, content
	return r, nil
}

func (r remedyRecord) write(out io.Writer, format string) error {
	if format == "json" {
		return writeIndented(out, r)
	}
	var b bytes.Buffer
	if r.File == "" {
		fmt.Fprintln(&b, "Nothing was written: there is no verdict that a profile may turn.")
	} else {
		fmt.Fprintf(&b, "Written to %s: %s, UUID %s\nSHA-256 %s\n", cmp.Or(strings.TrimPrefix(r.File, "-"), "standard output"), r.Identifier, r.UUID, r.SHA256)
		fmt.Fprintf(&b, "It turns %s on %s into a pass. Nothing was sent to any device.\n", counted(len(r.Claims), "verdict"), counted(len(r.Devices), "device"))
	}
	r.writeSettings(&b)
	if len(r.ByHand) > 0 {
		fmt.Fprintln(&b, "\nWhat no profile mends:")
	}
	for _, t := range r.ByHand {
		fmt.Fprintf(&b, "  %s (%s): %s\n    for %s\n    on %s\n", t.Kind, t.Reason, t.Text, someOf(t.Requirements), someOf(t.Devices))
	}
	writeList(&b, "What will be lost:", "  -", r.Losses)
	if len(r.Steps) > 0 {
		fmt.Fprintln(&b, "\nIn this order:")
	}
	for i, step := range r.Steps {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, step)
	}
	_, err := io.WriteString(out, printable(b.String()))
	return err
}

func (r remedyRecord) writeSettings(out io.Writer) {
	if len(r.Sets) > 0 {
		fmt.Fprintln(out, "\nIt sets:")
	}
	for _, s := range r.Sets {
		fmt.Fprintf(out, "  %s %s = %s for %s\n", s.Domain, s.Key, settingText(s.Value), strings.Join(s.Requirements, ", "))
	}
	if len(r.Devices) > 0 {
		fmt.Fprintf(out, "It is for: %s\n", someOf(r.Devices))
	}
	if len(r.Refused) > 0 {
		fmt.Fprintln(out, "\nLeft out, for it could do harm:")
	}
	for _, f := range r.Refused {
		fmt.Fprintf(out, "  %s for %s: %s\n", f.Key, f.Requirement, f.Why)
	}
}

func writeList(out io.Writer, title, mark string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(out, "\n%s\n", title)
	}
	for _, line := range lines {
		fmt.Fprintf(out, "%s %s\n", mark, line)
	}
}

// someOf lists ids as far as a line can hold them.
func someOf(ids []string) string {
	const most = 8
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}
