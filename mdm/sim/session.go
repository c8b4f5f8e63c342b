package sim

import (
	"context"
	"fmt"
	"slices"
)

// maxCommands ends a session with a server that does not.
const maxCommands = 500

// session is what a push sets off on the channel of the device, or of u unless
// that is nil: Idle, then an answer to each command, until the server has no
// more.
func (d *device) session(ctx context.Context, u *user) error {
	if u == nil {
		d.sessions++
	}
	kind := KindIdle
	body := writeXML(append(dict{{"Status", "Idle"}}, d.whoIs(u)...))
	for range maxCommands {
		raw, err := d.put(ctx, kind, body)
		if err != nil || len(raw) == 0 {
			return err
		}
		cmd, err := readCommand(raw)
		if err != nil {
			d.meter.failed(ctx, kind, err)
			return fmt.Errorf("command of the server: %w", err)
		}
		var status string
		body, status = d.report(cmd, u)
		d.meter.answered(cmd.RequestType, status)
		kind = KindReport
	}
	d.meter.failed(ctx, kind, errTooMany)
	return fmt.Errorf("in one session: %w", errTooMany)
}

// errTooMany ends a session that has no end.
var errTooMany = fmt.Errorf("more than %d commands", maxCommands)

// report is the body that answers cmd, and the Status that it has or is meant
// to look like.
func (d *device) report(cmd command, u *user) (body []byte, status string) {
	if d.cfg.SameBytes {
		return d.sameBytes(cmd, u)
	}
	if d.Persona == Hostile {
		d.attacks++
		return attack(d.attacks-1, cmd.CommandUUID, d.ID), "Hostile"
	}
	m := dict{{"CommandUUID", cmd.CommandUUID}}
	payload, code := d.answer(cmd, u)
	switch {
	case d.putsOff(cmd.RequestType):
		status = "NotNow"
	case code != 0:
		m = append(m, entry{"ErrorChain", errorChain(cmd.RequestType, code)})
		status = "Error"
	default:
		m = append(m, payload...)
		status = "Acknowledged"
	}
	m = append(m, entry{"Status", status})
	return writeXML(append(m, d.whoIs(u)...)), status
}

// putsOff reports whether the device answers NotNow. An iPhone never does to
// most queries, unless nobody has unlocked it since it started.
func (d *device) putsOff(requestType string) bool {
	if d.Persona != NotNow || d.sessions > 2 {
		return false
	}
	if d.round%2 == 1 {
		return true
	}
	return !slices.Contains([]string{
		"DeviceInformation", "ProfileList", "ProvisioningProfileList", "InstalledApplicationList", "Restrictions",
	}, requestType)
}

// notValid is the error of a command that the device does not know or that it
// was not granted the right for.
const notValid = 12021

// errorChain says why a command failed.
func errorChain(requestType string, code int) []any {
	return []any{dict{
		{"ErrorCode", code},
		{"ErrorDomain", "MCMDMErrorDomain"},
		{"LocalizedDescription", "“" + requestType + "” ist kein gültiger Anfragetyp."},
		{"USEnglishDescription", "“" + requestType + "” is not a valid request type."},
	}}
}
