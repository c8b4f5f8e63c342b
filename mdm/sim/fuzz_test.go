package sim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/smallstep/pkcs7"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

// What a server sends is a command, with the two names that an answer needs,
// or an error.
func FuzzCommand(f *testing.F) {
	for _, q := range []mdm.Query{
		mdm.QueryDeviceInformation("OSVersion"), mdm.QueryProfileList(true),
		mdm.QueryInstalledApplicationList(mdm.AppFilter{Identifiers: []string{"a"}, Items: []string{"Name"}}),
	} {
		raw, err := q.Command("WR-1")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("<!DOCTYPE html>"))
	f.Add([]byte("bplist00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		uuid, requestType, lists, err := sim.ReadCommand(raw)
		if got := uuid != "" && requestType != ""; got != (err == nil) {
			t.Errorf("command %q %q and error %v", uuid, requestType, err)
		}
		if lists > len(raw) {
			t.Errorf("%d items from %d bytes", lists, len(raw))
		}
		if text, err := sim.ReadChallenge(raw); err != nil && text != "" {
			t.Errorf("challenge %q and error %v", text, err)
		}
	})
}

// What a SCEP server sends is a certificate or an error.
func FuzzCertRep(f *testing.F) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	bag, err := pkcs7.DegenerateCertificate(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bag)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 4096 {
			return
		}
		cert, err := sim.ReadCertRep(raw, key)
		if (cert == nil) == (err == nil) {
			t.Errorf("certificate %v and error %v", cert, err)
		}
	})
}
