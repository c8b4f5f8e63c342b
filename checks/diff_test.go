package checks_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
)

func TestDiff(t *testing.T) {
	a := parse(t, child("extends: [wpa2-enterprise]"))
	b := parse(t, strings.Replace(child("extends: [wpa2-enterprise]", "exclude: [{requirement: wr_vpn_installed, reason: none}]",
		"params: [{name: warn_days, value: 7}, {name: extra, type: string, value: x}]",
		"requirements:", "  - {use: wr_wifi_server_validated, level: recommended}", "  - use: icloud_backup_disabled"), "title: Child", "title: Other", 1))
	got, err := checks.Diff(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if got.From.Digest != a.Digest || got.To.Digest != b.Digest {
		t.Errorf("digests %s and %s", got.From.Digest, got.To.Digest)
	}
	got.From, got.To = checks.Parent{}, checks.Parent{}
	want := checks.Difference{
		Header: []checks.FieldChange{
			{Field: "title", From: "Child", To: "Other"},
			{Field: "excluded", From: []any{}, To: []any{map[string]any{"requirement": "wr_vpn_installed", "title": "A VPN is installed", "baseline": "wpa2-enterprise", "reason": "none"}}},
		},
		Params: []checks.ParamChange{
			{Name: "warn_days", Change: "changed", Changes: []checks.FieldChange{{Field: "value", From: 30.0, To: 7.0}}},
			{Name: "extra", Change: "added", Changes: []checks.FieldChange{{Field: "value", From: "", To: "x"}}},
		},
		Added:   []checks.RowSummary{{ID: "icloud_backup_disabled", Title: "iCloud backup is turned off", Level: "required", Severity: "medium"}},
		Removed: []checks.RowSummary{{ID: "wr_vpn_installed", Title: "A VPN is installed", Level: "informational", Severity: "low"}},
		Changed: []checks.RowDeviation{{ID: "wr_wifi_server_validated", Changes: []checks.FieldChange{{Field: "level", From: "required", To: "recommended"}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
}

func TestABaselineIsNoDifferentFromItself(t *testing.T) {
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		d, err := checks.Diff(b, b)
		if err != nil || !d.Same() {
			t.Errorf("got %+v, %v; want no difference", d, err)
		}
		data, err := json.Marshal(d)
		if err != nil || strings.Contains(string(data), "null") {
			t.Errorf("JSON %s, %v", data, err)
		}
	})
}
