package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm/webhook"
)

func TestAPostHasArrivedOnlyWhenItsReceiverSaysSo(t *testing.T) {
	var got []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.Header.Get("Content-Type")+" "+r.Header.Get(webhook.SignatureHeader)+" "+string(body))
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/login", http.StatusFound)
		case "/moved-for-good":
			http.Redirect(w, r, "/login", http.StatusPermanentRedirect)
		case "/wrong":
			w.WriteHeader(http.StatusBadRequest)
		case "/made":
			w.WriteHeader(http.StatusCreated)
		}
	}))
	defer receiver.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tc := range []struct {
		address string
		key     webhook.Secret
		status  int
		says    string
	}{
		{receiver.URL + "/taken?secret", "", 200, ""},
		{receiver.URL + "/made?secret", hookKey, 201, ""},
		{receiver.URL + "/moved?secret", hookKey, 302, "it answered 302 Found"},
		{receiver.URL + "/moved-for-good?secret", "", 308, "it answered 308"},
		{receiver.URL + "/wrong?secret", "", 400, "it answered 400 Bad Request"},
		{gone.URL + "/secret", "", 0, "connect"},
		{"http://secret:\x7f@", "", 0, "send"},
	} {
		got = nil
		status, err := webhook.Post(t.Context(), receiver.Client(), tc.address, tc.key, "text/plain", []byte("a body"))
		if status != tc.status || (err == nil) != (tc.says == "") || err != nil && (!strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q: got %d, %v; want %d, %q", tc.address, status, err, tc.status, tc.says)
		}
		signature := ""
		if tc.key != "" {
			signature = sign(hookKey, []byte("a body"))
		}
		if want := "POST text/plain " + signature + " a body"; status != 0 && (len(got) != 1 || got[0] != want) {
			t.Errorf("%q: it got %q, want %q alone", tc.address, got, want)
		}
	}
}
