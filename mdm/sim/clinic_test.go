package sim_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/groob/plist"
	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/smallstep/pkcs7"
	"go.uber.org/goleak"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

const topic = "com.apple.mgmt.External.sim"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A clinic is the least that a fleet can enrol in: it hands every device the
// same commands in each session and writes down what it is told. It knows who
// speaks from the certificate, for a hostile device does not say.
type clinic struct {
	t        *testing.T
	fleet    *sim.Fleet
	url      string
	commands []mdm.Query

	mu      sync.Mutex
	said    map[string][][]byte         // by device id, in order; guarded by mu
	answers map[string]map[int][][]byte // by device id and command; guarded by mu
	asked   map[string]int              // place in commands, -1 between sessions; guarded by mu
	ended   map[string]int              // sessions; guarded by mu
	changed chan struct{}               // guarded by mu
}

func newClinic(t *testing.T, cfg sim.FleetConfig, commands ...mdm.Query) *clinic {
	t.Helper()
	c := &clinic{
		t: t, commands: commands,
		said: make(map[string][][]byte), answers: make(map[string]map[int][][]byte),
		asked: make(map[string]int), ended: make(map[string]int), changed: make(chan struct{}),
	}
	server := httptest.NewServer(c)
	c.url = server.URL
	cfg.URL, cfg.Topic, cfg.Issue = server.URL, topic, issuer(t)
	if cfg.Devices == 0 {
		cfg.Devices = len(cfg.Personas)
	}
	fleet, err := sim.NewFleet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.fleet = fleet
	t.Cleanup(func() { fleet.Close(); server.Close() })
	if err := fleet.Enroll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// issuer certifies any key with one made for the test.
func issuer(t *testing.T) func(crypto.PublicKey, string) (*x509.Certificate, error) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return func(pub crypto.PublicKey, name string) (*x509.Certificate, error) {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, pub, key)
		if err != nil {
			return nil, err
		}
		return x509.ParseCertificate(der)
	}
}

// ServeHTTP implements http.Handler.
func (c *clinic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
		return
	}
	id := c.signer(r.Header.Get("Mdm-Signature"), body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said[id] = append(c.said[id], body)
	if r.Header.Get("Content-Type") == "application/x-apple-aspen-mdm-checkin" {
		c.asked[id] = -1
		return
	}
	if n := c.asked[id]; n >= 0 {
		if c.answers[id] == nil {
			c.answers[id] = make(map[int][][]byte)
		}
		c.answers[id][n] = append(c.answers[id][n], body)
	}
	c.asked[id]++
	if c.asked[id] < len(c.commands) {
		c.hand(w, c.asked[id])
		return
	}
	c.asked[id] = -1
	c.ended[id]++
	close(c.changed)
	c.changed = make(chan struct{})
}

// hand writes command n, under the same CommandUUID each time.
func (c *clinic) hand(w http.ResponseWriter, n int) {
	raw, err := c.commands[n].Command(fmt.Sprintf("WR-%d", n))
	if err != nil {
		c.t.Error(err)
	}
	_, _ = w.Write(raw)
}

// signer verifies a signature and returns whose it is.
func (c *clinic) signer(header string, body []byte) string {
	der, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		c.t.Errorf("Mdm-Signature: %v", err)
		return ""
	}
	p7, err := pkcs7.Parse(der)
	if err != nil {
		c.t.Errorf("Mdm-Signature: %v", err)
		return ""
	}
	if len(p7.Content) != 0 {
		c.t.Error("the signature is not detached")
	}
	p7.Content = body
	if err := p7.Verify(); err != nil {
		c.t.Errorf("Mdm-Signature: %v", err)
	}
	return p7.GetOnlySigner().Subject.CommonName
}

// session pushes device i and waits until its session has ended.
func (c *clinic) session(i int) {
	c.t.Helper()
	id := c.fleet.Devices()[i].ID
	c.pushed(id, c.push(id))
}

// pushed sends a push and waits until a session of the device has ended.
func (c *clinic) pushed(id string, push *nanomdm.Push) {
	c.t.Helper()
	c.mu.Lock()
	before := c.ended[id]
	c.mu.Unlock()
	answers, err := c.fleet.Push(c.t.Context(), []*nanomdm.Push{push})
	if err != nil {
		c.t.Fatal(err)
	}
	for token, a := range answers {
		if a.Err != nil {
			c.t.Fatalf("push to %s: %v", token, a.Err)
		}
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for {
		c.mu.Lock()
		ended, changed := c.ended[id], c.changed
		c.mu.Unlock()
		if ended > before {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			c.t.Fatalf("%s has not ended its session", id)
		}
	}
}

// push is what a device said to push it with.
func (c *clinic) push(id string) *nanomdm.Push {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, body := range c.said[id] {
		var update nanomdm.TokenUpdate
		if err := plist.Unmarshal(body, &update); err == nil && update.MessageType.MessageType == "TokenUpdate" {
			return &update.Push
		}
	}
	c.t.Fatalf("%s sent no TokenUpdate", id)
	return nil
}

// checkIn returns the check-in of the given MessageType of device i.
func (c *clinic) checkIn(i int, messageType string) map[string]any {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, body := range c.said[c.fleet.Devices()[i].ID] {
		if m := decode(c.t, body); m["MessageType"] == messageType {
			return m
		}
	}
	c.t.Fatalf("device %d sent no %s", i, messageType)
	return nil
}

// bytes returns the last answer of device i to command n.
func (c *clinic) bytes(i, n int) []byte {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.answers[c.fleet.Devices()[i].ID][n]
	if len(list) == 0 {
		c.t.Fatalf("device %d has not answered command %d", i, n)
	}
	return list[len(list)-1]
}

// bodies returns all that a device has sent.
func (c *clinic) bodies(id string) [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.said[id])
}

// answer returns the last answer of device i to command n, decoded.
func (c *clinic) answer(i, n int) map[string]any {
	c.t.Helper()
	return decode(c.t, c.bytes(i, n))
}

// sent reports whether any device has sent text in plain.
func (c *clinic) sent(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, bodies := range c.said {
		for _, b := range bodies {
			if bytes.Contains(b, []byte(text)) {
				return true
			}
		}
	}
	return false
}
