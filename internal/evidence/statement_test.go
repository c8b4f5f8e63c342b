package evidence_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/evidence"
)

func stated() checks.Statements {
	return checks.Statements{
		Waivers: []checks.Waiver{{
			ID: "W-1", Baseline: "base", Requirement: "req_1", Reach: checks.Reach{Devices: []string{"SER7", "SER8"}, Groups: []string{"ward 7"}},
			Reason: "the carts of SER7", Owner: "Zoe", Approver: "Ann", Ticket: "T-1", Created: noon(), Expires: noon().AddDate(0, 1, 0),
		}},
		Attestations: []checks.Attestation{{
			ID: "A-1", Requirement: "req_2", Reach: checks.Reach{Devices: []string{"SER8"}}, Statement: "signed", Digest: "abc", Author: "Zoe", Given: noon(), Until: noon().AddDate(0, 3, 0),
		}},
	}
}

func exported(t *testing.T, all []evidence.Statement) ([]byte, *evidence.Contents, error) {
	t.Helper()
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, evidence.Head{Tool: "v1", Now: noon()})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if err := w.Statement(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Device(evidence.DeviceOf(device()), nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := evidence.NewReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	contents, err := r.Contents()
	if err == nil {
		_, _, err = r.Next()
	}
	if err == nil {
		if _, _, err = r.Next(); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return out.Bytes(), contents, err
}

func TestStatementsComeBackWithoutWhoMadeThem(t *testing.T) {
	_, contents, err := exported(t, evidence.StatementsOf(stated()))
	if err != nil {
		t.Fatal(err)
	}
	want := stated()
	want.Waivers[0].Owner, want.Waivers[0].Approver, want.Waivers[0].Ticket, want.Attestations[0].Author = "", "", "", ""
	if diff := cmp.Diff(want, contents.Said()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPartOfAFleetNamesNobodyElse(t *testing.T) {
	part := evidence.Only(evidence.StatementsOf(stated()), func(name string) bool { return name == "SER7" })
	if len(part) != 1 || !slices.Equal(part[0].Devices, []string{"SER7"}) {
		t.Errorf("got %+v, want the waiver with the one device", part)
	}
}

func TestRedactedStatementsNameNobody(t *testing.T) {
	hide := evidence.NewRedactor(func(text string) (string, error) { return "pseudonym-0123456789abcdef", nil })
	for _, s := range evidence.StatementsOf(stated()) {
		hidden, err := hide.Statement(s)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(append(hidden.Devices, hidden.Text), " "); strings.Contains(text, "SER") || hidden.Text != "" || len(hidden.Devices) == 0 {
			t.Errorf("got %q", text)
		}
	}
}

func TestAStatementThatIsNoneIsRefused(t *testing.T) {
	for _, s := range []evidence.Statement{{Kind: "rumour", ID: "R-1", Requirement: "req_1"}, {Kind: "waiver", Requirement: "req_1"}, {Kind: "waiver", ID: "W-1"}} {
		if _, _, err := exported(t, []evidence.Statement{s}); err == nil || !strings.Contains(err.Error(), "it is a statement") {
			t.Errorf("%+v: got %v", s, err)
		}
	}
}
