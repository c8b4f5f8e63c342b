package checks

import (
	"regexp"
	"strings"
	"time"
)

var statementIDPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// MaxStatement bounds each text of a waiver or an attestation, in bytes.
const MaxStatement = 4096

// maxReach bounds how many devices, and how many groups, one waiver names.
const maxReach = 10_000

// ParseWaivers reads a file of waivers from YAML as strictly as ParseBaseline
// reads a baseline: what is wrong is an *InvalidError that lists all of it, each
// with its place and the remedy. A day is that day in zone, to its end where
// something expires; a time has an offset. One that names no day of its making
// has a zero Created.
func ParseWaivers(name string, data []byte, zone *time.Location) ([]Waiver, error) {
	d := newDocument(name, data)
	if strings.TrimSpace(string(data)) == "" {
		d.findings = nil
		d.errorIn(place{file: name}, "write waivers: and a list, or waivers: [] for none", "the file is empty")
		return nil, d.err()
	}
	top := d.root()
	d.only(top, []string{"waivers"})
	if d.node != nil && top["waivers"].value == nil {
		d.errorAt(field{value: d.node, from: d.origin}, "write waivers: and a list, or waivers: [] for none", "the file has no waivers")
	}
	seen := map[string]bool{}
	var all []Waiver
	for _, item := range d.items(top["waivers"]) {
		w := d.waiver(item, zone)
		if seen[w.ID] && w.ID != "" {
			d.errorAt(item, "give it an id of its own", "id %s is there twice", w.ID)
		}
		seen[w.ID] = true
		all = append(all, w)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return all, nil
}

// waiver reads one waiver.
func (d *document) waiver(item field, zone *time.Location) Waiver {
	f := d.fields(item, "id", "requirement", "baseline", "devices", "groups", "organisation", "reason", "owner", "ticket", "approver", "created", "expires")
	if f == nil {
		return Waiver{}
	}
	w := Waiver{
		ID: d.text(f["id"]), Baseline: d.text(f["baseline"]), Requirement: d.text(f["requirement"]), Reason: d.text(f["reason"]),
		Owner: d.text(f["owner"]), Ticket: d.text(f["ticket"]), Approver: d.text(f["approver"]),
		Reach: Reach{Devices: d.names(f["devices"]), Groups: d.names(f["groups"]), Organisation: d.boolean(f["organisation"])},
	}
	for _, want := range []struct{ key, value, such string }{
		{"id", w.ID, "ward7-carts"},
		{"requirement", w.Requirement, "os_facetime_disable"},
		{"reason", w.Reason, "why it is accepted"},
		{"owner", w.Owner, "who answers for it"},
	} {
		if want.value == "" {
			d.errorAt(f[want.key].or(item), "add "+want.key+": "+want.such, "the waiver has no %s", want.key)
		}
		if len(want.value) > MaxStatement {
			d.errorAt(f[want.key], "shorten it", "the %s has more than %d bytes", want.key, MaxStatement)
		}
	}
	if w.ID != "" && !statementIDPattern.MatchString(w.ID) {
		d.errorAt(f["id"], "use letters, digits and hyphens, such as ward7-carts", "id %q is not a word", shorten(w.ID))
	}
	if w.Requirement != "" && !requirementIDPattern.MatchString(w.Requirement) {
		d.errorAt(f["requirement"], "write it such as os_facetime_disable", "requirement %q is not an id", shorten(w.Requirement))
	}
	if len(w.Reach.Devices)+len(w.Reach.Groups) == 0 && !w.Reach.Organisation {
		d.errorAt(item, "add devices: or groups: and a list, or organisation: true", "the waiver does not say for whom it is")
	}
	w.Created = d.moment(f["created"], zone, false)
	if w.Expires = d.moment(f["expires"], zone, true); f["expires"].value == nil {
		d.errorAt(item, "add expires: 2027-01-31", "the waiver has no day on which it expires")
	} else if !w.Expires.IsZero() && !w.Expires.After(w.Created) {
		d.errorAt(f["expires"], "correct one of the days", "the waiver expires before it was created")
	}
	return w
}

// names reads a list of devices or groups, each once and none empty.
func (d *document) names(list field) []string {
	var all []string
	seen := map[string]bool{}
	for _, item := range d.items(list) {
		name := d.text(item)
		switch {
		case name == "" || len(name) > 256:
			d.errorAt(item, "write a name of at most 256 bytes", "this is no name")
		case seen[name]:
			d.errorAt(item, "keep one", "%q is there twice", shorten(name))
		default:
			seen[name] = true
			all = append(all, name)
		}
	}
	if len(all) > maxReach {
		d.errorAt(list, "name a group", "%d names are more than %d", len(all), maxReach)
	}
	return all
}

// moment reads a day in a zone, or a time with its offset; the zero time where
// the field is not there or wrong. Of a day it is the beginning, or the end.
func (d *document) moment(f field, zone *time.Location, end bool) time.Time {
	if f.value == nil {
		return time.Time{}
	}
	at, err := ParseMoment(d.text(f), zone, end)
	if err != nil {
		d.errorAt(f, "write a day as 2027-01-31, or a time with its offset as 2027-01-31T17:00:00-08:00", "%q is %v", shorten(d.text(f)), err)
	}
	return at
}
