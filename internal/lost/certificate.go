package lost

import (
	"time"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

// Certificates are the identities of the device, to revoke: for device
// management, for networks and for whatever else. Which is which is not told.
type Certificates struct {
	Source
	List []Certificate `json:"list"`
	More int           `json:"more"` // that are left out
}

// A Certificate is one whose private key was on the device.
type Certificate struct {
	Issuer   string `json:"issuer"` // empty: it issued itself, or nothing tells
	Serial   string `json:"serial"` // hexadecimal
	NotAfter Moment `json:"not_after"`
	Ended    bool   `json:"ended"` // it was no longer valid at the loss
	SHA256   string `json:"sha256"`
}

const maxCertificates = 40

func (w *writer) certificates() { w.page.Certificates = w.certificatesOf(w.atLoss) }

func (w *writer) certificatesOf(o judge.Outcome) Certificates {
	f := o.Facts.Get("certificates")
	c := Certificates{Source: w.source(f, mdm.QueryKey(mdm.CertificateList), w.Lost), List: []Certificate{}}
	objects, _ := f.Value.([]fact.Object)
	for _, object := range objects {
		if object.Fields["identity"].Value != true {
			continue
		}
		until, _ := object.Fields["not_after"].Value.(time.Time)
		c.List = append(c.List, Certificate{
			Issuer: textIn(object, "issuer"), Serial: textIn(object, "serial"), SHA256: textIn(object, "sha256"),
			NotAfter: w.moment(until), Ended: !until.IsZero() && until.Before(w.Lost),
		})
	}
	if c.More = max(0, len(c.List)-maxCertificates); c.More > 0 {
		c.List = c.List[:maxCertificates]
	}
	return c
}
