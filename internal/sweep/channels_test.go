package sweep_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// A channelCase is a device with a user channel.
type channelCase struct {
	claim, product, os string
	user               map[string]any // what names the user in a message
	want               mdm.EnrollmentType
}

func channelCases() []channelCase {
	return []channelCase{
		{
			"the user of a Mac", "Mac14,2", "15.1",
			map[string]any{"UserID": "8E3B2B1A-6A0C-4B36-9C55-0C2F5D3E1F10", "UserShortName": "nurse"},
			mdm.User,
		},
		{
			"the user of a Shared iPad", "iPad14,1", "18.7.2",
			map[string]any{"UserID": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "UserShortName": "nurse@clinic.example"},
			mdm.SharedIPad,
		},
	}
}

// addressed returns a message with the keys that name its user.
func (c channelCase) addressed(message map[string]any) map[string]any {
	maps.Copy(message, c.user)
	return message
}

// userChannel returns the enrollment of the only user.
func userChannel(t *testing.T, w *ward) mdm.Enrollment {
	t.Helper()
	enrolled, err := w.state.Enrollments(t.Context())
	must(t, err)
	if len(enrolled) != 2 || !enrolled[1].UserChannel() || !enrolled[1].Enabled {
		t.Fatalf("enrolled are %+v, want a device and its user", enrolled)
	}
	return enrolled[1].Enrollment
}

// Somebody else's commands on a user channel are answered by the user, and the
// answers name our commands too: that makes no difference to the device.
func TestUserChannelAnswersNoQuestionOfItsDevice(t *testing.T) {
	for _, c := range channelCases() {
		t.Run(c.claim, func(t *testing.T) {
			w := newWard(t, nil)
			w.mdm.script = func(id string, push int, asked command) map[string]any {
				answer := acknowledge(id, push, asked)
				if asked.query == mdm.QueryKey(mdm.Restrictions) {
					answer["GlobalRestrictions"] = map[string]any{"restrictedBool": map[string]any{"allowVideoConferencing": map[string]any{"value": false}}}
				}
				w.mdm.send(t.Context(), id, asked, c.addressed(answer))
				w.mdm.send(t.Context(), id, command{"theirs-" + string(asked.query), asked.query}, c.addressed(acknowledge(id, push, asked)))
				return nil // the device itself says nothing
			}
			w.enrolAs(t, udid, c.product, c.os, false)
			w.checkIn(t, udid, mdm.TokenUpdate, c.addressed(map[string]any{"PushMagic": "magic", "Token": []byte("token")}))
			user := userChannel(t, w)
			if user.Type != c.want {
				t.Errorf("got the user enrolled as %q, want %q", user.Type, c.want)
			}
			got := w.round(t)
			if got.Asked != 1 || got.Answered != 0 || got.Silent != 1 {
				t.Errorf("got %+v, want the device alone asked, and silent", got)
			}
			if w.mdm.pushes[user.ID] != 0 || len(w.mdm.queue[user.ID]) != 0 {
				t.Error("the user channel was asked or pushed")
			}
			if open := w.rows(t, 0); len(open) == 0 || len(open) != w.mdm.asks() || w.intake.Open() != len(open) {
				t.Errorf("got %d of %d commands outstanding and %d waited for, want all", len(open), w.mdm.asks(), w.intake.Open())
			}
			w.keptApart(t, user)
		})
	}
}

// keptApart fails unless the answers of the user are kept as the user's, and
// no verdict rests on them.
func (w *ward) keptApart(t *testing.T, user mdm.Enrollment) {
	t.Helper()
	observed, err := w.state.Observed(t.Context(), udid)
	must(t, err)
	answers := 0
	for _, o := range observed {
		if o.Evidence.Class != mdm.Report {
			continue
		}
		answers++
		if o.Evidence.Enrollment.ID != user.ID {
			t.Errorf("%s is kept as an answer of %q, want of %q", o.Evidence.Query, o.Evidence.Enrollment.ID, user.ID)
		}
	}
	if answers == 0 {
		t.Error("no answer of the user is kept")
	}
	must(t, w.results.EachDevice(t.Context(), time.Now(), func(d checks.DeviceResult) error {
		if d.Answered {
			t.Error("the device counts as answered")
		}
		if i := slices.IndexFunc(d.Verdicts, func(v checks.Verdict) bool { return v.Result == checks.Pass || v.Result == checks.Fail }); i >= 0 {
			t.Errorf("verdict %+v rests on what a user's channel said", d.Verdicts[i])
		}
		return nil
	}))
}

// A person's own device is asked what Apple lets it answer, and its second
// channel nothing.
func TestEachKindOfEnrollmentIsAskedWhatItMayAnswer(t *testing.T) {
	for _, c := range []struct {
		claim    string
		enrolled mdm.Enrollment
		platform string
		want     []mdm.QueryKey
		never    []mdm.QueryKey
	}{
		{"a device", mdm.Enrollment{ID: "D", Type: mdm.Device}, "iPadOS", []mdm.QueryKey{"Restrictions", mdm.AllProfiles, "SecurityInfo"}, nil},
		{"a Mac has no restrictions to tell", mdm.Enrollment{ID: "D", Type: mdm.Device}, "macOS", []mdm.QueryKey{mdm.AllProfiles}, []mdm.QueryKey{"Restrictions"}},
		{
			"a person's own device",
			mdm.Enrollment{ID: "E", Type: mdm.UserEnrollmentDevice},
			"iOS",
			[]mdm.QueryKey{mdm.ManagedProfiles, "SecurityInfo"},
			[]mdm.QueryKey{"Restrictions", mdm.AllProfiles, "InstalledApplicationList"},
		},
	} {
		t.Run(c.claim, func(t *testing.T) {
			var got []mdm.QueryKey
			for _, q := range mdm.QueriesFor(mdm.Target{Enrollment: c.enrolled, Platform: c.platform, OS: "18.0"}) {
				got = append(got, q.Key())
			}
			for _, q := range c.want {
				if !slices.Contains(got, q) {
					t.Errorf("asked %v, want %s among it", got, q)
				}
			}
			for _, q := range c.never {
				if slices.Contains(got, q) {
					t.Errorf("asked %v, want %s not among it", got, q)
				}
			}
		})
	}
	for _, kind := range []mdm.EnrollmentType{mdm.User, mdm.UserEnrollment, mdm.SharedIPad} {
		if got := mdm.QueriesFor(mdm.Target{Enrollment: mdm.Enrollment{ID: "D:U", Type: kind, ParentID: "D"}, Platform: "macOS"}); len(got) != 0 {
			t.Errorf("%s: asked %d queries, want none", kind, len(got))
		}
	}
}

func TestUserThatChecksInSettlesNothing(t *testing.T) {
	w := newWard(t, silent)
	c := channelCases()[0]
	w.enrolAs(t, udid, c.product, c.os, false)
	sent := false
	got, err := w.rounder.Round(t.Context(), func(p sweep.Progress) {
		if p.Asked > 0 && !sent {
			sent = true
			w.checkIn(t, udid, mdm.TokenUpdate, c.addressed(map[string]any{"PushMagic": "magic", "Token": []byte("token")}))
			w.checkIn(t, udid, mdm.CheckOut, c.addressed(map[string]any{}))
		}
	})
	must(t, err)
	if got.Silent != 1 || len(w.rows(t, 0)) != got.Commands {
		t.Errorf("got %+v, want all that the device was asked still outstanding", got)
	}
}
