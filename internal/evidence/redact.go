package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
)

// A Redactor puts pseudonyms in the place of device ids, serial numbers, asset
// tags and the organisations of profiles. It is not safe for concurrent use.
type Redactor struct {
	name func(text string) (string, error)
}

// NewRedactor returns one that takes from name what stands for a text: the
// same for the same text, with 16 hexadecimal digits at its end.
func NewRedactor(name func(text string) (string, error)) *Redactor { return &Redactor{name: name} }

// minAnywhere is how long a name must be to be looked for inside other texts.
const minAnywhere = 8

// organisation is where a property list names one.
var organisation = regexp.MustCompile(`(<key>PayloadOrganization</key>\s*<string>)([^<]*)(</string>)`)

// of is what stands for a text of a sort.
func (r *Redactor) of(sort, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	name, err := r.name(sort + "\n" + text)
	if err != nil {
		return "", err
	}
	if len(name) < 16 {
		return "", fmt.Errorf("redact: the pseudonym %q is too short", name)
	}
	return sort + "-" + name[len(name)-16:], nil
}

// Item hides which device a row of the inventory is about.
func (r *Redactor) Item(i Item) (Item, error) {
	var err error
	if i.Serial, err = r.of("serial", strings.ToUpper(i.Serial)); err != nil {
		return Item{}, err
	}
	i.AssetTag, err = r.of("tag", i.AssetTag)
	return i, err
}

// Statement hides whom a statement names, and drops what people wrote. A name is
// an id or a serial number; which of them it is the pseudonyms of both tell.
func (r *Redactor) Statement(s Statement) (Statement, error) {
	s.Text = ""
	var devices []string
	for _, d := range s.Devices {
		id, err := r.of("device", d)
		if err != nil {
			return Statement{}, err
		}
		serial, err := r.of("serial", strings.ToUpper(d))
		if err != nil {
			return Statement{}, err
		}
		devices = append(devices, id, serial)
	}
	s.Devices = devices
	return s, nil
}

// Profile hides the organisations that a profile names. A file in a form that
// is not plain text comes back with what could be found in it; the length of
// what is replaced stays.
func (r *Redactor) Profile(p Profile) (Profile, error) {
	data, err := r.organisations(p.Data)
	if err != nil {
		return Profile{}, err
	}
	return r.profile(p, data), nil
}

func (r *Redactor) profile(p Profile, data []byte) Profile {
	sum := sha256.Sum256(data)
	if p.Original == "" {
		p.Original = p.SHA256
	}
	p.Data, p.SHA256 = data, hex.EncodeToString(sum[:])
	return p
}

// organisations replaces each by a pseudonym of the same length, so that a
// signed file stays readable.
func (r *Redactor) organisations(data []byte) ([]byte, error) {
	var failed error
	out := organisation.ReplaceAllFunc(data, func(found []byte) []byte {
		parts := organisation.FindSubmatch(found)
		name, err := r.of("organisation", string(parts[2]))
		if err != nil {
			failed = err
		}
		if len(parts[2]) == 0 {
			return found
		}
		digits := name[max(0, len(name)-16):]
		padded := strings.Repeat(digits, len(parts[2])/16+1)[:len(parts[2])]
		return bytes.Join([][]byte{parts[1], []byte(padded), parts[3]}, nil)
	})
	return out, failed
}

// Device hides which device d is, in its answers too. Digests are then of the
// hidden bodies, with those of the original ones beside.
func (r *Redactor) Device(d Device, serial string, answers []Observation) (Device, []Observation, error) {
	id, err := r.of("device", d.ID)
	if err != nil {
		return Device{}, nil, err
	}
	other, err := r.of("serial", strings.ToUpper(serial))
	if err != nil {
		return Device{}, nil, err
	}
	hide := newHiding(map[string]string{d.ID: id, serial: other})
	if d.Asset != nil {
		asset := *d.Asset
		if asset.AssetTag, err = r.of("tag", asset.AssetTag); err != nil {
			return Device{}, nil, err
		}
		d.Asset = &asset
	}
	out := make([]Observation, len(answers))
	for i, o := range answers {
		body, err := r.organisations(hide.in(o.Body))
		if err != nil {
			return Device{}, nil, err
		}
		o.Original = new(o.SHA256)
		o.Body, o.SHA256 = body, sha256.Sum256(body)
		o.Channel = strings.ReplaceAll(o.Channel, d.ID, id)
		o.CommandUUID = hide.text(o.CommandUUID)
		o.Refusal = hide.text(o.Refusal)
		out[i] = o
	}
	d.ID = id
	return d, out, nil
}

// A hiding replaces names in texts and in property lists.
type hiding struct {
	anywhere *strings.Replacer
	whole    map[string]string
}

func newHiding(names map[string]string) *hiding {
	h := &hiding{whole: make(map[string]string)}
	var pairs []string
	for name, as := range names {
		if name == "" {
			continue
		}
		for _, form := range forms(name) {
			if len(name) >= minAnywhere {
				pairs = append(pairs, form, as)
			}
			h.whole[">"+form+"<"] = ">" + as + "<"
		}
	}
	h.anywhere = strings.NewReplacer(pairs...)
	return h
}

// forms are the ways in which a name may be written.
func forms(name string) []string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(name)) // never fails on a Buffer
	var all []string
	for _, form := range []string{name, strings.ToUpper(name), strings.ToLower(name), escaped.String()} {
		if !strings.Contains(strings.Join(all, "\n"), form) {
			all = append(all, form)
		}
	}
	return all
}

func (h *hiding) text(s string) string { return h.anywhere.Replace(s) }

func (h *hiding) in(body []byte) []byte {
	text := string(body)
	for name, as := range h.whole {
		text = strings.ReplaceAll(text, name, as)
	}
	return []byte(h.anywhere.Replace(text))
}
