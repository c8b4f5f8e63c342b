package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func TestAHeadIsPostedSigned(t *testing.T) {
	var body []byte
	var signature string
	auditor := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		signature = r.Header.Get("X-Hmac-Signature")
	}))
	defer auditor.Close()
	keyFile := writeFile(t, filepath.Join(t.TempDir(), "key"), []byte("sixteen or more bytes\n"))
	hook, err := newHeadWebhook(Config{HeadWebhook: auditor.URL + "/heads", HeadWebhookKeyFile: keyFile})
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.post(t.Context(), "a head"); err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("sixteen or more bytes"))
	mac.Write([]byte("a head\n"))
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); !bytes.Equal(body, []byte("a head\n")) || signature != want {
		t.Errorf("got body %q signed %q, want the head in a line, signed %q", body, signature, want)
	}
}

func TestAHeadThatIsNotTakenIsAnErrorWithoutTheAddress(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	// The POST becomes a GET there, and whoever is at the other end says 200.
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	}))
	defer elsewhere.Close()
	for _, address := range []string{refusing.URL, gone.URL, elsewhere.URL} {
		hook, err := newHeadWebhook(Config{HeadWebhook: address + "/heads/the-token"})
		if err != nil {
			t.Fatal(err)
		}
		if err := hook.post(t.Context(), "a head"); err == nil || strings.Contains(err.Error(), "the-token") {
			t.Errorf("%s: got error %v, want one without the token in the address", address, err)
		}
	}
	if _, err := newHeadWebhook(Config{HeadWebhook: "auditor.example"}); err == nil {
		t.Error("an address without a scheme was taken")
	}
}
