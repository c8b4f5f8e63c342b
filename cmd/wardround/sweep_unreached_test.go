package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm/nano"
)

func TestASweepWhoseServerRefusesTheKeySaysThatNobodyWasAsked(t *testing.T) {
	dir, home := keepWard(t, pad("A"), pad("B")), t.TempDir()
	roots := filepath.Join(home, "ca.pem")
	if _, err := nano.OpenCA(roots, filepath.Join(home, "ca.key"), "the clinic", nil); err != nil {
		t.Fatal(err)
	}
	server := startNanoMDM(t, roots, "http://127.0.0.1:1/webhook")
	config := writeFile(t, filepath.Join(home, "wardround.yaml"), fmt.Appendf(nil, `dir: %s
mdm-listen: 127.0.0.1:0
attach:
  url: %s
  key-file: %s
  hmac-key-file: %s
`, dir, server.url, writeFile(t, filepath.Join(home, "api.key"), []byte("revoked\n")), writeFile(t, filepath.Join(home, "hmac.key"), []byte(nanoMDMHMACKey+"\n"))))
	status, _, errs := wardround(t, "sweep", "--config", config)
	if status == exitOK || !strings.Contains(errs, "asked 0, answered 0, 2 not reached") || !strings.Contains(errs, "wardround: none of 2 devices could be asked") {
		t.Errorf("got exit status %d and %q, want a failure that says so", status, errs)
	}
}
