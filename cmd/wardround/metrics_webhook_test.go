package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm/webhook"
)

func TestWhateverBecomesOfAnEventIsMeasured(t *testing.T) {
	m := &meter{hooks: serveHooks{webhook: func() webhook.Counts {
		return webhook.Counts{
			Kept: 1, Polls: 100, Unread: 2, Duplicates: 3, Ignored: 4, Unsigned: 5, TooLarge: 6, Refused: 7, Busy: 8, Failed: 9,
			Forward: []webhook.ForwardCounts{{Pending: 10, Delivered: 20, Failed: 30, Dropped: 40}, {Pending: 1, Delivered: 2, Failed: 3, Dropped: 4}},
		}
	}}}
	var took taking
	m.webhook(&took)
	guide, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, s := range took.samples {
		got[strings.Join(append([]string{strings.TrimPrefix(s.name, "wardround_")}, s.labels...), " ")] = s.value
		for _, outcome := range s.labels {
			if !strings.Contains(string(guide), "`"+outcome+"`") {
				t.Errorf("the guide does not say what %s is", outcome)
			}
		}
	}
	const events, forwarded = "webhook_events_total ", "forwarded_events_total "
	want := map[string]float64{
		events + "kept": 1, events + "unread": 2, events + "duplicate": 3, events + "ignored": 4, events + "unsigned": 5, events + "too_large": 6,
		events + "refused": 7, events + "busy": 8, events + "failed": 9,
		forwarded + "delivered": 22, forwarded + "failed": 33, forwarded + "dropped": 44, "forward_pending_events": 11,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}
