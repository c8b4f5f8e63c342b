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
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/evidence"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// A pile is what check found in files, sorted by device.
type pile struct {
	collected  time.Time // of what carries no time of its own
	given      bool      // the user said so; else it is now
	byDevice   map[string][]judge.Observation
	whole      map[string]judge.Device // of evidence exports
	profiles   []evidence.Profile      // of evidence exports
	joined     *catalog.Catalog        // with these; nil: not asked for yet
	problems   []checks.Problem
	unreadable int // paths that could not be read in full
	undated    int
	bytes      int64 // of the messages held
	next       int64
}

func newPile(collected time.Time, given bool) *pile {
	return &pile{collected: collected, given: given, byDevice: make(map[string][]judge.Observation)}
}

// add reads a file, or all files below a folder. What cannot be read becomes a
// problem; only a path that is not there at all is the user's error.
func (p *pile) add(ctx context.Context, path string) error {
	// A link that the user names is followed; those below it are not.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
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
		case isExport(name):
			return p.export(ctx, name)
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
		p.receive(name, webhook.Event{RawPayload: data})
		return
	}
	events, err := webhook.DecodeEvents(head)
	if err != nil {
		p.unread(name, "webhook-event", err)
	}
	for _, e := range events {
		p.receive(name, e)
	}
}

// receive passes the bytes of one message through the pass that every byte of a
// device goes through, and files it under its device.
func (p *pile) receive(name string, from webhook.Event) {
	at := from.CreatedAt
	if at.IsZero() {
		at = p.collected
	}
	e, envelope, err := mdm.Receive(from.RawPayload, at.UTC())
	if err != nil {
		p.unread(name, "not-a-reply", err)
		return
	}
	if p.bytes += int64(len(e.Body)); p.bytes > maxPile {
		p.unread(name, "too-much", fmt.Errorf("not counted: the paths hold more than %d MiB of messages; check them in parts", maxPile>>20))
		return
	}
	enrollment, ok := envelope.Enrollment()
	switch {
	case !ok && from.DeviceID != "":
		enrollment = mdm.Enrollment{ID: from.DeviceID, Type: mdm.Device}
	case !ok:
		// Two replies without an identity may be of two devices: each stands
		// for itself, so that nothing is mixed.
		enrollment = mdm.Enrollment{ID: "file:" + name, Type: mdm.Device}
		p.problem(name, "no-identity", "it names neither UDID nor EnrollmentID: judged as a device of its own")
	case from.DeviceID != "" && !strings.EqualFold(from.DeviceID, enrollment.DeviceID()):
		p.unread(name, "identity-mismatch", fmt.Errorf("the event is about device %q and the message says it is of %q: not counted", from.DeviceID, enrollment.DeviceID()))
		return
	}
	if from.CreatedAt.IsZero() {
		p.undated++
	}
	p.file(name, e, enrollment)
}

// file puts evidence under its device.
func (p *pile) file(name string, e mdm.Evidence, of mdm.Enrollment) {
	p.next++
	e.ID, e.Enrollment = p.next, of.Private()
	if e.Query == mdm.QueryKey(mdm.ProfileList) {
		e.Asked(mdm.AllProfiles)
	}
	if e.Query == "" && e.Class == mdm.Report && e.Status != mdm.Idle {
		p.problem(name, "command-unknown", fmt.Sprintf("a report of status %s that does not tell which query it answers: it is not counted", e.Status))
	}
	id := e.Enrollment.DeviceID()
	p.byDevice[id] = append(p.byDevice[id], judge.Observation{Evidence: e, Since: e.Received, Last: e.Received})
}

// maxPile is how many bytes of messages are judged at once: their bodies are
// held until their devices are judged.
const maxPile = 1 << 30

// devices returns what was found, by device in order of id.
func (p *pile) devices() []judge.Device {
	var devices []judge.Device
	for _, id := range slices.Sorted(maps.Keys(p.byDevice)) {
		device := p.whole[id]
		device.ID = id
		if len(device.Observations) == 0 { // else it is known which list is which
			p.tellProfileLists(id, p.byDevice[id])
		}
		device.Observations = append(device.Observations, p.byDevice[id]...)
		devices = append(devices, device)
	}
	for id, device := range p.whole {
		if _, both := p.byDevice[id]; !both {
			devices = append(devices, device)
		}
	}
	slices.SortFunc(devices, func(a, b judge.Device) int { return strings.Compare(a.ID, b.ID) })
	return devices
}

// oneRound is how far apart the full and the managed list of one round of
// questions may come.
const oneRound = 10 * time.Minute

// listAge is how long an older list is held against a newer one.
const listAge = 48 * time.Hour

// tellProfileLists tells the full list of profiles from the managed ones, for a
// reply does not say which it is. Of the lists of the newest round the longest
// is the full one. Where a lone list is shorter than an older one it may be
// either: profiles may have gone, or only the managed ones been asked for.
func (p *pile) tellProfileLists(device string, observations []judge.Observation) {
	var lists []*judge.Observation
	for i := range observations {
		o := &observations[i]
		if o.Evidence.Query == mdm.AllProfiles && o.Evidence.Status == mdm.Acknowledged && !o.Evidence.Enrollment.UserChannel() {
			lists = append(lists, o)
		}
	}
	if len(lists) == 0 {
		return
	}
	slices.SortStableFunc(lists, func(a, b *judge.Observation) int { return b.Last.Compare(a.Last) })
	lists = slices.DeleteFunc(lists, func(o *judge.Observation) bool {
		old := lists[0].Last.Sub(o.Last) > listAge
		if old {
			o.Evidence.Query = mdm.ManagedProfiles
		}
		return old
	})
	newest, longest := lists[:1], lists[0]
	for i, o := range lists {
		if i > 0 && newest[len(newest)-1].Last.Sub(o.Last) <= oneRound {
			newest = lists[:i+1]
		}
		if profileCount(*o) > profileCount(*longest) {
			longest = o
		}
	}
	for _, o := range lists {
		o.Evidence.Query = mdm.ManagedProfiles
	}
	switch {
	case len(newest) == 1 && longest != newest[0]:
		newest[0].Evidence.Query = mdm.QueryKey(mdm.ProfileList)
		p.problem(device, "profile-list-ambiguous", "its newest ProfileList is shorter than an older one: whether it is the full list cannot be told, so it is not counted as one")
	case len(newest) == 1:
		newest[0].Evidence.Query = mdm.AllProfiles
		p.problem(device, "profile-list-assumed-full", "its ProfileList is counted as the full list (ManagedOnly false, as when it is not asked for)")
	default:
		full := slices.MaxFunc(newest, func(a, b *judge.Observation) int { return cmp.Compare(profileCount(*a), profileCount(*b)) })
		full.Evidence.Query = mdm.AllProfiles
	}
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
			Message: fmt.Sprintf("messages without a time of their own: %d; counted as collected at %s (%s)", p.undated, p.collected.Format(time.RFC3339), how),
		})
	}
	return problems
}
