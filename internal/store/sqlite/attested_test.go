package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
)

// attestedFleet is one whose attestation ended a while ago, or is still to end,
// with a row of the organisation that rests on it too.
func attestedFleet(ended time.Duration) *storetest.Fleet {
	f := storetest.NewFleet(2, 2, time.Now().Add(-storetest.MaxAge/2-ended).Truncate(time.Second))
	f.Devices[0].Subject.Groups = []string{"ward 7"}
	a := f.Attested()
	f.Round.Results[0].Organisation = []checks.Verdict{{
		Baseline: "base", Requirement: a.Requirement, Result: checks.NotChecked, Reason: checks.ReasonAttested, Level: checks.Required, Observed: "attested",
	}}
	return f
}

// expectAll wants of each query one row of columns that are not asked for twice.
func expectAll(t *testing.T, path string, want map[string][]string) {
	t.Helper()
	db := rawDB(t, path)
	for sql, row := range want {
		if diff := cmp.Diff([][]string{row}, query(t, db, sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sql, diff)
		}
	}
}

func TestViewsKnowWhenAnAttestationHasRunOut(t *testing.T) {
	const (
		headline     = `SELECT judged, met, undetermined FROM v_headline WHERE group_name = ''`
		devices      = `SELECT DISTINCT status, n_unknown FROM v_devices`
		current      = `SELECT DISTINCT result, reason, last_reason, reason_text, next_step FROM v_current WHERE requirement = 'req_001'`
		organisation = `SELECT result, reason FROM v_organisation`
		governance   = `SELECT DISTINCT reason, attestation FROM v_governance`
		statement    = `SELECT state FROM v_attestations`
	)
	t.Run("in force", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "results.db")
		check(t, attestedFleet(-time.Hour).Record(t.Context(), openResults(t, path)))
		expectAll(t, path, map[string][]string{
			headline: {"2", "2", "0"}, devices: {"met", "0"}, organisation: {"notchecked", "attested"}, governance: {"attested", "A-1"}, statement: {"active"},
			current: {"notchecked", "attested", "attested", "It is as required.", ""}, // as it was recorded
		})
	})
	t.Run("run out", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "results.db")
		r := openResults(t, path)
		check(t, attestedFleet(time.Minute).Record(t.Context(), r))
		d, err := r.Device(t.Context(), time.Now(), "device-000000")
		check(t, err)
		var v checks.Verdict
		for _, of := range d.Verdicts {
			if of.Requirement == "req_001" {
				v = of
			}
		}
		if v.Reason != checks.ReasonNotAttested || v.Message == "" || v.NextStep == "" {
			t.Errorf("got %+v, want the words of not-attested", v)
		}
		expectAll(t, path, map[string][]string{
			headline: {"2", "0", "2"}, devices: {"undetermined", "1"}, organisation: {"notchecked", "not-attested"}, governance: {"not-attested", "NULL"}, statement: {"expired"},
			current: {"notchecked", string(v.Reason), "attested", v.Message, v.NextStep},
		})
	})
}

// What a view says of an attestation is by the same reach as what the code does.
func TestViewsKnowWhomAnAttestationIsFor(t *testing.T) {
	for name, reach := range map[string]checks.Reach{
		"an id":           {Devices: []string{"DEVICE-000000"}},
		"a serial number": {Devices: []string{"serial000000"}},
		"a group":         {Groups: []string{"ward 7"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "results.db")
			r, f := openResults(t, path), attestedFleet(-time.Hour)
			f.Round.Attestations[0].Reach = reach
			check(t, f.Record(t.Context(), r))
			var want [][]string
			check(t, r.EachDevice(t.Context(), time.Now(), func(d checks.DeviceResult) error {
				for _, v := range d.Verdicts {
					if v.Requirement == "req_001" {
						want = append(want, []string{d.Subject.ID, string(v.Reason)})
					}
				}
				return nil
			}))
			got := query(t, rawDB(t, path), `SELECT device_id, reason FROM v_current WHERE requirement = 'req_001' ORDER BY device_id`)
			if diff := cmp.Diff(want, got); diff != "" || got[0][1] != "attested" || got[1][1] != "not-attested" {
				t.Errorf("got %v (-code +view):\n%s", got, diff)
			}
		})
	}
}

// Its standing does not know yet when the attestation ends.
func TestWhatAnOlderSchemaHasAttestedIsJudgedAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	all, err := filepath.Glob("migrations/results/000*.sql")
	check(t, err)
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	olderFile(t, path, "migrations/results/", []string{
		`INSERT INTO text VALUES (1, 'so')`,
		`INSERT INTO baseline (baseline_key, id, position, expected, asked, answered) VALUES (1, 'base', 0, 2, 2, 2)`,
		`INSERT INTO requirement VALUES (1, 1, 'req_001')`,
		`INSERT INTO finding VALUES (1, x'01', 'notchecked', 'attested', '', 'required', 'high', 0, 1, 1, 1, 1), (2, x'02', 'pass', 'so', '', 'required', 'high', 0, 1, 1, 1, 1)`,
		`INSERT INTO verdict_list VALUES (1), (2)`,
		`INSERT INTO list_verdict VALUES (1, 1, 1, 0, 0, 0), (2, 1, 2, 0, 0, 0)`,
		`INSERT INTO device (device_key, id, list, inputs) VALUES (1, 'attested', 1, x'01'), (2, 'measured', 2, x'02')`,
		`INSERT INTO waiver VALUES ('W-1', '', 'req_001', '', '', 'r', 'o', '', 'a', '', 10, 10, 20, NULL)`,
		`INSERT INTO attestation VALUES ('A-1', '', 'req_001', '', '', 's', 'a', '', 10, 20, NULL, '')`,
	}, all...)
	r := openResults(t, path)
	if got := query(t, rawDB(t, path), `SELECT id, inputs IS NULL FROM device WHERE device_key > 0`); !cmp.Equal([][]string{{"attested", "1"}, {"measured", "0"}}, got) {
		t.Errorf("got %v: only the attested device is to be judged anew", got)
	}
	if said, err := r.Said(t.Context(), time.Unix(15, 0)); err != nil || len(said.Waivers)+len(said.Attestations) != 2 {
		t.Errorf("got %+v, %v, want what was there", said, err)
	}
}

func TestPastStatementsArePrunedAndErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	zoesResults(t, path)
	r := openResults(t, path)
	f := storetest.NewFleet(2, 3, monday().AddDate(0, 0, 1))
	f.Devices[0].Subject.ID, f.Devices[0].Subject.Serial = zoesDevice, zoesSerial
	f.Seen[zoesDevice], f.Inputs[zoesDevice] = f.Seen["device-000000"], f.Inputs["device-000000"]
	for i := range f.Devices[0].Verdicts {
		f.Devices[0].Verdicts[i].Device = zoesDevice
	}
	f.Round.Waivers, f.Round.Attestations = zoesStatements()
	check(t, f.Record(t.Context(), r))
	f.Round.Waivers, f.Round.Attestations = nil, nil
	f.Heard(f.At.Add(time.Hour))
	check(t, f.Record(t.Context(), r))
	if said, err := r.Said(t.Context(), f.At.Add(-time.Minute)); err != nil || len(said.Waivers) != 2 || len(said.Attestations) != 1 {
		t.Fatalf("got %+v, %v of the past, want all", said, err)
	}
	_, err := r.EraseResults(t.Context(), store.Erased{Channels: []string{zoesDevice}, Serials: []string{zoesSerial}}, "erased-1", f.At, false, false)
	check(t, err) // it proves that no name is left
	said, err := r.Said(t.Context(), f.At.Add(-time.Minute))
	check(t, err)
	for _, w := range said.Waivers {
		if w.ID == "own" && w.Owner+w.Reason+w.Approver+w.Ticket != "" || w.ID == "shared" && (w.Owner != "the ward" || w.Reason != "") {
			t.Errorf("got %+v", w)
		}
	}
	_, err = r.PruneHistory(t.Context(), f.At.Add(time.Hour), nil, false)
	check(t, err)
	if said, err = r.Said(t.Context(), f.At.Add(-time.Minute)); err != nil || len(said.Waivers)+len(said.Attestations) > 0 {
		t.Errorf("got %+v, %v, want nothing once it was pruned", said, err)
	}
}
