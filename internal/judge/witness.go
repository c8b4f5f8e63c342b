package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// A witness is what the device's own certificates say of an installed Wi-Fi
// payload. The first witness is the profile's UUID in ProfileList, the second
// its content in the catalog.
type witness struct {
	anchors     string // not-named, present or missing; empty: not known
	from, until time.Time
	why         string
}

// The states of a payload's trust anchors.
const (
	anchorsNotNamed = "not-named"
	anchorsPresent  = "present"
	anchorsMissing  = "missing"
)

// witnessOf looks for the trust anchors of a payload, by SHA-256, among the
// certificates on the device. Which client identity belongs to it cannot be
// told so: no console knows it before it is issued.
func witnessOf(w profiles.WiFi, content *profiles.Profile, on answer) witness {
	named := len(w.Anchors)
	switch {
	case dangles(w, content):
		return witness{anchors: anchorsMissing, why: "the trust anchors it names are not in its profile"}
	case named == 0 && w.Identity == "":
		return witness{anchors: anchorsNotNamed, why: "names no certificate"}
	case named == 0:
		return witness{anchors: anchorsNotNamed, why: "names a client identity and no trust anchor"}
	}
	got, found := witness{}, 0
	for _, a := range w.Anchors {
		i := slices.IndexFunc(on.reply.Certificates, func(c mdm.Certificate) bool { return digestText(c.SHA256) == a.SHA256 })
		if i < 0 {
			continue
		}
		c := on.reply.Certificates[i]
		if found == 0 || c.NotBefore.Before(got.from) {
			got.from = c.NotBefore
		}
		if found == 0 || c.NotAfter.After(got.until) {
			got.until = c.NotAfter
		}
		found++
	}
	switch {
	case !on.known():
		got.why = fmt.Sprintf("trust anchors named: %d, not known whether they are on the device", named)
	case found < named:
		got.anchors, got.why = anchorsMissing, fmt.Sprintf("trust anchors named: %d, on the device: %d", named, found)
	default:
		got.anchors, got.why = anchorsPresent, fmt.Sprintf("trust anchors named and on the device: %d", named)
	}
	if w.Identity != "" {
		got.why += "; a client identity is named"
	}
	return got
}

// dangles reports whether a payload names trust anchors none of which is a
// certificate of its profile, so that there is no telling what they are.
func dangles(w profiles.WiFi, content *profiles.Profile) bool {
	if len(w.Anchors) > 0 {
		return false
	}
	path := fmt.Sprintf("PayloadContent[%d].", w.Payload)
	return w.ServerValidation == profiles.BrokenValidation || slices.ContainsFunc(content.Problems, func(p profiles.Problem) bool {
		return p.Code == profiles.DanglingAnchor && strings.HasPrefix(p.Path, path)
	})
}

// fields are the facts of a witness. They rest on the profile list and on the
// certificates; a payload without certificates needs none of the latter.
func (got witness) fields(w profiles.WiFi, from fieldsFrom, on answer) map[string]fact.Fact {
	both := from
	if got.anchors != anchorsNotNamed {
		both = slices.Concat(from, fieldsFrom(on.sources))
	}
	fields := map[string]fact.Fact{
		"identity_named":   from.value("identity_named", w.Identity != ""),
		"certificates_why": both.value("certificates_why", got.why),
		"anchors":          both.absent("anchors", on.absent),
		"anchors_from":     both.absent("anchors_from", on.absent),
		"anchors_until":    both.absent("anchors_until", on.absent),
	}
	if got.anchors != "" {
		fields["anchors"] = both.value("anchors", got.anchors)
	}
	if got.anchors == anchorsPresent {
		fields["anchors_from"] = both.validity("anchors_from", got.from)
		fields["anchors_until"] = both.validity("anchors_until", got.until)
	}
	return fields
}
