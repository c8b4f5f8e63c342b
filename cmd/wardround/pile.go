package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// A pile is what check found in files, sorted by device.
type pile struct {
	collected  time.Time // of what carries no time of its own
	given      bool      // the user said so; else it is now
	byDevice   map[string][]judge.Observation
	problems   []checks.Problem
	unreadable int // paths that could not be read in full
	undated    int
	next       int64
}

func newPile(collected time.Time, given bool) *pile {
	return &pile{collected: collected, given: given, byDevice: make(map[string][]judge.Observation)}
}

// add reads a file, or all files below a folder. What cannot be read becomes a
// problem; only a path that is not there at all is the user's error.
func (p *pile) add(ctx context.Context, path string) error {
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == path && errors.Is(err, fs.ErrNotExist):
			return usage(fmt.Errorf("check %s: no such file or folder", path), "")
		case err != nil:
			p.unread(name, "unreadable", err)
			return nil
		case entry.IsDir():
			return nil
		}
		data, err := readFile(name, webhook.MaxEvent)
		if err != nil {
			p.unread(name, "unreadable", err)
			return nil
		}
		p.read(name, data)
		return nil
	})
	return err
}

func (p *pile) unread(name, code string, err error) {
	p.unreadable++
	p.problem(name, code, err.Error())
}

func (p *pile) problem(name, code, message string) {
	p.problems = append(p.problems, checks.Problem{Path: name, Code: code, Message: message})
}

// read takes one file: webhook events if it is JSON, else a property list.
func (p *pile) read(name string, data []byte) {
	head := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	if len(head) == 0 || (head[0] != '{' && head[0] != '[') {
		p.receive(name, data, time.Time{})
		return
	}
	events, err := webhook.DecodeEvents(head)
	if err != nil {
		p.unread(name, "webhook-event", err)
	}
	for _, e := range events {
		p.receive(name, e.RawPayload, e.CreatedAt)
	}
}

// receive passes the bytes of one message through the pass that every byte of a
// device goes through, and files it under its device.
func (p *pile) receive(name string, body []byte, at time.Time) {
	if at.IsZero() {
		at = p.collected
		p.undated++
	}
	e, envelope, err := mdm.Receive(body, at.UTC())
	if err != nil {
		p.unread(name, "not-a-reply", err)
		return
	}
	enrollment, ok := envelope.Enrollment()
	if !ok {
		// Two replies without an identity may be of two devices: each stands
		// for itself, so that nothing is mixed.
		enrollment = mdm.Enrollment{ID: "file:" + name, Type: mdm.Device}
		p.problem(name, "no-identity", "it names neither UDID nor EnrollmentID: judged as a device of its own")
	}
	p.next++
	e.ID, e.Enrollment = p.next, enrollment.Private()
	if e.Query == "ProfileList" {
		e.Asked("ProfileList/all")
	}
	id := e.Enrollment.DeviceID()
	p.byDevice[id] = append(p.byDevice[id], judge.Observation{Evidence: e, Since: e.Received, Last: e.Received})
}

// devices returns what was found, by device in order of id.
func (p *pile) devices() []judge.Device {
	var devices []judge.Device
	for _, id := range slices.Sorted(maps.Keys(p.byDevice)) {
		devices = append(devices, judge.Device{ID: id, Observations: tellProfileLists(p.byDevice[id])})
	}
	return devices
}

// tellProfileLists tells the full list of profiles from the managed ones where
// several were saved, for a reply does not say which it is: of those collected
// last, the longest is the full one.
func tellProfileLists(observations []judge.Observation) []judge.Observation {
	full := -1
	for i, o := range observations {
		if o.Evidence.Query != "ProfileList/all" || o.Evidence.Status != mdm.Acknowledged || o.Evidence.Enrollment.UserChannel() {
			continue
		}
		if full < 0 || cmp.Or(o.Last.Truncate(time.Hour).Compare(observations[full].Last.Truncate(time.Hour)), cmp.Compare(profileCount(o), profileCount(observations[full]))) > 0 {
			full = i
		}
	}
	for i := range observations {
		if e := &observations[i].Evidence; full >= 0 && i != full && e.Query == "ProfileList/all" && e.Status == mdm.Acknowledged && !e.Enrollment.UserChannel() {
			e.Query = "ProfileList/managed"
		}
	}
	return observations
}

func profileCount(o judge.Observation) int {
	reply, err := mdm.Decode(o.Evidence)
	if err != nil {
		return -1
	}
	return len(reply.Profiles)
}

// allProblems lists the problems of the files, and what was assumed.
func (p *pile) allProblems() []checks.Problem {
	problems := slices.Clone(p.problems)
	if p.undated > 0 {
		how := "now, for --collected-at was not given"
		if p.given {
			how = "--collected-at"
		}
		problems = append(problems, checks.Problem{
			Code:    "time-assumed",
			Message: fmt.Sprintf("%d messages carry no time of their own; counted as collected at %s (%s)", p.undated, p.collected.Format(time.RFC3339), how),
		})
	}
	return problems
}
