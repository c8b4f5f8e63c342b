package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

// The end of 31 January in Vancouver is the next day in UTC.
func TestAWaiverEndsOnTheDayOfItsZone(t *testing.T) {
	vancouver, err := time.LoadLocation("America/Vancouver")
	if err != nil {
		t.Fatal(err)
	}
	end, err := checks.ParseMoment("2027-01-31", vancouver, true)
	if err != nil {
		t.Fatal(err)
	}
	src := &fleet{judged: now, baselines: ward().baselines, devices: ward().devices[:1]}
	d := &src.devices[0]
	d.Verdicts = nil
	judge(d, hipaa, "wr_row", checks.Fail, high, func(v *checks.Verdict) {
		v.Waiver = &checks.StatementRef{ID: "W-3", State: checks.InForce, Until: end}
		v.Attestation = &checks.StatementRef{ID: "A-3", State: checks.Expired, Until: end}
	})
	d.Status = map[string]checks.Status{hipaa: checks.NotMet}
	for name, tt := range map[string]struct {
		zone *time.Location
		want string
	}{
		"in the zone":    {vancouver, "2027-01-31"},
		"without a zone": {nil, "2027-02-01T07:59:59Z"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := report.TextOptions{Zone: tt.zone}
			feed, err := report.Open(t.Context(), src, now)
			if err != nil {
				t.Fatal(err)
			}
			var explained, page bytes.Buffer
			if err := report.WriteExplain(&explained, report.Explanation{Device: report.NewDevice(*d)}, opts); err != nil {
				t.Fatal(err)
			}
			if err := feed.Write(&page, report.HTML, report.Options{Text: opts}); err != nil {
				t.Fatal(err)
			}
			for format, got := range map[string]string{"text": text(t, src, opts), "explain": explained.String(), "html": page.String()} {
				if want := "waived until " + tt.want + " (W-3)"; !strings.Contains(got, want) {
					t.Errorf("%s: no %q in\n%s", format, want, got)
				}
			}
			if want := "attestation A-3 expired " + tt.want; !strings.Contains(explained.String(), want) {
				t.Errorf("no %q in\n%s", want, explained.String())
			}
		})
	}
}
