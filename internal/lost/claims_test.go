package lost_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/lost"
	"github.com/wardround/wardround/mdm"
)

// factNamed is a fact of a page by its key.
func factNamed(t *testing.T, p *lost.Page, key string) lost.Fact {
	t.Helper()
	i := slices.IndexFunc(p.Facts, func(f lost.Fact) bool { return f.Key == key })
	if i < 0 {
		t.Fatalf("the page does not tell %s", key)
	}
	return p.Facts[i]
}

const (
	passcode = "SecurityInfo.PasscodePresent"
	backup   = "DeviceInformation.IsCloudBackupEnabled"
	faceTime = "setting:com.apple.applicationaccess:allowVideoConferencing"
)

func TestALaterAnswerNeverStandsForTheLoss(t *testing.T) {
	p := newPad(t).says(once(theLoss.Add(-time.Hour)), "", information(nil)).
		says(once(theLoss.Add(time.Minute)), "", information(dict{"IsCloudBackupEnabled": true})).
		says(once(theLoss.Add(time.Minute)), "", security(true))
	page := p.page(p.subject("DMPX0117", mdm.Device, theLoss))
	if got := factNamed(t, page, backup); got.Value != "no" || got.State != lost.Known {
		t.Errorf("got %q, %s of iCloud Backup at the loss, want no, known", got.Value, got.State)
	}
	if got := factNamed(t, page, passcode); got.Value != "" || got.State != lost.Unknown || !got.Answered.IsZero() {
		t.Errorf("got %+v of a passcode that was told of after the loss alone, want it unknown", got)
	}
	later := make(map[string]bool)
	for _, l := range page.Later {
		later[l.Name+" "+l.Then+" "+l.Value] = l.Changed
	}
	if !later["iCloud Backup on no yes"] || !later["Passcode set  yes"] || later["Supervised yes yes"] {
		t.Errorf("got later answers %v, want the change and what was not known", later)
	}
}

func TestHowOldAnAnswerMayBe(t *testing.T) {
	for _, c := range []struct {
		name string
		age  time.Duration
		want lost.State
	}{
		{"an answer of the same day is known", 20 * time.Hour, lost.Known},
		{"one of 48 hours is known", 48 * time.Hour, lost.Known},
		{"an older one may have changed", 48*time.Hour + time.Second, lost.Old},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPad(t).says(once(theLoss.Add(-c.age)), "", security(true))
			got := factNamed(t, p.page(p.subject("DMPX0117", mdm.Device, theLoss)), passcode)
			if got.State != c.want || got.Value != "yes" {
				t.Errorf("got %q, %s, want yes, %s", got.Value, got.State, c.want)
			}
		})
	}
}

func TestARunThatWentOnIsBoundByItsGap(t *testing.T) {
	for _, c := range []struct {
		name          string
		run           timing
		before, after time.Duration
		bound, later  string
	}{
		{"of many receipts only the longest gap is known", timing{theLoss.AddDate(0, 0, -9), theLoss.AddDate(0, 0, 9), 30 * time.Hour, 12}, -30 * time.Hour, 30 * time.Hour, "then-or-later", "then-or-earlier"},
		{"the gap cannot reach beyond the run", timing{theLoss.Add(-time.Hour), theLoss.Add(2 * time.Hour), 3 * time.Hour, 3}, -time.Hour, 2 * time.Hour, "then-or-later", "then-or-earlier"},
		{"of two receipts both are known", timing{theLoss.Add(-time.Hour), theLoss.Add(40 * time.Hour), 41 * time.Hour, 2}, -time.Hour, 40 * time.Hour, "exact", "exact"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPad(t).says(c.run, "", security(true))
			page := p.page(p.subject("DMPX0117", mdm.Device, c.run.last))
			before, after := page.Contact.Before, page.Contact.After
			if got := before.At.Sub(theLoss); got != c.before || before.Bound != c.bound {
				t.Errorf("got a last contact %v from the loss, %s, want %v, %s", got, before.Bound, c.before, c.bound)
			}
			if got := after.At.Sub(theLoss); got != c.after || after.Bound != c.later {
				t.Errorf("got a first contact %v after the loss, %s, want %v, %s", got, after.Bound, c.after, c.later)
			}
			if got := factNamed(t, page, passcode); got.OrLater != (c.bound != "exact") || got.State != lost.Known {
				t.Errorf("got or later %v, %s, want %v, known", got.OrLater, got.State, c.bound != "exact")
			}
		})
	}
}

func TestAPollIsAContact(t *testing.T) {
	p := newPad(t).says(once(theLoss.Add(-time.Hour)), "", security(true))
	polled := theLoss.Add(5 * time.Hour)
	page := p.page(p.subject("DMPX0117", mdm.Device, polled))
	if page.Contact.Last == nil || !page.Contact.Last.At.Equal(polled) || page.Contact.After.Bound != "then-or-earlier" {
		t.Errorf("got %+v after the loss, want the poll, and that it may not be the first", page.Contact.Last)
	}
	page = p.page(p.subject("DMPX0117", mdm.Device, theLoss.Add(-time.Minute)))
	if page.Contact.After != nil || page.Contact.Before.Apart != 60 {
		t.Errorf("got %+v before and %+v after, want the poll before the loss and nothing after", page.Contact.Before, page.Contact.After)
	}
}

func TestALossOutsideOfWhatIsKnownIsSaid(t *testing.T) {
	p := newPad(t).says(daily(3, theLoss.AddDate(0, 0, 2)), "", security(true))
	early := p.page(p.subject("DMPX0117", mdm.Device, theLoss), func(in *lost.Input) { in.Lost = theLoss.AddDate(0, 0, -3) })
	if len(early.Notes) == 0 || !strings.Contains(early.Notes[0], "came 3 d after the loss") || early.Contact.Before != nil {
		t.Errorf("got notes %q, want that nothing is known of the time of the loss", early.Notes)
	}
	for _, f := range early.Facts {
		if f.State != lost.Unknown {
			t.Errorf("got %s %s: nothing was known at the loss", f.Key, f.State)
		}
	}
	ahead := p.page(p.subject("DMPX0117", mdm.Device, theLoss), func(in *lost.Input) { in.Lost = written.Add(time.Hour) })
	if len(ahead.Notes) == 0 || !strings.Contains(ahead.Notes[0], "still to come") || len(ahead.Later) > 0 {
		t.Errorf("got notes %q and %d later answers, want that the loss is to come", ahead.Notes, len(ahead.Later))
	}
	never := p.page(lost.Subject{Serial: "DMPX0200", Listed: true}, func(in *lost.Input) { in.Timeline = lost.NewTimeline(in.Lost) })
	if len(never.Notes) == 0 || !strings.Contains(never.Notes[0], "never enrolled") {
		t.Errorf("got notes %q, want that it never enrolled", never.Notes)
	}
}

func TestADeviceThatEnrolledAnewAfterTheLossWasNotSoAtIt(t *testing.T) {
	p := newPad(t).enrols(theLoss.AddDate(0, -1, 0)).
		says(once(theLoss.Add(-time.Hour)), "", security(true)).
		says(once(theLoss.Add(2*time.Hour)), "EraseDevice", dict{"CommandUUID": "other"}).
		enrols(theLoss.Add(3 * time.Hour))
	subject := p.subject("DMPX0117", mdm.Device, theLoss.Add(3*time.Hour))
	subject.Channels[0].EnrolledAt = theLoss.Add(3 * time.Hour)
	page := p.page(subject)
	if !page.Device.Enrolled.IsZero() || len(page.Later) == 0 || page.Later[0].Name != "Enrolled" || !page.Later[0].Answered.Equal(subject.Channels[0].EnrolledAt) {
		t.Errorf("got enrolled %s, later %+v, want that it enrolled later", page.Device.Enrolled, page.Later)
	}
	if got := factNamed(t, page, passcode); got.Value != "yes" || got.State != lost.Known {
		t.Errorf("got %q, %s, want what held at the loss", got.Value, got.State)
	}
	events := page.Contact.Events
	if len(events) != 2 || events[0].After || !events[1].After {
		t.Errorf("got check-ins %+v, want one before the loss and one after", events)
	}
	if len(page.Commands.Named) != 1 || page.Commands.Named[0].Does != "erase" || !page.Commands.Named[0].After {
		t.Errorf("got commands %+v, want the erase", page.Commands.Named)
	}
}

func TestWhatAnEarlierEnrollmentSaidIsOnlyWhenItWasLastKnown(t *testing.T) {
	before := theLoss.AddDate(0, 0, -4)
	p := newPad(t).says(once(before), "", information(nil)).says(once(before), "", limits(dict{"allowVideoConferencing": false})).
		enrols(theLoss.AddDate(0, 0, -1))
	page := p.page(p.subject("DMPX0117", mdm.Device, theLoss))
	got := factNamed(t, page, faceTime)
	if got.State != lost.Unknown || got.Value != "" || !got.Answered.Equal(before) {
		t.Errorf("got %q, %s, last known %s, want it unknown and last known %s", got.Value, got.State, got.Answered, before)
	}
}

func TestWhoseCommandsAreTold(t *testing.T) {
	at := theLoss.Add(time.Minute)
	p := newPad(t).
		says(once(at), "", dict{"CommandUUID": "WR-1", "Status": "Error"}).                         // ours
		says(once(at), "", dict{"CommandUUID": "x-1", "MessageResult": "Success"}).                 // a key tells
		says(once(at), "", dict{"CommandUUID": "x-2", "RequestType": "EraseDevice"}).               // it says so itself
		says(once(at), "EnableLostMode", dict{"CommandUUID": "x-3", "Status": "NotNow"}).           // its queue tells
		says(once(at), "", dict{"CommandUUID": "x-4", "Latitude": 49.2, "Longitude": -123.1}).      // a place, which is not kept
		says(once(at), "", dict{"CommandUUID": "x-5", "Status": "Error", "ErrorChain": []any{}}).   // nothing tells
		says(once(at), "", dict{"Status": "Idle"}).                                                 // no answer
		says(once(at), "ClearPasscode", dict{"CommandUUID": "x-6", "Status": "CommandFormatError"}) // refused
	page := p.page(p.subject("DMPX0117", mdm.Device, at))
	var got []string
	for _, c := range slices.Concat(page.Commands.Named, page.Commands.Unnamed) {
		got = append(got, c.Does+" "+c.Outcome+" "+c.CommandUUID)
	}
	slices.Sort(got)
	want := []string{" refused x-5", "erase acknowledged x-2", "located acknowledged x-4", "lock acknowledged x-1", "lost-mode-on put off x-3", "passcode-cleared refused x-6"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("other commands are told (-got +want):\n%s", diff)
	}
	var out bytes.Buffer
	if err := lost.WriteJSON(&out, page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "49.2") {
		t.Error("the page tells a place")
	}
}

func TestBodiesThatAreNoLongerKeptAreSaid(t *testing.T) {
	p := newPad(t).says(once(theLoss.Add(-time.Hour)), "", information(nil)).says(once(theLoss.Add(-time.Hour)), "", security(true))
	timeline := lost.NewTimeline(theLoss)
	for _, r := range p.runs {
		timeline.Add(r)
	}
	secure := p.runs[1].Evidence
	err := timeline.Fetch(func(sum mdm.Digest) ([]byte, error) {
		if sum == secure.SHA256 {
			return nil, nil
		}
		return p.runs[0].Evidence.Body, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	page := p.page(p.subject("DMPX0117", mdm.Device, theLoss), func(in *lost.Input) { in.Timeline = timeline })
	if factNamed(t, page, backup).State != lost.Known || factNamed(t, page, passcode).State != lost.Unknown {
		t.Error("want what is kept known, and the rest unknown")
	}
	if !slices.ContainsFunc(page.Notes, func(n string) bool { return strings.HasPrefix(n, "1 of the answers") }) {
		t.Errorf("got notes %q, want the missing answer counted", page.Notes)
	}
	broken := errors.New("disk on fire")
	if err := timeline.Fetch(func(mdm.Digest) ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestThePageDoesNotDependOnTheOrderOfWhatIsAdded(t *testing.T) {
	p := newPad(t).enrols(theLoss.AddDate(0, -2, 0)).
		says(daily(5, theLoss.AddDate(0, 0, -9)), "", security(false)).
		says(daily(9, theLoss.Add(-time.Hour)), "", security(true)).
		says(once(theLoss.Add(time.Hour)), "", security(false)).
		says(daily(4, theLoss.AddDate(0, 0, 2)), "", information(nil)).
		says(once(theLoss.Add(time.Hour)), "DeviceLock", dict{"CommandUUID": "x"})
	want, err := json.Marshal(p.page(p.subject("DMPX0117", mdm.Device, theLoss)))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(p.runs), func(i, j int) { p.runs[i], p.runs[j] = p.runs[j], p.runs[i] })
		got, err := json.Marshal(p.page(p.subject("DMPX0117", mdm.Device, theLoss)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(got), string(want)); diff != "" {
			t.Fatalf("another order gives another page (-got +want):\n%s", diff)
		}
	}
}
