package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// maxChat bounds the text of a message to a chat or push service, most of which
// refuse or cut more.
const maxChat = 3500

// A service sends through shoutrrr.
type service struct {
	types.Service
	zone  *time.Location
	scrub scrubber
	idle  chan struct{} // holds a token while no attempt is under way
}

// openService reads the URL and prepares the service that it names.
func openService(urlFile string, zone *time.Location) (s *service, open bool, err error) {
	address, open, err := readSecret(urlFile)
	if err != nil {
		return nil, false, err
	}
	scrub := newScrubber(address)
	u, err := url.Parse(string(address))
	if err != nil {
		return nil, false, fmt.Errorf("read %s: it does not hold a URL", urlFile)
	}
	name, _, _ := strings.Cut(u.Scheme, "+")
	switch name {
	case "smtp":
		return nil, false, fmt.Errorf("read %s: mail has settings of its own, see smtp", urlFile)
	case "logger":
		return nil, false, fmt.Errorf("read %s: it names a service that reaches nobody", urlFile)
	}
	r, err := router.New(mute{})
	if err != nil {
		return nil, false, scrub.error(err)
	}
	located, err := r.Locate(string(address))
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", urlFile, scrub.error(err))
	}
	s = &service{Service: located, zone: zone, scrub: scrub, idle: make(chan struct{}, 1)}
	s.idle <- struct{}{}
	return s, open, nil
}

// errBusy keeps a service that hangs from gathering attempts.
var errBusy = errors.New("an attempt before this one has not returned")

// send gives the message to the service. Its library cannot be interrupted: when
// ctx ends the attempt counts as failed though it may still succeed.
func (s *service) send(ctx context.Context, m Message) error {
	select {
	case <-s.idle:
	default:
		return errBusy
	}
	text := m.Text(maxChat, s.zone)
	params := types.Params{}
	if titled(s.GetID()) {
		params.SetTitle(m.Subject())
	} else {
		text = m.Subject() + "\n" + text
	}
	done := make(chan error, 1)
	go func() {
		done <- s.Send(text, &params)
		s.idle <- struct{}{}
	}()
	select {
	case err := <-done:
		return s.scrub.error(err)
	case <-ctx.Done():
		return fmt.Errorf("send: %w", ctx.Err())
	}
}

// titled are the services that show a title apart from the text. Some others
// err on one, and to the rest it makes no difference.
func titled(id string) bool {
	switch id {
	case "bark", "discord", "gotify", "join", "ntfy", "opsgenie", "pushbullet", "pushover":
		return true
	}
	return false
}

// mute takes what the library would log: that has URLs in it.
type mute struct{}

// Print implements types.StdLogger.
func (mute) Print(...any) {}

// Printf implements types.StdLogger.
func (mute) Printf(string, ...any) {}

// Println implements types.StdLogger.
func (mute) Println(...any) {}
