package judge

import (
	"encoding/hex"
	"time"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

// certificates is what the device answered to CertificateList.
func (j *judging) certificates() answer {
	return j.answers.of(mdm.QueryKey(mdm.CertificateList))
}

// putCertificates puts the certificates on the device.
func (j *judging) putCertificates(set *fact.Set) {
	got := j.certificates()
	f := fact.Fact{Key: "certificates", Sources: got.sources, Absent: got.absent}
	if got.known() {
		objects := make([]fact.Object, 0, len(got.reply.Certificates))
		for _, c := range got.reply.Certificates {
			objects = append(objects, certificateObject(got.sources, c))
		}
		f.Value = objects
	}
	set.Put(f)
}

func certificateObject(from fieldsFrom, c mdm.Certificate) fact.Object {
	fields := map[string]fact.Fact{
		"sha256":     from.text("sha256", digestText(c.SHA256)),
		"identity":   from.absent("identity", fact.NotReported),
		"issuer":     from.text("issuer", c.Issuer),
		"serial":     from.text("serial", c.Serial),
		"not_before": from.validity("not_before", c.NotBefore),
		"not_after":  from.validity("not_after", c.NotAfter),
	}
	if c.Identity != nil {
		fields["identity"] = from.value("identity", *c.Identity)
	}
	return fact.Object{Type: "Certificate", Fields: fields}
}

// digestText is empty for the zero Digest.
func digestText(d mdm.Digest) string {
	if d == (mdm.Digest{}) {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// validity is the fact of when a certificate begins or ceases to be valid. Some
// are said to begin with the epoch or never to end: checks are bounded to the
// years in between, and to be valid from 1971 to 2199 is to be valid always.
func (s fieldsFrom) validity(name string, t time.Time) fact.Fact {
	first, last := time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC)
	switch {
	case t.IsZero():
		return s.absent(name, fact.UnexpectedType)
	case t.Before(first):
		t = first
	case t.After(last):
		t = last
	}
	return s.value(name, t)
}
