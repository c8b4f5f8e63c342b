package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/notify"
)

// mixed are events of each kind.
func mixed() []notify.Event {
	facetime := notify.Event{
		Kind: notify.NewlyFailing, Ward: "3b", Groups: []string{"ward"}, Baseline: "hipaa-no-facetime", Requirement: "wr_facetime_disabled",
		Title: "FaceTime is not allowed", Severity: checks.High, Since: monday(),
	}
	var list []notify.Event
	for i := range 14 {
		e := facetime
		e.Device = fmt.Sprintf("A-%02d", 14-i)
		list = append(list, e)
	}
	fixed := facetime
	fixed.Kind, fixed.Device, fixed.Ward, fixed.Severity, fixed.Requirement, fixed.Title = notify.Fixed, "B-1", "2a", checks.Low, "wr_no_title", ""
	flapping := facetime
	flapping.Kind, flapping.Device, flapping.Ward, flapping.Count = notify.Flapping, "B-2", "2a", 4
	return append(list, fixed, flapping,
		notify.Event{Kind: notify.NewlySilent, Device: "B-3", Ward: "2a", Severity: checks.Medium, Since: monday().AddDate(0, 0, -4)},
		notify.Event{Kind: notify.NewlySilent, Device: "B-4", Ward: "2a", Severity: checks.Medium, Since: monday().AddDate(0, 0, -5)},
		notify.Event{Kind: notify.CertificateExpiring, Device: "B-3", Ward: "2a", What: "identity", Severity: checks.Medium, Until: monday().AddDate(0, 0, 20)},
		notify.Event{Kind: notify.CertificateExpiring, What: "apns-push-certificate", Severity: checks.High, Until: monday().AddDate(0, 0, 1)},
		notify.Event{
			Kind: notify.WaiverExpiring, What: "W-7", Count: 12, Severity: checks.Medium, Until: monday().AddDate(0, 0, 7), Baseline: "hipaa-no-facetime",
			Requirement: "wr_facetime_disabled", Title: "FaceTime is not allowed",
		},
		notify.Event{Kind: notify.CoverageDropped, Baseline: "hipaa-no-facetime", Severity: checks.Medium, Count: 70, Of: 100},
		notify.Event{Kind: notify.Loss, Severity: checks.Medium, Count: 3},
		notify.Event{Kind: notify.CanaryGreen, Severity: checks.High},
	)
}

func TestMessagesAreGroupedByWardAndRequirement(t *testing.T) {
	m := notify.MessageOf(notify.Changes, 10, monday().AddDate(0, 0, -1), monday(), mixed()...)
	golden(t, "changes.txt", m.Subject()+"\n\n"+m.Text(notify.MaxMail, time.UTC))
	j, err := json.MarshalIndent(m, "", "  ")
	check(t, err)
	golden(t, "changes.json", string(j)+"\n")
	again := notify.MessageOf(notify.Resend, 3, time.Time{}, monday(), mixed()...)
	golden(t, "resend.txt", again.Subject()+"\n\n"+again.Text(notify.MaxMail, time.UTC))
	nothing := notify.MessageOf(notify.Resend, 3, time.Time{}, monday())
	golden(t, "nothing.txt", nothing.Subject()+"\n\n"+nothing.Text(notify.MaxMail, time.UTC))
}

func TestAMessageIsBounded(t *testing.T) {
	var events []notify.Event
	for i := range 6000 {
		events = append(events, notify.Event{
			Kind: notify.NewlyFailing, Device: strings.Repeat("tag ", 100), Ward: fmt.Sprint("ward", i), Baseline: "b", Requirement: fmt.Sprint("r", i%50),
			Title: strings.Repeat("ä", 1000), Severity: checks.Low,
		})
	}
	events = append(events, notify.Event{Kind: notify.CanaryGreen, Severity: checks.High})
	m := notify.MessageOf(notify.Changes, 100, monday(), monday(), events...)
	if m.Events != len(events) {
		t.Errorf("it tells of %d events, want %d", m.Events, len(events))
	}
	told := m.LeftOut
	for _, s := range m.Sections {
		told += s.Events
	}
	if told != len(events) {
		t.Errorf("sections and what is left out add up to %d, want %d", told, len(events))
	}
	if len(m.Sections) > 200 {
		t.Errorf("%d sections", len(m.Sections))
	}
	if m.Sections[0].Kind != notify.CanaryGreen {
		t.Errorf("the most urgent is not in it, but %+v", m.Sections[0])
	}
	for _, limit := range []int{10, 100, notify.MaxChat, notify.MaxMail} {
		text := m.Text(limit, time.UTC)
		if len(text) > limit || !utf8.ValidString(text) {
			t.Errorf("limit %d: %d bytes, valid %t", limit, len(text), utf8.ValidString(text))
		}
		if limit >= 1000 && !strings.Contains(text, " more; 'wardround report' has all") {
			t.Errorf("limit %d: it does not say that there is more", limit)
		}
	}
	if j, err := json.Marshal(m); len(j) > 512<<10 || err != nil {
		t.Errorf("%d bytes of JSON, %v", len(j), err)
	}
}

func TestADeviceThatIsNamedTwiceCountsOnce(t *testing.T) {
	e := notify.Event{Kind: notify.NewlyFailing, Device: "A-1", Baseline: "b", Requirement: "r", Severity: checks.Low}
	m := notify.MessageOf(notify.Changes, 10, monday(), monday(), e, e)
	if s := m.Sections[0]; s.Count != 1 || s.More != 0 || s.Events != 2 {
		t.Errorf("got %+v, want one device of two events", s)
	}
}

func TestDevicesThatShareAnEndOfANameAreCountedEach(t *testing.T) {
	devices := func(result checks.Result, serials ...string) []checks.DeviceResult {
		var list []checks.DeviceResult
		for i, serial := range serials {
			d := ipad("", result)
			d.Subject.ID, d.Subject.Serial = fmt.Sprint("UDID-", i), serial
			list = append(list, d)
		}
		return list
	}
	for _, c := range []struct {
		name    string
		serials []string
		want    []string
		more    int
	}{
		{"without any number", []string{"", "", "", ""}, []string{"a device without an asset tag"}, 3},
		{"with the same end", []string{"DMPX1ABCD", "DMPX2ABCD", "DMPX3ABCD", "DMPX4WXYZ"}, []string{"serial ending ABCD", "serial ending WXYZ"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			channel := hook(t, r)
			channel.QuietHours = "00:00-09:00"
			w := newWorld(t, notify.Config{Zone: "UTC", Channels: []notify.ChannelConfig{channel}})
			w.at = monday().Add(-2 * time.Hour)
			begun, left := c.serials[:2], c.serials[2:]
			at := monday().AddDate(0, 0, -1)
			check(t, w.Round(t.Context(), round(at, devices(checks.Pass, c.serials...)...)))
			at = at.Add(time.Hour)
			check(t, w.Round(t.Context(), round(at, append(devices(checks.Fail, begun...), devices(checks.Pass, c.serials...)[2:]...)...)))
			at = at.Add(time.Hour)
			check(t, w.Round(t.Context(), round(at, devices(checks.Fail, append(begun, left...)...)...)))
			w.at = monday()
			check(t, w.Tick(t.Context()))
			_, _, body := r.got()
			sections := message(t, body).Sections
			if len(sections) != 1 || sections[0].Count != 4 || sections[0].Events != 4 || sections[0].More != c.more {
				t.Fatalf("got %s, want one section of 4 devices, %d of them not named", body, c.more)
			}
			if diff := cmp.Diff(c.want, sections[0].Devices); diff != "" {
				t.Errorf("devices (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTwoCertificatesOfADeviceAreOneDevice(t *testing.T) {
	d := expiring(ipad("A-1", checks.Pass), "identity", monday().AddDate(0, 0, 20))
	d.Expiring = append(d.Expiring, checks.Expiry{What: "identity", NotAfter: monday().AddDate(0, 0, 21)})
	events := compare(t, nil, round(monday(), d), notify.Config{})
	m := notify.MessageOf(notify.Changes, 0, monday(), monday(), events...)
	if s := m.Sections[0]; s.Count != 1 || s.More != 1 || s.Events != 2 {
		t.Errorf("got %+v, want one device of two events, though none may be named", s)
	}
}

func FuzzCleanWordsAreHarmless(f *testing.F) {
	f.Add("A-1\x1b[31m\u202e\u200b", 20)
	f.Add("<!channel> @everyone https://evil.example/", 60)
	f.Add("\xff\xfe\n\r\t\x00", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = n & 0xff
		got := notify.Clean(s, n)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > max(n, 3) {
			t.Errorf("%q of %q", got, s)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) && r != utf8.RuneError || strings.ContainsRune("<>@", r) {
				t.Errorf("%q has %U in it", got, r)
			}
		}
		if strings.Contains(got, "://") {
			t.Errorf("%q has a link in it", got)
		}
	})
}
