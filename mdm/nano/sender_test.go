package nano_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/mdm/nano"
)

// The content types of Apple's MDM client.
const (
	reportType  = "application/x-apple-aspen-mdm; charset=UTF-8"
	checkInType = "application/x-apple-aspen-mdm-checkin"
)

// A sender signs requests by hand.
type sender struct {
	id   string // UDID
	cert *x509.Certificate
	key  crypto.Signer
	sign func(s *sender, body []byte) ([]byte, error)
}

// newSender has a P-256 key certified by ca.
func newSender(t testing.TB, ca *nano.CA, id string) *sender {
	t.Helper()
	now := time.Now()
	return newSenderFor(t, ca, id, now.Add(-time.Hour), now.Add(time.Hour))
}

func newSenderFor(t testing.TB, ca *nano.CA, id string, from, until time.Time) *sender {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.IssueFor(&key.PublicKey, id, from, until)
	if err != nil {
		t.Fatal(err)
	}
	return &sender{id: id, cert: cert, key: key, sign: signWithAttributes}
}

// newAppleSender signs as Apple's devices do: RSA, SHA-1, no attributes.
func newAppleSender(t testing.TB, ca *nano.CA, id string) *sender {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(&key.PublicKey, id)
	if err != nil {
		t.Fatal(err)
	}
	return &sender{id: id, cert: cert, key: key, sign: signAsApple}
}

func signWithAttributes(s *sender, body []byte) ([]byte, error) {
	signed, err := pkcs7.NewSignedData(body)
	if err != nil {
		return nil, err
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := signed.AddSigner(s.cert, s.key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, err
	}
	signed.Detach()
	return signed.Finish()
}

func signAsApple(s *sender, body []byte) ([]byte, error) {
	signed, err := pkcs7.NewSignedData(body)
	if err != nil {
		return nil, err
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA1)
	signed.SetEncryptionAlgorithm(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5})
	if err := signed.SignWithoutAttr(s.cert, s.key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, err
	}
	signed.Detach()
	return signed.Finish()
}

// header is the Mdm-Signature of body.
func (s *sender) header(t testing.TB, body []byte) string {
	t.Helper()
	der, err := s.sign(s, body)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// put sends body with its signature.
func (s *sender) put(t *testing.T, url, contentType string, body []byte) (status int, answer string) {
	t.Helper()
	return put(t, url, contentType, s.header(t, body), body)
}

func put(t *testing.T, url, contentType, signature string, body []byte) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if signature != "" {
		req.Header.Set("Mdm-Signature", signature)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		t.Error("401 makes a device leave")
	}
	return resp.StatusCode, string(b)
}

// enroll sends the two check-ins.
func (s *sender) enroll(t *testing.T, url string) {
	t.Helper()
	for _, m := range []string{
		`<key>MessageType</key><string>Authenticate</string><key>SerialNumber</key><string>SIM0000001</string>`,
		`<key>MessageType</key><string>TokenUpdate</string><key>PushMagic</key><string>magic</string>` +
			`<key>Token</key><data>AAECAwQFBgc=</data>`,
	} {
		body := message(s.id, m+"<key>Topic</key><string>"+topic+"</string>")
		if status, _ := s.put(t, url, checkInType, body); status != http.StatusOK {
			t.Fatalf("check-in: HTTP status %d", status)
		}
	}
}

// message is a property list with a UDID and the given keys.
func message(udid, keys string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		`<plist version="1.0"><dict><key>UDID</key><string>%s</string>%s</dict></plist>`, udid, keys)
}

// idle asks for a command.
func idle(udid string) []byte { return message(udid, "<key>Status</key><string>Idle</string>") }

// answer acknowledges a command with a payload.
func answer(udid, uuid, payload string) []byte {
	return message(udid, "<key>Status</key><string>Acknowledged</string><key>CommandUUID</key><string>"+uuid+"</string>"+payload)
}

const securityInfo = "<key>SecurityInfo</key><dict><key>PasscodePresent</key><true/></dict>"
