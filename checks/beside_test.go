package checks_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// withoutInstead drops what is known only while judging.
func withoutInstead(ref *checks.StatementRef) *checks.StatementRef {
	if ref == nil {
		return nil
	}
	clone := *ref
	clone.Instead = ""
	return &clone
}

// TestWhatIsReadBesideIsWhatWasJudged judges devices with statements of every
// state, drops what verdicts have of them, and wants the same from the reading.
func TestWhatIsReadBesideIsWhatWasJudged(t *testing.T) {
	zoom, hipaa := builtin(t, "phsa-zoom"), builtin(t, "hipaa-no-facetime")
	var said checks.Statements
	for i, b := range []*checks.Baseline{zoom, hipaa} {
		for j, r := range b.Requirements {
			a := vouched(r.ID)
			a.ID, a.Baseline = "A"+r.ID, b.ID
			w := checks.Waiver{ID: "W" + r.ID, Baseline: b.ID, Requirement: r.ID, Reach: checks.Reach{Organisation: true}, Created: noon.AddDate(0, 0, -9), Expires: noon.AddDate(0, 0, j%3-1)}
			if (i+j)%3 == 0 {
				a.Until = noon.Add(-time.Hour)
			}
			said.Attestations, said.Waivers = append(said.Attestations, a), append(said.Waivers, w)
		}
	}
	seen := map[checks.StatementState]int{}
	for _, d := range []*device{iPad(), iPad().restricted(), mac(), zoomMac(), iPad().put(fact.ZoomManagement, false, "ManagedApplicationConfiguration")} {
		for _, b := range []*checks.Baseline{zoom, hipaa} {
			judged := b.EvaluateWith(d.Subject, &d.set, said, noon)
			read := make([]checks.Verdict, len(judged))
			for i, v := range judged {
				judged[i].Attestation = withoutInstead(v.Attestation)
				v.Attestation, v.Waiver = nil, nil
				read[i] = v
				if a := judged[i].Attestation; a != nil {
					seen[a.State]++
				}
			}
			said.Index().Beside(d.Subject, read, noon)
			if diff := cmp.Diff(judged, read); diff != "" {
				t.Errorf("%s (-judged +read):\n%s", b.ID, diff)
			}
		}
	}
	for _, state := range []checks.StatementState{checks.InForce, checks.Expired, checks.Void} {
		if seen[state] == 0 {
			t.Errorf("no attestation was %s: the test shows less than it claims", state)
		}
	}
}

func builtin(t *testing.T, id string) *checks.Baseline {
	t.Helper()
	b, err := checks.Builtin(id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAGroupHasItsOwnRow(t *testing.T) {
	b := builtin(t, "phsa-zoom")
	a := vouched("wr_zoom_waiting_room")
	a.Reach = checks.Reach{Groups: []string{"ward 7"}}
	rows := said(a).BesideOrganisation(b.Organisation("", said(a), noon), noon)
	alone := len(b.Organisation("", checks.Statements{}, noon))
	if len(rows) != alone+1 {
		t.Fatalf("got %d rows, want one more than %d", len(rows), alone)
	}
	own := rows[alone]
	if own.Group != "ward 7" || own.Reason != checks.ReasonAttested || own.Result != checks.NotChecked || own.Attestation.ID != "A1" {
		t.Errorf("got %+v, want it attested for the group", own)
	}
	everybody := vouched("wr_zoom_waiting_room")
	if got := said(a, everybody).BesideOrganisation(b.Organisation("", said(a, everybody), noon), noon); len(got) != alone {
		t.Errorf("got %d rows, want %d: the organisation has attested it", len(got), alone)
	}
}

func TestWhatIsReadAfterAnAttestationEndedIsAsIfJudgedThen(t *testing.T) {
	zoom := builtin(t, "phsa-zoom")
	d := iPad().put(fact.ZoomManagement, false, "ManagedApplicationConfiguration").
		put("apps", []fact.Object{{Type: "App", Fields: map[string]fact.Fact{"identifier": known("us.zoom.videomeetings"), "managed": known(true)}}}, "InstalledApplicationList")
	var all checks.Statements
	for _, r := range zoom.Requirements {
		a := vouched(r.ID)
		a.Until = noon.Add(time.Hour)
		all.Attestations = append(all.Attestations, a)
	}
	for name, tt := range map[string]struct {
		said checks.Statements
		at   time.Time
		want checks.Status
	}{
		"in force":                 {all, noon.Add(time.Hour - time.Second), checks.Met},
		"run out":                  {all, noon.Add(time.Hour), checks.Undetermined},
		"taken out of the results": {checks.Statements{}, noon, checks.Undetermined},
	} {
		t.Run(name, func(t *testing.T) {
			read := zoom.EvaluateWith(d.Subject, &d.set, all, noon)
			for i := range read {
				read[i].Attestation = nil
			}
			tt.said.Index().Beside(d.Subject, read, tt.at)
			if got := checks.StatusOf(read); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			again := byRequirement(zoom.EvaluateWith(d.Subject, &d.set, tt.said, tt.at))
			for _, v := range read {
				j := again[v.Requirement]
				if v.Reason == checks.ReasonAttestationVoid { // it fails all the same, and what it failed by was not kept
					continue
				}
				if v.Result != j.Result || v.Observed != j.Observed || (v.Reason == checks.ReasonAttested) != (j.Reason == checks.ReasonAttested) || cmp.Diff(withoutInstead(j.Attestation), v.Attestation) != "" {
					t.Errorf("%s: read %s/%s %q %+v, judged %s/%s %q %+v", v.Requirement, v.Result, v.Reason, v.Observed, v.Attestation, j.Result, j.Reason, j.Observed, j.Attestation)
				}
				if v.Reason == checks.ReasonNotAttested && (v.Message == "" || v.NextStep == "") {
					t.Errorf("%s: no words of %s", v.Requirement, v.Reason)
				}
			}
		})
	}
}

func TestAReasonThatIsKnownTakesThePlaceOfAttested(t *testing.T) {
	v := []checks.Verdict{{
		Baseline: "b", Requirement: "r", Result: checks.Unknown, Reason: checks.ReasonAttested, Observed: "its profile is encrypted; attested until 2026-11-22 (A1)",
		Attestation: &checks.StatementRef{ID: "A1", State: checks.InForce, Instead: checks.ReasonUserEnrollment},
	}}
	checks.Statements{}.Index().Beside(checks.Subject{ID: "x"}, v, noon)
	if v[0].Reason != checks.ReasonUserEnrollment || v[0].Message != checks.Explain(checks.ReasonUserEnrollment).Sentence || v[0].Observed != "its profile is encrypted" || v[0].Attestation != nil {
		t.Errorf("got %+v", v[0])
	}
}
