package webhook

import (
	"fmt"
	"log/slog"
)

// A Server is the kind of server that is attached to, by its own name, which
// is also the user name of its API.
type Server string

// The servers. NanoHUB serves NanoMDM's API below /api/v1/nanomdm/ (its
// operations guide) and sends NanoMDM's webhook. MicroMDM's events have no ids
// and its API takes one id at a time.
const (
	NanoMDM  Server = "nanomdm"
	NanoHUB  Server = "nanohub"
	MicroMDM Server = "micromdm"
)

// complete fills in the default and refuses what there is not.
func (s *Server) complete() error {
	switch *s {
	case "":
		*s = NanoMDM
	case NanoMDM, NanoHUB, MicroMDM:
	default:
		return fmt.Errorf("there is no server %q: it is %s, %s or %s", string(*s), NanoMDM, NanoHUB, MicroMDM)
	}
	return nil
}

// A Secret is a key. However it is printed, it is ***.
type Secret string

// Format writes *** for every verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("***")) }

// MarshalText returns ***.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }
