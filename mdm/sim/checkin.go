package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wardround/wardround/internal/plist"
)

// enroll sends the check-ins of an enrollment, and then those of the device's
// users. A device that has kept its identity is enrolled already.
func (d *device) enroll(ctx context.Context) error {
	if d.cert == nil {
		if err := d.checkIn(ctx); err != nil {
			return err
		}
	}
	for _, u := range d.users {
		if u.managed {
			continue
		}
		if err := d.enrollUser(ctx, u); err != nil {
			return fmt.Errorf("user %s: %w", u.id, err)
		}
	}
	return nil
}

// What can go wrong in a check-in, besides the exchange itself.
var (
	errNoIdentity  = errors.New("no identity")
	errNoChallenge = errors.New("the answer is no DigestChallenge")
	errNotKept     = errors.New("the identity was not kept")
)

// checkIn gets an identity, sends Authenticate and TokenUpdate with it, and
// keeps it once the server has taken both.
func (d *device) checkIn(ctx context.Context) (err error) {
	if d.identity, err = d.newIdentity(ctx); err != nil {
		d.meter.failed(ctx, KindEnrol, fmt.Errorf("%w: %w", errNoIdentity, err))
		return fmt.Errorf("identity: %w", err)
	}
	defer func() {
		if err != nil {
			d.identity = identity{} // to begin anew
		}
	}()
	if _, err := d.put(ctx, KindEnrol, writeXML(d.authenticate())); err != nil {
		return fmt.Errorf("check-in Authenticate: %w", err)
	}
	if _, err := d.put(ctx, KindEnrol, writeXML(d.tokenUpdate())); err != nil {
		return fmt.Errorf("check-in TokenUpdate: %w", err)
	}
	if err := d.keep(); err != nil {
		err = fmt.Errorf("%w: %w", errNotKept, err)
		d.meter.failed(ctx, KindEnrol, err)
		return err
	}
	return nil
}

// enrollUser opens the channel of a user. One of a directory asks the server
// first, by UserAuthenticate, whether it wants to manage him; a server that
// does not answers 410.
func (d *device) enrollUser(ctx context.Context, u *user) error {
	if u.directory {
		wanted, err := d.userAuthenticate(ctx, u)
		if err != nil {
			return fmt.Errorf("check-in UserAuthenticate: %w", err)
		}
		if !wanted {
			return nil
		}
	}
	update := dict{
		{"MessageType", "TokenUpdate"},
		{"NotOnConsole", false},
		{"PushMagic", u.pushMagic},
		{"Token", u.pushToken},
		{"Topic", d.cfg.Topic},
	}
	if _, err := d.put(ctx, KindEnrol, writeXML(append(update, d.whoIs(u)...))); err != nil {
		return fmt.Errorf("check-in TokenUpdate: %w", err)
	}
	u.managed = true
	return nil
}

// userAuthenticate is the exchange of a digest challenge. A server that has no
// password to hold it against sends an empty one, and takes any answer.
func (d *device) userAuthenticate(ctx context.Context, u *user) (wanted bool, err error) {
	message := dict{{"MessageType", "UserAuthenticate"}}
	raw, err := d.exchange(ctx, KindEnrol, writeXML(append(message, d.whoIs(u)...)))
	if status, ok := errors.AsType[*statusError](err); ok && status.code == http.StatusGone {
		return false, nil
	}
	challenge := ""
	if err == nil {
		challenge, err = readChallenge(raw)
	}
	if err != nil {
		d.meter.failed(ctx, KindEnrol, err)
		return false, err
	}
	message = append(message, entry{"DigestResponse", digestResponse(u.shortName, challenge)})
	_, err = d.put(ctx, KindEnrol, writeXML(append(message, d.whoIs(u)...)))
	return err == nil, err
}

// readChallenge reads the DigestChallenge, which may be empty.
func readChallenge(raw []byte) (string, error) {
	doc, err := plist.Parse(raw, plist.Limits{Bytes: maxCommand})
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNoChallenge, err)
	}
	challenge, _ := doc.Root().Get("DigestChallenge")
	text, ok := challenge.Text()
	if !ok {
		return "", errNoChallenge
	}
	return text, nil
}

// digestResponse answers a challenge in the form of RFC 2617. Nobody has set a
// password: a server that verifies it will refuse.
func digestResponse(name, challenge string) string {
	if challenge == "" {
		return `Digest username="` + name + `"`
	}
	return `Digest username="` + name + `", response="00000000000000000000000000000000"`
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

// tokenUpdate is the check-in that completes the enrollment. It comes once
// more when the device leaves Setup Assistant.
func (d *device) tokenUpdate() dict {
	m := dict{
		{"AwaitingConfiguration", d.awaits},
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

// finishSetup leaves Setup Assistant, if the device is in it.
func (d *device) finishSetup(ctx context.Context) error {
	if !d.awaits {
		return nil
	}
	d.awaits = false
	if _, err := d.put(ctx, KindEnrol, writeXML(d.tokenUpdate())); err != nil {
		d.awaits = true
		return fmt.Errorf("check-in TokenUpdate: %w", err)
	}
	return nil
}

// who names the device in a message.
func (d *device) who() dict {
	if d.Persona == UserEnrollment {
		return dict{{"EnrollmentID", d.ID}}
	}
	return dict{{"UDID", d.ID}}
}
