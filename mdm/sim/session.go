package sim

import (
	"context"
	"fmt"

	"github.com/groob/plist"
)

// maxCommands ends a session with a server that does not.
const maxCommands = 500

// A command is what a device reads of a command.
type command struct {
	CommandUUID string
	Command     struct {
		RequestType         string
		Queries             []string
		Identifiers         []string
		Items               []string
		ManagedOnly         bool
		ManagedAppsOnly     bool
		ProfileRestrictions bool
	}
}

// session is what a push sets off: Idle, then an answer to each command, until
// the server has no more.
func (d *device) session(ctx context.Context) error {
	d.sessions++
	body := writeXML(append(dict{{"Status", "Idle"}}, d.who()...))
	for range maxCommands {
		raw, err := d.put(ctx, d.cfg.URL, reportType, body)
		if err != nil || len(raw) == 0 {
			return err
		}
		var cmd command
		if err := plist.Unmarshal(raw, &cmd); err != nil {
			return fmt.Errorf("command of the server: %w", err)
		}
		body = d.report(cmd)
	}
	return fmt.Errorf("more than %d commands in one session", maxCommands)
}

// report is the body that answers cmd.
func (d *device) report(cmd command) []byte {
	if d.Persona == Hostile {
		d.attacks++
		return attack(d.attacks-1, cmd.CommandUUID, d.ID)
	}
	m := dict{{"CommandUUID", cmd.CommandUUID}}
	switch payload, code := d.answer(cmd); {
	case d.putsOff(cmd.Command.RequestType):
		m = append(m, entry{"Status", "NotNow"})
	case code != 0:
		m = append(m, entry{"ErrorChain", errorChain(cmd.Command.RequestType, code)}, entry{"Status", "Error"})
	default:
		m = append(append(m, payload...), entry{"Status", "Acknowledged"})
	}
	return writeXML(append(m, d.who()...))
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
	switch requestType {
	case "DeviceInformation", "ProfileList", "ProvisioningProfileList", "InstalledApplicationList", "Restrictions":
		return false
	}
	return true
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
