package sim_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	scepserver "github.com/micromdm/scep/v2/server"
	"github.com/smallstep/scep"

	"github.com/wardround/wardround/mdm/sim"
)

const challenge = "correct horse"

// newSCEP is a SCEP server that wants a challenge, and the authority behind it.
func newSCEP(t *testing.T) (url string, roots *x509.CertPool) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "SCEP"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature,
		IsCA:     true, BasicConstraintsValid: true,
	}
	ca := signed(t, template, template, key.Public(), key)
	sign := func(_ context.Context, m *scep.CSRReqMessage) (*x509.Certificate, error) {
		serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
		if err != nil {
			return nil, err
		}
		return signed(t, &x509.Certificate{
			SerialNumber: serial, Subject: m.CSR.Subject, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}, ca, m.CSR.PublicKey, key), nil
	}
	service, err := scepserver.NewService(ca, key,
		scepserver.StaticChallengeMiddleware(challenge, scepserver.CSRSignerContextFunc(sign)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(scepserver.MakeHTTPHandler(scepserver.MakeServerEndpoints(service), service, quiet{}))
	t.Cleanup(server.Close)
	roots = x509.NewCertPool()
	roots.AddCert(ca)
	return server.URL + "/scep", roots
}

// quiet is a logger of the SCEP library.
type quiet struct{}

func (quiet) Log(...any) error { return nil }

func signed(t *testing.T, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Error(err)
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Error(err)
	}
	return cert
}

func TestSCEPCertifiesDevices(t *testing.T) {
	url, roots := newSCEP(t)
	w := newWard(t, roots)
	for seed, how := range []sim.Signature{sim.SHA256, sim.SHA1} {
		fleet := fleetOf(t, sim.FleetConfig{
			URL: w.url, SCEP: &sim.SCEP{URL: url, Challenge: challenge}, Devices: 10, Seed: uint64(seed), Signature: how,
			Personas: []sim.Persona{sim.MeetsHIPAANoFaceTime, sim.UserEnrollment},
		})
		if got := fleet.Poll(t.Context(), sim.Poll{}); got.Enrolled != 10 || got.SessionsEnded != 10 || len(got.Errors) != 0 {
			t.Errorf("%s: %+v", how, got)
		}
	}
}

func TestWhomSCEPRefusesCannotEnrol(t *testing.T) {
	url, roots := newSCEP(t)
	w := newWard(t, roots)
	write := func(text string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	for _, tc := range []struct {
		name string
		scep *sim.SCEP
	}{
		{"another challenge", &sim.SCEP{URL: url, Challenge: "wrong"}},
		{"a page in place of a certificate", &sim.SCEP{URL: write("<!DOCTYPE html>")}},
		{"nothing", &sim.SCEP{URL: write("")}},
		{"a server that is not there", &sim.SCEP{URL: "http://127.0.0.1:1/scep"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fleet := fleetOf(t, sim.FleetConfig{URL: w.url, SCEP: tc.scep, Personas: []sim.Persona{sim.Mac}})
			got := fleet.Poll(t.Context(), sim.Poll{})
			if got.Enrolled != 0 || len(got.Errors) != 1 || got.Errors[0].What != "no identity" {
				t.Errorf("tally: %+v", got)
			}
		})
	}
}
