package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
)

func (p *clinicPast) whatif(args ...string) whatifRecord {
	p.t.Helper()
	status, out, errs := wardround(p.t, append([]string{"baseline", "whatif", "--dir", p.dir, "--format", "json"}, args...)...)
	if status != exitOK {
		p.t.Fatalf("whatif %v: got exit status %d: %s", args, status, errs)
	}
	var r whatifRecord
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		p.t.Fatal(err)
	}
	return r
}

// past is two rounds, forty and three days ago. Between them the one device got
// a restriction.
func past(t *testing.T) (p *clinicPast, who *patient, before, after time.Time) {
	t.Helper()
	p = newClinicPast(t)
	now := time.Now().UTC().Truncate(time.Hour)
	before, after = now.AddDate(0, 0, -40), now.AddDate(0, 0, -3)
	who = pad("A")
	p.enrol(who, before.Add(-2*time.Hour))
	p.answer(who, before.Add(-time.Hour))
	p.round(before, screens("1", true))
	who.limits["allowScreenShot"] = false
	p.answer(who, after.Add(-time.Hour))
	p.round(after, screens("1", true))
	return p, who, before, after
}

func TestThePastIsJudgedByWhatWasKnownThen(t *testing.T) {
	p, who, before, after := past(t)
	file := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("2", false)))
	got := p.whatif(file, "--since", "90d")

	one := whatifStandingRecord{Enrolled: 1, Judged: 1}
	met, notMet := one, one
	met.Met, notMet.NotMet = 1, 1
	want := []whatifRoundRecord{
		{At: stamp(before), Devices: 1, Before: met, After: notMet, Verdicts: 2, Totals: map[whatifKind]int{whatifNewlyFailing: 1}},
		{At: stamp(after), Devices: 1, Before: notMet, After: met, Verdicts: 2, Totals: map[whatifKind]int{whatifFixed: 1}},
	}
	if diff := cmp.Diff(want, got.Rounds); diff != "" {
		t.Errorf("rounds (-want +got):\n%s", diff)
	}
	found := func(result checks.Result, reason checks.Reason) whatifFoundRecord {
		return whatifFoundRecord{result, reason, checks.Required}
	}
	wantDevice := []whatifDeviceRecord{{
		ID: who.id, Serial: who.serial,
		Statuses: []whatifStatusRecord{
			{checks.NotMet, checks.Met, whatifSpellRecord{true, 1, stamp(after), stamp(after)}},
			{checks.Met, checks.NotMet, whatifSpellRecord{false, 1, stamp(before), stamp(before)}},
		},
		Verdicts: []whatifTurnRecord{
			{"wr_ward_screens", whatifFixed, found(checks.Fail, got.Devices[0].Verdicts[0].Before.Reason), found(checks.Pass, got.Devices[0].Verdicts[0].After.Reason), whatifSpellRecord{true, 1, stamp(after), stamp(after)}},
			{"wr_ward_screens", whatifNewlyFailing, found(checks.Pass, got.Devices[0].Verdicts[1].Before.Reason), found(checks.Fail, got.Devices[0].Verdicts[1].After.Reason), whatifSpellRecord{false, 1, stamp(before), stamp(before)}},
		},
	}}
	if diff := cmp.Diff(wantDevice, got.Devices, cmp.AllowUnexported(whatifStatusRecord{}, whatifTurnRecord{})); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	status, text, _ := wardround(t, "baseline", "whatif", file, "--dir", p.dir, "--since", "90d")
	for _, want := range []string{"met                   0        1", "fixed                 1", "SNA              not_met -> met", "0 -> 1"} {
		if status != exitOK || !strings.Contains(text, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, text)
		}
	}
}

func TestPrunedAnswersAreCountedAndNotGuessed(t *testing.T) {
	p, _, before, _ := past(t)
	if _, err := p.state.PruneEvidence(t.Context(), time.Now().AddDate(0, 0, -10), time.Time{}, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("2", false)))
	got := p.whatif(file, "--since", "90d")
	if want := (whatifRoundRecord{At: stamp(before), Devices: 1, NotJudgedAgain: 1, Totals: map[whatifKind]int{}}); !cmp.Equal(want, got.Rounds[0]) {
		t.Errorf("the round whose answers are gone (-want +got):\n%s", cmp.Diff(want, got.Rounds[0]))
	}
	if n := got.NotJudgedAgain; n.Devices != 0 || n.DeviceRounds != 1 || n.PrunedAnswers == 0 || n.LastReceived == "" {
		t.Errorf("got %+v, want one device in a past round, with when the pruned answers came", n)
	}
	if last := got.Rounds[1]; last.NotJudgedAgain != 0 || last.After.Met != 1 {
		t.Errorf("the last round: got %+v, want it judged", last)
	}
	if _, text, _ := wardround(t, "baseline", "whatif", file, "--dir", p.dir, "--since", "90d"); !strings.Contains(text, "Not judged again") {
		t.Errorf("the text does not say so:\n%s", text)
	}
}

func TestWhatIfWritesNothing(t *testing.T) {
	p, _, _, _ := past(t)
	file := writeFile(t, filepath.Join(t.TempDir(), "ward.yaml"), []byte(screens("2", false)))
	read := func() (data [2]string) {
		for i, name := range []string{stateFile, resultsFile} {
			for _, part := range []string{name, name + "-wal"} {
				b, err := os.ReadFile(filepath.Join(p.dir, part))
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				data[i] += string(b)
			}
		}
		return data
	}
	before := read()
	p.whatif(file, "--since", "90d")
	if read() != before {
		t.Error("a file of the folder was changed")
	}
}

func TestReplacedBaselineIsTheOneThatWasJudged(t *testing.T) {
	p, _, _, _ := past(t)
	dir := t.TempDir()
	same := writeFile(t, filepath.Join(dir, "same.yaml"), []byte(screens("1", true)))
	if got := p.whatif(same); len(got.Devices) != 0 || got.Against.ID != "ward" || got.Against.Digest != got.Baseline.Digest {
		t.Errorf("by itself: got %d devices, against %+v", len(got.Devices), got.Against)
	}
	other := p.whatif("wpa2-enterprise")
	if other.Against.ID != "" || other.Rounds[0].Before.Enrolled != 0 || other.Rounds[0].After.Enrolled != 1 {
		t.Errorf("in nobody's place: got against %+v, rounds %+v", other.Against, other.Rounds)
	}
	for _, q := range other.Requirements {
		if q.Change != "added" {
			t.Errorf("%s: got %s, want it added", q.ID, q.Change)
		}
	}
	named := p.whatif("wpa2-enterprise", "--against", "ward")
	if named.Against.Version != "1" || named.Rounds[0].Before.Enrolled != 1 {
		t.Errorf("against the judged one: got %+v", named.Against)
	}
	removed := 0
	for _, q := range named.Requirements {
		if q.Change == "removed" {
			removed++
		}
	}
	if removed != 2 {
		t.Errorf("got %d requirements removed, want 2", removed)
	}
}

func TestAWordThatCountsNoMoreIsATurn(t *testing.T) {
	row := func(result checks.Result, reason checks.Reason) *checks.Verdict {
		return &checks.Verdict{Result: result, Reason: reason, Level: checks.Required}
	}
	attested := row(checks.Unknown, checks.ReasonAttested)
	silent, pass := row(checks.Unknown, "no-mobile-key"), row(checks.Pass, checks.ReasonAsRequired)
	for _, c := range []struct {
		name          string
		before, after *checks.Verdict
		want          whatifKind
	}{
		{"taken back", attested, silent, whatifNewlyUnknown},
		{"taken back of a manual row", attested, row(checks.NotChecked, checks.ReasonNotAttested), whatifNewlyUnknown},
		{"given", silent, attested, whatifNewlyKnown},
		{"as before", attested, attested, ""},
		{"in the place of a pass", pass, attested, whatifNewlyUnknown},
		{"a pass in its place", attested, pass, whatifNewlyKnown},
		{"a fail in its place", attested, row(checks.Fail, checks.ReasonNotInForce), whatifNewlyFailing},
		{"another reason alone", silent, row(checks.Unknown, checks.ReasonStale), ""},
	} {
		if got := turnOf("r", c.before, c.after); got.kind != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got.kind, c.want)
		}
	}
}
