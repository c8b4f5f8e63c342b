package mdm

import (
	"crypto/sha256"
	"time"

	"github.com/wardround/wardround/internal/plist"
)

// A Certificate is one entry of CertificateList.
type Certificate struct {
	Identity *bool  // IsIdentity: its private key is there too; nil if not reported
	SHA256   Digest // of the DER; zero if there was no certificate

	// DER is the certificate if Identity is false. Others name the person or
	// the device they were made for, and only their digest is kept.
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

// readCertificate reads one entry of CertificateList. Of an identity the data
// are, by scrub.tsv, the SHA-256 of what was sent, repeated.
func readCertificate(v plist.Value) Certificate {
	c := Certificate{Identity: boolOf(v, "IsIdentity")}
	data, _ := v.Get("Data")
	der, ok := data.Data()
	switch {
	case !ok || len(der) == 0:
	case c.Identity != nil && !*c.Identity:
		c.DER, c.SHA256 = der, sha256.Sum256(der)
	default:
		copy(c.SHA256[:], der)
	}
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
