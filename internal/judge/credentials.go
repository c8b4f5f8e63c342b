package judge

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/profiles"
)

// A credential is something a device cannot connect without: to its networks,
// or to its MDM server. One that is not known says why.
type credential struct {
	what    string
	name    string // of an anchor its subject, of an identity its issuer
	sha256  string
	until   time.Time
	absent  fact.Absence
	sources []fact.Source
}

// What a credential is.
const (
	anIdentity    = "identity"
	aRADIUSAnchor = "radius-anchor"
)

// putCredentials puts when the device can no longer be reached and what
// decides it, and returns what is known of that.
func (j *judging) putCredentials(set *fact.Set, in profileSet) []checks.Expiry {
	all := append(j.identities(), j.anchors(in)...)
	for _, e := range j.server {
		all = append(all, credential{what: e.What, name: e.Detail, until: e.NotAfter})
	}
	slices.SortFunc(all, func(a, b credential) int {
		return cmp.Or(cmp.Compare(a.absent, b.absent), a.until.Compare(b.until), cmp.Compare(a.what, b.what),
			cmp.Compare(a.name, b.name), cmp.Compare(a.sha256, b.sha256))
	})
	list := fact.Fact{Key: "credentials"}
	objects := make([]fact.Object, 0, len(all))
	var known []checks.Expiry
	for _, c := range all {
		from := fieldsFrom(c.sources)
		end := from.absent("not_after", c.absent)
		if c.absent == "" {
			end = from.validity("not_after", c.until)
			known = append(known, checks.Expiry{What: c.what, Detail: c.name, NotAfter: c.until})
		}
		objects = append(objects, fact.Object{Type: "Credential", Fields: map[string]fact.Fact{
			"what": from.value("what", c.what), "name": from.text("name", c.name), "not_after": end,
		}})
		for _, s := range c.sources {
			if !slices.Contains(list.Sources, s) {
				list.Sources = append(list.Sources, s)
			}
		}
	}
	list.Value = objects
	set.Put(list)

	// Sorted as they are, one that is not known stands behind all others.
	reachable := fact.Fact{Key: "device.reachable_until", Sources: list.Sources, Absent: all[len(all)-1].absent}
	if reachable.Absent == "" {
		reachable.Value = objects[0].Fields["not_after"].Value
	}
	set.Put(reachable)
	return known
}

// identities are those on the device, or one that is not known: without one no
// device is enrolled. Every one counts, whoever issued it, for that of device
// management cannot be told from that of a network. None that issued itself
// does: no server takes it, and macOS keeps several for its own use.
func (j *judging) identities() []credential {
	got := j.certificates()
	if !got.known() {
		return []credential{{what: anIdentity, absent: got.absent, sources: got.sources}}
	}
	var all []credential
	for _, c := range got.reply.Certificates {
		if c.Identity == nil || !*c.Identity || c.SelfIssued {
			continue
		}
		one := credential{what: anIdentity, name: "issued by " + cmp.Or(c.Issuer, "an authority without a name"), sha256: digestText(c.SHA256), until: c.NotAfter, sources: got.sources}
		if c.NotAfter.IsZero() {
			one.absent = fact.UnexpectedType
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return []credential{{what: anIdentity, absent: fact.NotReported, sources: got.sources}}
	}
	return all
}

// anchors are the certificates by which the installed networks know their
// RADIUS servers, each once. Profiles whose content is not known, and may hold
// some, give one that is not known.
func (j *judging) anchors(in profileSet) []credential {
	if !in.known() {
		return []credential{{what: aRADIUSAnchor, absent: in.absent, sources: in.sources}}
	}
	var all []credential
	add := func(c credential) {
		c.what, c.sources = aRADIUSAnchor, in.sources
		if !slices.ContainsFunc(all, func(other credential) bool { return other.sha256 == c.sha256 && other.absent == c.absent }) {
			all = append(all, c)
		}
	}
	env := profiles.Platform{Name: string(j.platform.name), OS: j.platform.os}
	for _, p := range in.all {
		switch {
		case p.content != nil:
			for _, w := range p.content.WiFi(env) {
				for _, a := range j.inUse(w.Anchors) {
					one := credential{name: subjectText(a), sha256: a.SHA256, until: a.NotAfter}
					if a.NotAfter.IsZero() {
						one.absent = fact.UnexpectedType
					}
					add(one)
				}
			}
		case p.payloadsHidden():
			add(credential{absent: fact.EncryptedProfile})
		case p.hasPayload(wifiPayload):
			add(credential{absent: fact.UnknownProfile})
		}
	}
	return all
}

// subjectText is the subject of an anchor, cut to what a report bears.
func subjectText(a profiles.Anchor) string {
	const longest = 200
	text := []rune(strings.ToValidUTF8(a.Subject, "·"))
	return cmp.Or(string(text[:min(len(text), longest)]), "a certificate without a name")
}

// inUse leaves out the anchors that have expired while another of the same
// network is valid, as when an authority was renewed. Which these are changes
// when one of them expires.
func (j *judging) inUse(anchors []profiles.Anchor) []profiles.Anchor {
	expired := func(a profiles.Anchor) bool { return !a.NotAfter.IsZero() && a.NotAfter.Before(j.now) }
	valid := slices.DeleteFunc(slices.Clone(anchors), expired)
	for _, a := range valid {
		if len(anchors) > 1 && !a.NotAfter.IsZero() {
			j.changesAt(a.NotAfter)
		}
	}
	if len(valid) == 0 {
		return anchors
	}
	return valid
}
