package mdm

import (
	"cmp"
	"crypto/sha256"
	"time"

	"github.com/wardround/wardround/internal/plist"
)

// A Certificate is one entry of CertificateList. One that is not an
// authority's names the person or the device it was made for: of these only
// what the fields here say was kept.
type Certificate struct {
	Identity  *bool     // IsIdentity: its private key is there too; nil if not reported
	Authority bool      // it is an authority's and no identity, and was kept as it came
	SHA256    Digest    // of the DER as it came; zero if there was no certificate, or its signature has no room for it
	Serial    string    // serial number, hexadecimal; empty if it cannot be read
	Subject   string    // of an authority its common name, else its organization; else empty
	Issuer    string    // common name of the issuer, else its organization; empty if it has neither or is the subject itself
	NotBefore time.Time // UTC; zero if it cannot be read
	NotAfter  time.Time // UTC; zero if it cannot be read

	// SelfIssued says that the issuer went by the subject's name, and was
	// overwritten with it. No server issued such an identity.
	SelfIssued bool

	// DER is the certificate if it is an authority's.
	DER []byte
}

// A DeviceUser is one entry of UserList, on a Shared iPad or a Mac.
type DeviceUser struct {
	Name       string // a hash of the user name, as long as the name
	LoggedIn   *bool  // nil if not reported
	DataToSync *bool  // HasDataToSync, Shared iPad; nil if not reported
}

// A ProvisioningProfile is one entry of ProvisioningProfileList.
type ProvisioningProfile struct {
	Name   string
	UUID   string
	Expiry time.Time // zero if not reported
}

// readCertificate reads one entry of CertificateList, as scrub.tsv left it: an
// authority's certificate whole, another one masked, and of what is no
// certificate the SHA-256 of what was sent, repeated.
func readCertificate(v plist.Value) Certificate {
	c := Certificate{Identity: boolOf(v, "IsIdentity")}
	data, _ := v.Get("Data")
	der, _ := data.Data()
	o, ok := readOutline(der)
	if !ok {
		copy(c.SHA256[:], der)
		return c
	}
	c.Serial = o.serialNumber()
	c.NotBefore, c.NotAfter = o.times()
	issuer := o.nameAt(o.issuer)
	c.Issuer, c.SelfIssued = cmp.Or(issuer.common, issuer.organization), issuer.overwritten
	if c.Authority = keptWhole(v); !c.Authority {
		c.SHA256 = o.digestOf()
		return c
	}
	subject := o.nameAt(o.subject)
	c.Subject = cmp.Or(subject.common, subject.organization)
	c.DER, c.SHA256 = o.text, sha256.Sum256(o.text)
	return c
}

func readUser(v plist.Value) DeviceUser {
	return DeviceUser{
		Name:       textOf(v, "UserName"),
		LoggedIn:   boolOf(v, "IsLoggedIn"),
		DataToSync: boolOf(v, "HasDataToSync"),
	}
}

func readProvisioningProfile(v plist.Value) ProvisioningProfile {
	p := ProvisioningProfile{Name: textOf(v, "Name"), UUID: textOf(v, "UUID")}
	expiry, _ := v.Get("ExpiryDate")
	p.Expiry, _ = expiry.Time()
	return p
}
