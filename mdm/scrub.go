package mdm

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/plist"
)

// scrubbed is a text without what must not be kept.
type scrubbed struct {
	body       []byte
	start, end int // of the text of its CommandUUID; equal if there is none
}

// scrub returns a copy of doc's bytes in which everything that scrub.tsv does
// not keep is overwritten. It parses as doc does, with other values in the
// places of what was dropped. ue says that the message came from a person's
// own device. Names are hashed with key.
func scrub(doc *plist.Document, ue bool, key Key) scrubbed {
	text := doc.Bytes()
	s := scrubber{key: key, text: withoutRemarks(text, doc.Root()), out: make([]byte, 0, len(text)+len(text)/64)}
	uuid, _ := doc.Root().Get("CommandUUID")
	start, end := uuid.Span()
	s.mark = start
	if ue {
		s.now = inUserEnrollment
	}
	s.value(doc.Root(), scrubTable(), drop, s.now)
	s.copyTo(len(s.text))
	return scrubbed{body: s.out, start: s.marked, end: s.marked + end - start}
}

// canonical is the digest of s without the text of its CommandUUID, which is
// new for every command, so that an unchanged answer can be told.
func (s scrubbed) canonical() Digest {
	h := sha256.New()
	h.Write(s.body[:s.start])
	h.Write(s.body[s.end:])
	return Digest(h.Sum(nil))
}

// A scrubber copies text to out, up to last so far, and replaces some of it.
// The place mark in text is marked in out.
type scrubber struct {
	key          Key
	text, out    []byte
	last         int
	mark, marked int
	now          condition
}

// value scrubs v, which stands at r below a path whose "**" says deep.
func (s *scrubber) value(v plist.Value, r *rule, deep action, now condition) {
	switch v.Kind() {
	case plist.Dict:
		deep = r.below(deep)
		if deep == keep && (r == nil || r.leaf()) {
			return
		}
		if r.child("IsIdentity") != nil && keptWhole(v) {
			now |= ofAuthority
		}
		if r.child("Identifier").has(ofOtherApp) && !askedFor(v) {
			now |= ofOtherApp
		}
		for key, child := range v.Pairs() {
			s.value(child, r.child(key), deep, now)
		}
	case plist.Array:
		deep = r.below(deep)
		if deep == keep && (r == nil || r.leaf()) {
			return
		}
		for child := range v.Items() {
			s.value(child, r.item(), deep, now)
		}
	default:
		s.scalar(v, r.of(deep, now))
	}
}

// keptWhole reports whether an entry of CertificateList is an authority's and
// no identity. Where IsIdentity is missing it may be one, and of equal keys all
// have to say so.
func keptWhole(entry plist.Value) bool {
	authority, identity := false, true
	for key, v := range entry.Pairs() {
		switch key {
		case "IsIdentity":
			is, ok := v.Bool()
			if !ok || is {
				return false
			}
			identity = false
		case "Data":
			der, _ := v.Data()
			o, ok := readOutline(der)
			if !ok || len(o.text) < len(der) || !o.authority() {
				return false
			}
			authority = true
		}
	}
	return authority && !identity
}

// askedFor reports whether an entry of InstalledApplicationList is of an app
// that facts are about. Of equal keys all have to say so.
func askedFor(entry plist.Value) bool {
	asked := false
	for key, v := range entry.Pairs() {
		if key != "Identifier" {
			continue
		}
		identifier, ok := v.Text()
		if !ok || !slices.Contains(askedApps(), identifier) {
			return false
		}
		asked = true
	}
	return asked
}

// leaf reports whether no row names anything beneath r.
func (r *rule) leaf() bool { return len(r.children) == 0 && r.any == nil && r.items == nil }

// scalar scrubs one value that is neither dict nor array.
func (s *scrubber) scalar(v plist.Value, a action) {
	switch {
	case a == keep:
	case a == flag && harmless(v):
	case a == certificate && s.certificate(v):
	case (a == hash || a == certificate) && s.hash(v):
	default:
		s.drop(v)
	}
}

// harmless reports whether v says yes, no or a number.
func harmless(v plist.Value) bool {
	switch v.Kind() {
	case plist.Bool:
		return true
	case plist.Integer, plist.Real:
		_, ok := v.Real()
		return ok
	case plist.String:
		text, _ := v.Text()
		switch strings.ToLower(text) {
		case "0", "1", "yes", "no", "true", "false":
			return true
		}
	}
	return false
}

// hash replaces a text or data by its keyed digest, and reports whether v is one of
// these and not blank.
func (s *scrubber) hash(v plist.Value) bool {
	start, end := v.Span()
	switch v.Kind() {
	case plist.String:
		text, _ := v.Text()
		if strings.TrimSpace(text) == "" {
			return false
		}
		if text == SharedIPadUserID { // the same on each of them
			return true
		}
		sum := s.key.sum([]byte(text))
		digits := make([]byte, hex.EncodedLen(len(sum)))
		hex.Encode(digits, sum[:])
		s.replace(start, end, cycle(digits, end-start))
		return true
	case plist.Data:
		data, ok := v.Data()
		if !ok || len(data) == 0 {
			return false
		}
		sum := s.key.sum(data)
		s.replace(start, end, base64.StdEncoding.AppendEncode(nil, cycle(sum[:], len(data))))
		return true
	}
	return false
}

// certificate masks a certificate, and reports whether v is one. The base64
// stays folded as it was.
func (s *scrubber) certificate(v plist.Value) bool {
	der, _ := v.Data()
	masked, ok := maskCertificate(der)
	if !ok {
		return false
	}
	start, end := v.Span()
	s.replace(start, end, folded(s.text[start:end], base64.StdEncoding.EncodeToString(masked)))
	return true
}

// folded puts blanks into letters where old, of as many letters, has them.
func folded(old []byte, letters string) []byte {
	out := make([]byte, 0, len(old))
	rest := letters
	for _, c := range old {
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			out = append(out, c)
		case rest == "": // old has markup in it
			return []byte(letters)
		default:
			out, rest = append(out, rest[0]), rest[1:]
		}
	}
	return out
}

// cycle repeats b up to the length n, or cuts it there.
func cycle(b []byte, n int) []byte {
	out := make([]byte, 0, n)
	for len(out) < n {
		out = append(out, b[:min(len(b), n-len(out))]...)
	}
	return out
}

// drop overwrites v. Blanks in data stay, for base64 is often folded; so does
// a text of nothing but blanks, which says that there is none.
func (s *scrubber) drop(v plist.Value) {
	start, end := v.Span()
	switch v.Kind() {
	case plist.String:
		if text, _ := v.Text(); strings.TrimSpace(text) != "" {
			s.overwrite(start, end, overwritten, "")
		}
	case plist.Integer, plist.Real:
		s.overwrite(start, end, '0', "")
	case plist.Date:
		s.overwrite(start, end, '0', "-:TZ")
	case plist.Data:
		s.overwrite(start, end, 'A', " \t\r\n=")
	case plist.Bool:
		start, end = element(s.text, start, end)
		s.replace(start, end, []byte("<string/>"))
	}
}

// overwritten is what every byte of a dropped text becomes.
const overwritten = 'x'

// overwrite puts c in place of every byte but those of but, which give a value
// its form.
func (s *scrubber) overwrite(start, end int, c byte, but string) {
	s.copyTo(end)
	for i, old := range s.out[len(s.out)-(end-start):] {
		if but == "" || strings.IndexByte(but, old) < 0 {
			s.out[len(s.out)-(end-start)+i] = c
		}
	}
}

// element widens the span of a boolean's content to the whole element.
func element(text []byte, start, end int) (from, to int) {
	from = bytes.LastIndexByte(text[:start], '<')
	if bytes.HasSuffix(text[from:start], []byte("/>")) {
		return from, start
	}
	return from, end + bytes.IndexByte(text[end:], '>') + 1
}

func (s *scrubber) replace(start, end int, with []byte) {
	s.copyTo(start)
	s.out = append(s.out, with...)
	s.last = end
}

func (s *scrubber) copyTo(end int) {
	if s.last <= s.mark && s.mark <= end {
		s.marked = len(s.out) + s.mark - s.last
	}
	s.out = append(s.out, s.text[s.last:end]...)
	s.last = end
}
