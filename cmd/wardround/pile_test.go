package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

const pileDevice = "00008120-000A1B2C3D4E5F60"

// listOf is a ProfileList reply with n profiles.
func listOf(t *testing.T, n int) []byte {
	t.Helper()
	profiles := []any{}
	for i := range n {
		profiles = append(profiles, map[string]any{"PayloadUUID": fmt.Sprint("U", i), "PayloadIdentifier": fmt.Sprint("p", i), "PayloadVersion": 1})
	}
	body, err := plist.WriteXML(map[string]any{"UDID": pileDevice, "Status": "Acknowledged", "CommandUUID": "C", "ProfileList": profiles})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestWhichProfileListIsTheFullOne(t *testing.T) {
	base := time.Date(2026, 11, 20, 15, 59, 0, 0, time.UTC)
	type list struct {
		after time.Duration
		n     int
	}
	for _, tc := range []struct {
		name    string
		lists   []list
		full    int // profiles in the full list; -1: none is
		problem string
	}{
		{"one alone, as Apple's default has it", []list{{0, 3}}, 3, "profile-list-assumed-full"},
		{"of one round the longest", []list{{0, 3}, {time.Minute, 2}}, 3, ""},
		{"whatever the hour", []list{{0, 3}, {2 * time.Minute, 2}}, 3, ""},
		{"and whatever the order", []list{{0, 2}, {time.Minute, 3}}, 3, ""},
		{"a lone list that is shorter than yesterday's may be either", []list{{0, 3}, {24 * time.Hour, 2}}, -1, "profile-list-ambiguous"},
		{"a lone list that is as long as yesterday's", []list{{0, 3}, {24 * time.Hour, 3}}, 3, "profile-list-assumed-full"},
		{"a list of last week says nothing about today's", []list{{0, 3}, {7 * 24 * time.Hour, 2}}, 2, "profile-list-assumed-full"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPile(base, true)
			for i, l := range tc.lists {
				p.receive(fmt.Sprint("f", i), webhook.Event{CreatedAt: base.Add(l.after), RawPayload: listOf(t, l.n)})
			}
			full := -1
			for _, o := range p.devices()[0].Observations {
				if o.Evidence.Query == mdm.AllProfiles {
					full = profileCount(o)
				}
			}
			if full != tc.full {
				t.Errorf("got a full list of %d, want %d", full, tc.full)
			}
			var codes []string
			for _, problem := range p.allProblems() {
				codes = append(codes, problem.Code)
			}
			if got := strings.Join(codes, " "); got != tc.problem {
				t.Errorf("got problems %q, want %q", got, tc.problem)
			}
		})
	}
}

func TestEventAndMessageMustBeOfOneDevice(t *testing.T) {
	p := newPile(time.Now(), false)
	p.receive("forged", webhook.Event{DeviceID: "00008120-000FFFFFFFFFFFFF", CreatedAt: time.Now(), RawPayload: listOf(t, 1)})
	if len(p.devices()) != 0 || p.unreadable != 1 || p.problems[0].Code != "identity-mismatch" {
		t.Errorf("got %d devices and problems %v, want none and identity-mismatch", len(p.devices()), p.problems)
	}
	p.receive("same in other letters", webhook.Event{DeviceID: strings.ToLower(pileDevice), CreatedAt: time.Now(), RawPayload: listOf(t, 1)})
	if len(p.devices()) != 1 {
		t.Errorf("got %d devices, want 1", len(p.devices()))
	}
}

func TestEventNamesTheDeviceOfANamelessMessage(t *testing.T) {
	body, err := plist.WriteXML(map[string]any{"Status": "Acknowledged", "CommandUUID": "C", "GlobalRestrictions": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	p := newPile(time.Now(), false)
	p.receive("event", webhook.Event{DeviceID: pileDevice, CreatedAt: time.Now(), RawPayload: body})
	if got := p.devices(); len(got) != 1 || got[0].ID != pileDevice {
		t.Errorf("got %v, want the event's device", got)
	}
	if slices.ContainsFunc(p.problems, func(x checks.Problem) bool { return x.Code == "no-identity" }) {
		t.Error("the event names the device, and it counts as nameless")
	}
}
