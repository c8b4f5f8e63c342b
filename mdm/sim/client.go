package sim

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"github.com/smallstep/pkcs7"
)

// The content types of Apple's MDM client.
const (
	reportType  = "application/x-apple-aspen-mdm; charset=UTF-8"
	checkInType = "application/x-apple-aspen-mdm-checkin"
)

// maxCommand bounds what a device reads from its server, in bytes.
const maxCommand = 1 << 20

// An identity is the key and certificate a device signs with.
type identity struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// newIdentity makes a key and has it certified.
func (d *device) newIdentity() (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	cert, err := d.cfg.Issue(&key.PublicKey, d.ID)
	if err != nil {
		return identity{}, err
	}
	return identity{key, cert}, nil
}

// sign makes the Mdm-Signature header: a detached CMS signature over body.
func (id identity) sign(body []byte) (string, error) {
	signed, err := pkcs7.NewSignedData(body)
	if err != nil {
		return "", err
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := signed.AddSigner(id.cert, id.key, pkcs7.SignerInfoConfig{}); err != nil {
		return "", err
	}
	signed.Detach()
	der, err := signed.Finish()
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

// put sends one signed body and returns what the server answers.
func (d *device) put(ctx context.Context, url, contentType string, body []byte) ([]byte, error) {
	header, err := d.sign(body)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Mdm-Signature", header)
	req.Header.Set("User-Agent", "MDM/1.0")
	resp, err := d.cfg.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxCommand))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %s", resp.Status)
	}
	return answer, nil
}

// enroll sends the two check-ins of an enrollment.
func (d *device) enroll(ctx context.Context) error {
	id, err := d.newIdentity()
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	d.identity = id
	if _, err := d.put(ctx, d.cfg.CheckInURL, checkInType, writeXML(d.authenticate())); err != nil {
		return fmt.Errorf("check-in Authenticate: %w", err)
	}
	if _, err := d.put(ctx, d.cfg.CheckInURL, checkInType, writeXML(d.tokenUpdate())); err != nil {
		return fmt.Errorf("check-in TokenUpdate: %w", err)
	}
	return nil
}

// authenticate is the first check-in, with what real devices say in it. A User
// Enrollment says less.
func (d *device) authenticate() dict {
	m := dict{{"BuildVersion", d.build()}}
	if d.Persona != UserEnrollment {
		m = append(m, entry{"DeviceName", d.texts.name})
		if d.Model == "iPhone" {
			m = append(m, entry{"ICCID", d.texts.iccid}, entry{"IMEI", d.texts.imei}, entry{"MEID", d.texts.meid})
		}
		m = append(m, entry{"SerialNumber", d.Serial})
	}
	m = append(m,
		entry{"MessageType", "Authenticate"},
		entry{"Model", d.modelNumber()},
		entry{"ModelName", d.Model},
		entry{"OSVersion", d.OSVersion},
		entry{"ProductName", d.productName()},
		entry{"Topic", d.cfg.Topic})
	return append(m, d.who()...)
}

// tokenUpdate is the check-in that completes the enrollment.
func (d *device) tokenUpdate() dict {
	m := dict{
		{"AwaitingConfiguration", false},
		{"MessageType", "TokenUpdate"},
		{"NotOnConsole", false},
		{"PushMagic", d.pushMagic},
		{"Token", d.pushToken},
		{"Topic", d.cfg.Topic},
	}
	if d.Persona != Mac && d.Persona != UserEnrollment {
		m = append(m, entry{"UnlockToken", d.unlockToken})
	}
	return append(m, d.who()...)
}

// who names the device in a message.
func (d *device) who() dict {
	if d.Persona == UserEnrollment {
		return dict{{"EnrollmentID", d.ID}}
	}
	return dict{{"UDID", d.ID}}
}
