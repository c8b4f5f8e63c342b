package sqlite_test

import (
	"fmt"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/storetest"
)

// mixed is a fleet with one device that fails, one that is met and one that is
// undetermined, in groups, last judged at the given time.
func mixed(at time.Time) *storetest.Fleet {
	f := storetest.NewFleet(3, 3, at)
	for i := range f.Devices {
		for j, v := range f.Devices[i].Verdicts {
			if v.Result == checks.Fail {
				f.Turn(i, j)
			}
		}
	}
	f.Turn(0, 1)
	f.Turn(0, 2)
	f.Devices[2].Verdicts[0].Result, f.Devices[2].Verdicts[0].Reason = checks.Unknown, "silent"
	f.Turn(2, 1)
	f.Turn(2, 1) // only to add up anew
	f.Devices[0].Subject.Groups = []string{"ward 7", "ward 8"}
	f.Devices[1].Subject.Groups = []string{"ward 7"}
	f.Round.Sweep = store.Sweep{ID: 3, Started: at.Add(-time.Minute), Ended: at, Asked: 4, Answered: 3, Silent: 1}
	return f
}

func TestViewsReadAsTheCodeDoes(t *testing.T) {
	const day = 24 * time.Hour
	for _, age := range []time.Duration{0, storetest.MaxAge - time.Minute, storetest.MaxAge + time.Minute, 300 * day} {
		t.Run(age.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "results.db")
			r, db := openResults(t, path), rawDB(t, path)
			now := time.Now()
			check(t, mixed(now.Add(-age).Truncate(time.Second)).Record(t.Context(), r))

			list, err := r.BaselineResults(t.Context(), now)
			check(t, err)
			h := list[0].Headline
			want := [][]string{{"base", fmt.Sprint(h.Expected, h.Enrolled, h.Asked, h.Answered, h.Judged, h.Met, h.NotMet, h.Undetermined)}}
			got := query(t, db, `SELECT baseline, concat_ws(' ', expected, enrolled, asked, answered, judged, met, not_met, undetermined) FROM v_headline WHERE group_name = ''`)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headline (-code +view):\n%s", diff)
			}

			var devices, verdicts [][]string
			check(t, r.EachDevice(t.Context(), now, func(d checks.DeviceResult) error {
				var high, fails, unknown int
				for _, v := range d.Verdicts {
					verdicts = append(verdicts, []string{v.Device, v.Requirement, string(v.Result), string(v.Reason), v.Message, v.NextStep})
					switch v.Result {
					case checks.Fail:
						fails++
						if v.Severity == checks.High {
							high++
						}
					case checks.Unknown:
						unknown++
					}
				}
				devices = append(devices, []string{d.Subject.ID, string(d.Status["base"]), fmt.Sprint(high, fails, unknown)})
				return nil
			}))
			got = query(t, db, `SELECT device_id, status, concat_ws(' ', n_fail_high, n_fail, n_unknown) FROM v_devices ORDER BY device_id`)
			if diff := cmp.Diff(devices, got); diff != "" {
				t.Errorf("devices (-code +view):\n%s", diff)
			}
			got = query(t, db, `SELECT device_id, requirement, result, reason, reason_text, next_step FROM v_current ORDER BY device_id, requirement DESC`)
			if diff := cmp.Diff(verdicts, got); diff != "" {
				t.Errorf("current (-code +view):\n%s", diff)
			}
			var failing []string
			for _, v := range verdicts {
				if v[2] == "fail" {
					failing = append(failing, v[0]+" "+v[1])
				}
			}
			var viewed []string
			for _, row := range query(t, db, `SELECT device_id || ' ' || requirement FROM v_failing ORDER BY device_id, requirement DESC`) {
				viewed = append(viewed, row[0])
			}
			if diff := cmp.Diff(failing, viewed); diff != "" {
				t.Errorf("failing (-code +view):\n%s", diff)
			}
		})
	}
}

func TestAStaleFailShowsWhatItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	check(t, mixed(time.Now().Add(-2*storetest.MaxAge)).Record(t.Context(), r))
	got := query(t, db, `SELECT result, reason, assurance, last_result, last_reason, waiver_until FROM v_current WHERE last_result = 'fail'`)
	row := []string{"unknown", "stale", "", "fail", "setting-not-in-force", "NULL"}
	if diff := cmp.Diff([][]string{row, row}, got); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
}

func TestHeadlineHasARowForEachGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	check(t, mixed(time.Now()).Record(t.Context(), r))
	got := query(t, db, `SELECT group_name, enrolled, met, not_met, undetermined FROM v_headline ORDER BY group_name`)
	want := [][]string{{"", "3", "1", "1", "1"}, {"ward 7", "2", "1", "1", "0"}, {"ward 8", "1", "0", "1", "0"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headline (-want +got):\n%s", diff)
	}
	got = query(t, db, `SELECT device_id, group_name FROM v_devices ORDER BY 1`)
	want = [][]string{{"device-000000", "ward 7"}, {"device-000001", "ward 7"}, {"device-000002", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

func TestABaselineWithoutDevicesHasItsHeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	check(t, storetest.NewFleet(0, 3, time.Now()).Record(t.Context(), r))
	got := query(t, db, `SELECT baseline, expected, enrolled, judged, met, not_met, undetermined FROM v_headline`)
	if diff := cmp.Diff([][]string{{"base", "0", "0", "0", "0", "0", "0"}}, got); diff != "" {
		t.Errorf("headline (-want +got):\n%s", diff)
	}
}

func TestFailingSaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	check(t, mixed(time.Now().Add(-25*time.Hour)).Record(t.Context(), r))
	got := query(t, db, `SELECT serial, requirement, title, severity, severity_rank, reason_text, next_step, fix_place, age_days, last_result
		FROM v_failing WHERE baseline = 'base' ORDER BY severity_rank, since`)
	fix := checks.Explain("setting-not-in-force").FixBy
	want := [][]string{
		{"SERIAL000000", "req_002", "Requirement 1", "medium", "2", "The setting is not in force.", "Install the profile.", fix, "1", "fail"},
		{"SERIAL000000", "req_001", "Requirement 2", "low", "3", "The setting is not in force.", "Install the profile.", fix, "1", "fail"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
	if got := query(t, db, `SELECT sweep, asked, answered, silent, coverage FROM v_sweeps`); !slices.Equal(got[0], []string{"3", "4", "3", "1", "0.75"}) {
		t.Errorf("sweeps %v", got)
	}
}

func TestWhatEndsFirstStandsInFront(t *testing.T) {
	const day = 24 * time.Hour
	path := filepath.Join(t.TempDir(), "results.db")
	r, db := openResults(t, path), rawDB(t, path)
	f := mixed(time.Now())
	ends := func(what, detail string, in time.Duration) checks.Expiry {
		return checks.Expiry{What: what, Detail: detail, NotAfter: time.Now().Add(in).Truncate(time.Second).UTC()}
	}
	f.Devices[0].Expiring = []checks.Expiry{ends("identity", "issued by Clinic CA", -time.Hour), ends("radius-anchor", "CN=Clinic RADIUS CA", 400*day+time.Hour)}
	f.Devices[1].Expiring = []checks.Expiry{ends("identity", "issued by Clinic CA", 29*day+time.Hour)}
	f.Devices[2].Expiring = nil
	check(t, f.Record(t.Context(), r))
	const columns = `SELECT serial, group_name, what, detail, days_left, expired FROM v_expiring ORDER BY not_after`
	want := [][]string{
		{"SERIAL000000", "ward 7", "identity", "issued by Clinic CA", "-1", "1"},
		{"SERIAL000001", "ward 7", "identity", "issued by Clinic CA", "29", "0"},
		{"SERIAL000000", "ward 7", "radius-anchor", "CN=Clinic RADIUS CA", "400", "0"},
	}
	if diff := cmp.Diff(want, query(t, db, columns)); diff != "" {
		t.Errorf("expiring (-want +got):\n%s", diff)
	}
	iso := query(t, db, `SELECT not_after, not_after_iso FROM v_expiring WHERE serial = 'SERIAL000001'`)[0]
	until := f.Devices[1].Expiring[0].NotAfter
	if !slices.Equal(iso, []string{fmt.Sprint(until.Unix()), until.Format(time.RFC3339)}) {
		t.Errorf("ends at %v, want %s", iso, until)
	}

	f.Devices[0].Expiring[0] = ends("identity", "issued by Clinic CA", 365*day+time.Hour) // renewed
	f.Devices = f.Devices[:1]
	f.At = f.At.Add(time.Second)
	check(t, f.Record(t.Context(), r))
	want = [][]string{{"SERIAL000000", "ward 7", "identity", "issued by Clinic CA", "365", "0"}, want[2]}
	if diff := cmp.Diff(want, query(t, db, columns)); diff != "" {
		t.Errorf("expiring, after one was renewed and a device left (-want +got):\n%s", diff)
	}
}

func TestPagesAreReadInTheOrderOfAnIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	openResults(t, path)
	db := rawDB(t, path)
	for index, q := range map[string]string{
		"failing_page":                `SELECT * FROM v_failing WHERE baseline = 'base' ORDER BY severity_rank, since LIMIT 50`,
		"device_status USING PRIMARY": `SELECT * FROM v_devices WHERE baseline = 'base' ORDER BY device_key LIMIT 50`,
		"expiring_not_after":          `SELECT * FROM v_expiring ORDER BY not_after LIMIT 50`,
		"t USING PRIMARY KEY":         `SELECT * FROM v_trend_daily WHERE baseline = 'base' AND zone = 'UTC' ORDER BY day`,
	} {
		var plan strings.Builder
		for _, row := range query(t, db, `EXPLAIN QUERY PLAN `+q) {
			plan.WriteString(row[3] + "\n")
		}
		if !strings.Contains(plan.String(), index) || strings.Contains(plan.String(), "TEMP B-TREE") {
			t.Errorf("%s:\n%s", q, plan.String())
		}
	}
}

func TestNoColumnOfTheResultsHoldsASecretOrAPerson(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	openResults(t, path)
	db := rawDB(t, path)
	for _, row := range query(t, db, `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')`) {
		for _, word := range []string{"token", "push", "magic", "secret", "phone", "imei", "meid", "account", "device_name", "user", "body"} {
			ofChain := word == "body" && (row[0] == "chain" || row[0] == "v_chain") // its kinds are held by package chain
			if strings.Contains(row[1], word) && !ofChain {
				t.Errorf("%s.%s", row[0], row[1])
			}
		}
	}
}

func TestTheSqlite3ProgramReadsTheViews(t *testing.T) {
	program := sqlite3Program(t)
	path := filepath.Join(t.TempDir(), "results.db")
	r := openResults(t, path)
	f := mixed(time.Now())
	f.Round.Inventory = []store.Item{{Serial: "AAA"}}
	check(t, f.Record(t.Context(), r))
	for _, v := range readViews(t) {
		out, err := osexec.CommandContext(t.Context(), program, "-readonly", path, "SELECT * FROM "+v.name).CombinedOutput()
		// Nothing of it in this fleet.
		empty := slices.Contains([]string{"v_organisation", "v_governance", "v_waivers", "v_attestations"}, v.name)
		if err != nil || (len(out) == 0) != empty {
			t.Errorf("%s: %v: %q", v.name, err, out)
		}
	}
}
