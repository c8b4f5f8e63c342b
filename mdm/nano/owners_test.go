package nano_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm/nano"
)

func TestACertificateBelongsToOneDevice(t *testing.T) {
	s := newShelf(t)
	d, e := request(t.Context(), "D"), request(t.Context(), "E")
	type state struct {
		Known, Has, Is bool
		Owner          string
	}
	look := func(r *nanomdm.Request, hash string) (got state) {
		t.Helper()
		var err error
		got.Known, err = s.HasCertHash(r, hash)
		must(t, err)
		got.Has, err = s.EnrollmentHasCertHash(r, hash)
		must(t, err)
		for range 2 { // the second from memory
			got.Is, err = s.IsCertHashAssociated(r, hash)
			must(t, err)
		}
		got.Owner, err = s.EnrollmentFromHash(t.Context(), hash)
		must(t, err)
		return got
	}
	if diff := cmp.Diff(look(d, "aa"), state{}); diff != "" {
		t.Errorf("before (-got +want):\n%s", diff)
	}
	must(t, s.AssociateCertHash(d, "AA"))
	must(t, s.AssociateCertHash(d, "AA"))
	if diff := cmp.Diff(look(d, "aa"), state{true, true, true, "D"}); diff != "" {
		t.Errorf("the device's own (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(look(e, "aa"), state{true, false, false, "D"}); diff != "" {
		t.Errorf("another device with it (-got +want):\n%s", diff)
	}
	must(t, s.AssociateCertHash(d, "bb"))
	if diff := cmp.Diff(look(d, "aa"), state{true, true, false, "D"}); diff != "" {
		t.Errorf("a replaced one (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(look(d, "bb"), state{true, true, true, "D"}); diff != "" {
		t.Errorf("the new one (-got +want):\n%s", diff)
	}
}

func TestAPushCertificateGoesStaleWhenItIsReplaced(t *testing.T) {
	s := newShelf(t)
	if cert, _, err := s.RetrievePushCert(t.Context(), topic); cert != nil || err == nil {
		t.Errorf("before there is one: %v, %v", cert, err)
	}
	ca, err := nano.NewCA("Push", nil)
	must(t, err)
	store := func() {
		t.Helper()
		certPEM, keyPEM, err := ca.PushCertificate(topic)
		must(t, err)
		must(t, s.StorePushCert(t.Context(), certPEM, keyPEM))
	}
	store()
	first, token, err := s.RetrievePushCert(t.Context(), topic)
	must(t, err)
	if stale, err := s.IsPushCertStale(t.Context(), topic, token); stale || err != nil {
		t.Errorf("stale at once: %t, %v", stale, err)
	}
	store()
	if stale, err := s.IsPushCertStale(t.Context(), topic, token); !stale || err != nil {
		t.Errorf("stale after it was replaced: %t, %v", stale, err)
	}
	second, _, err := s.RetrievePushCert(t.Context(), topic)
	must(t, err)
	if first.Leaf.Equal(second.Leaf) {
		t.Error("the old certificate came back")
	}
	if err := s.StorePushCert(t.Context(), []byte("no"), []byte("PEM")); err == nil {
		t.Error("stored what is no certificate")
	}
}
