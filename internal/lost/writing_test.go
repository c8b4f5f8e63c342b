package lost_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/lost"
	"github.com/wardround/wardround/mdm"
)

func TestADeviceCannotMakeThePageLong(t *testing.T) {
	p := newPad(t)
	for i := range 500 {
		p.says(once(theLoss.Add(time.Duration(i)*48*time.Hour)), "", dict{"CommandUUID": strings.Repeat("x", 200), "Status": "Error"})
	}
	var many []any
	for range 300 {
		many = append(many, dict{
			"PayloadIdentifier": "evil\x1b[31m\u202e" + strings.Repeat("x", 5000), "PayloadUUID": "u", "PayloadVersion": 1, "IsEncrypted": true,
		})
	}
	p.says(once(theLoss.Add(-time.Hour)), mdm.AllProfiles, dict{"ProfileList": many})
	page := p.page(p.subject("DMPX0117", mdm.Device, theLoss))
	if got := len(page.Commands.Unnamed); got > 64 {
		t.Errorf("got %d commands", got)
	}
	if got := len(page.Networks.List) + len(page.Contact.Silences); got > 50 || page.Networks.More != 300-len(page.Networks.List) {
		t.Errorf("got %d networks and silences and %d more, want few and the rest counted", got, page.Networks.More)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text": func(b *bytes.Buffer) error { return lost.WriteText(b, page, lost.TextOptions{Width: 20}) },
		"html": func(b *bytes.Buffer) error { return lost.WriteHTML(b, page) },
		"json": func(b *bytes.Buffer) error { return lost.WriteJSON(b, page) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		if out.Len() > 100_000 || strings.ContainsAny(out.String(), "\x1b\u202e") || strings.Contains(out.String(), strings.Repeat("x", 1000)) {
			t.Errorf("%s: %d bytes, or what a terminal heeds", name, out.Len())
		}
	}
}

func TestTimesStandInTheZoneWithUTCBeside(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		at         time.Time
		want       string
	}{
		{"on the same day the clock is enough", "America/Vancouver", theLoss, "2025-11-20 14:00 PST (22:00 UTC)"},
		{"on another day the day stands there too", "America/Vancouver", theLoss.Add(3 * time.Hour), "2025-11-20 17:00 PST (2025-11-21 01:00 UTC)"},
		{"UTC stands alone", "UTC", theLoss, "2025-11-20 22:00 UTC"},
		{"a zone without letters shows its offset", "America/Sao_Paulo", theLoss, "2025-11-20 19:00 -03 (22:00 UTC)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := (lost.Moment{Time: c.at.In(zone)}).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	text, err := json.Marshal([]lost.Moment{{}, {Time: theLoss}})
	if want := `[null,{"utc":"2025-11-20T22:00:00Z","local":"2025-11-20T22:00:00Z"}]`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}
