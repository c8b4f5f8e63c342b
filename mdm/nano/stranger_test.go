package nano_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/nano"
)

const checkOut = "<key>MessageType</key><string>CheckOut</string>"

// newLastingSender has a certificate from yesterday until the day after
// tomorrow.
func newLastingSender(t testing.TB, ca *nano.CA, id string) *sender {
	t.Helper()
	now := time.Now()
	return newSenderFor(t, ca, id, now.Add(-24*time.Hour), now.Add(48*time.Hour))
}

// certifiedBy has a key that whoever has signer certifies as id.
func certifiedBy(t testing.TB, parent *x509.Certificate, signer *ecdsa.PrivateKey, id string) *sender {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7),
		Subject:      pkix.Name{CommonName: id},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &sender{id: id, cert: cert, key: key, sign: signWithAttributes}
}

// Whoever has no identity of this server's cannot poll, answer or check out as
// a device, whatever is written in the certificate.
func TestAFalseIdentityHarmsNobody(t *testing.T) {
	r := alone(t)
	b := newBystanders(t, r)
	foreign, err := nano.NewCA("Another authority", nil)
	must(t, err)
	forged, err := nano.NewCA("Test identities", nil) // the name of ours
	must(t, err)
	anyKey := func(s *sender) *ecdsa.PrivateKey { return s.key.(*ecdsa.PrivateKey) }
	thief := newSender(t, r.ca, "THIEF")
	for _, tt := range []struct {
		name string
		who  *sender
		want int
		log  []string
	}{
		{"of another authority", newSender(t, foreign, "VICTIM"), http.StatusForbidden, []string{"unknown authority"}},
		{"forged in the name of the authority", newSender(t, forged, "VICTIM"), http.StatusForbidden, []string{"unknown authority"}},
		{"made by a device", certifiedBy(t, b.other.cert, anyKey(b.other), "VICTIM"), http.StatusForbidden, []string{"unknown authority"}},
		{"made by itself", certifiedBy(t, nil, nil, "VICTIM"), http.StatusForbidden, []string{"unknown authority"}},
		{
			"the device's own, without its key",
			&sender{id: "VICTIM", cert: b.victim.cert, key: thief.key, sign: signWithAttributes},
			http.StatusBadRequest,
			[]string{"signature of the body", "device=VICTIM"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for kind, body := range map[string][]byte{
				reportType:  answer("VICTIM", b.owed["VICTIM"], securityInfo),
				checkInType: message("VICTIM", checkOut),
			} {
				got, _ := tt.who.put(t, r.url, kind, body)
				b.refused(t, got, tt.want, append(tt.log, "level=WARN", "remote=127.0.0.1:")...)
			}
			got, _ := tt.who.put(t, r.url, reportType, idle("VICTIM"))
			b.refused(t, got, tt.want, tt.log...)
		})
	}
	b.unharmed(t)
}

// An identity that is not valid now is one that the log can name.
func TestAnIdentityOutOfItsTimeIsRefused(t *testing.T) {
	start := time.Now()
	var shift atomic.Int64 // of the server's clock, in nanoseconds
	r := alone(t, func(c *nano.Config, _ *fleetConfig) {
		c.Now = func() time.Time { return start.Add(time.Duration(shift.Load())) }
	})
	b := newBystanders(t, r)
	late := newSenderFor(t, r.ca, "LATE", start.Add(-30*time.Minute), start.Add(time.Hour))
	late.enroll(t, r.url)
	uuid := r.owe(t, "LATE", mdm.QuerySecurityInfo())
	b.mark()
	for _, tt := range []struct {
		name  string
		shift time.Duration
	}{{"expired", 2 * time.Hour}, {"not yet valid", -45 * time.Minute}} {
		t.Run(tt.name, func(t *testing.T) {
			shift.Store(int64(tt.shift))
			defer shift.Store(0)
			got, _ := late.put(t, r.url, reportType, answer("LATE", uuid, securityInfo))
			b.refused(t, got, http.StatusForbidden, "expired or is not yet valid", "device=LATE")
			if got, _ := b.other.put(t, r.url, reportType, idle("OTHER")); got != http.StatusOK {
				t.Errorf("a device whose certificate is valid: HTTP status %d", got)
			}
		})
	}
	if got, _ := late.put(t, r.url, reportType, answer("LATE", uuid, securityInfo)); got != http.StatusOK {
		t.Errorf("HTTP status when its time has come: %d", got)
	}
	b.unharmed(t)
}

// A device with a good identity that says it is another one.
func TestADeviceCannotActForAnother(t *testing.T) {
	r := alone(t)
	b := newBystanders(t, r)
	thief := newSender(t, r.ca, "THIEF")
	thief.enroll(t, r.url)
	b.mark()
	for name, keys := range map[string]string{
		"Authenticate": "<key>MessageType</key><string>Authenticate</string><key>Topic</key><string>" + topic + "</string>",
		"TokenUpdate": "<key>MessageType</key><string>TokenUpdate</string><key>Topic</key><string>" + topic +
			"</string><key>PushMagic</key><string>mine</string><key>Token</key><data>AAEC</data>",
		"CheckOut":          checkOut,
		"SetBootstrapToken": "<key>MessageType</key><string>SetBootstrapToken</string><key>BootstrapToken</key><data>AAEC</data>",
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := thief.put(t, r.url, checkInType, message("VICTIM", keys))
			b.refused(t, got, http.StatusForbidden, "message of VICTIM, certificate of THIEF", "device=THIEF")
		})
	}
	for name, body := range map[string][]byte{
		"a poll":                 idle("VICTIM"),
		"an answer":              answer("VICTIM", b.owed["VICTIM"], securityInfo),
		"an unreadable answer":   message("VICTIM", "<key>Status</key><string>Perhaps</string><key>CommandUUID</key><string>"+b.owed["VICTIM"]+"</string>"),
		"a user of its":          message("VICTIM", "<key>UserID</key><string>u1</string><key>Status</key><string>Idle</string>"),
		"a check-in in a report": message("VICTIM", checkOut),
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := thief.put(t, r.url, reportType, body)
			b.refused(t, got, http.StatusForbidden, "VICTIM", "device=THIEF")
		})
	}
	if got := r.count(t, `SELECT count(*) FROM nano_enrollment WHERE id = 'VICTIM' AND enabled = 1 AND push_magic = 'magic'`); got != 1 {
		t.Error("the thief changed the enrollment of another")
	}
	b.unharmed(t)
}

// Who has not sent Authenticate has no enrollment, however good the identity.
func TestNothingIsTakenBeforeAuthenticate(t *testing.T) {
	r := alone(t)
	b := newBystanders(t, r)
	s := newSender(t, r.ca, "NEW")
	tokenUpdate := message("NEW", "<key>MessageType</key><string>TokenUpdate</string><key>Topic</key><string>"+topic+
		"</string><key>PushMagic</key><string>m</string><key>Token</key><data>AAEC</data>")
	for _, tt := range []struct {
		name, kind string
		body       []byte
		says       string
	}{
		{"TokenUpdate", checkInType, tokenUpdate, "message of NEW, certificate of no enrollment"},
		{"CheckOut", checkInType, message("NEW", checkOut), "message of NEW, certificate of no enrollment"},
		{"a poll", reportType, idle("NEW"), "message of NEW, certificate of no enrollment"},
		{"an answer", reportType, answer("NEW", "WR-1", securityInfo), "message of NEW, certificate of no enrollment"},
		{"rubbish", reportType, []byte("rubbish"), "certificate of "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := s.put(t, r.url, tt.kind, tt.body)
			b.refused(t, got, http.StatusForbidden, tt.says)
		})
	}
	if got := r.count(t, `SELECT count(*) FROM nano_enrollment WHERE id = 'NEW'`) + r.count(t, `SELECT count(*) FROM enrollment WHERE id = 'NEW'`); got != 0 {
		t.Error("it is enrolled")
	}
	s.enroll(t, r.url)
	uuid := r.owe(t, "NEW", mdm.QuerySecurityInfo())
	if got, _ := s.put(t, r.url, reportType, answer("NEW", uuid, securityInfo)); got != http.StatusOK {
		t.Errorf("HTTP status after it has enrolled: %d", got)
	}
	b.unharmed(t)
}
