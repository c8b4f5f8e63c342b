package notify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A sender carries a message to where a channel ends. It returns before ctx
// ends, or soon after. Its errors have no secret in them. One attempt is one
// call; it does not try again by itself.
type sender interface {
	send(ctx context.Context, m Message) error
}

// A channel is a route with what carries its messages.
type channel struct {
	route
	sender
	sort string // shoutrrr, webhook or smtp
}

// openChannels reads the files of all channels. What is doubtful about them is
// given to warn.
func openChannels(cfg Config, s settings, now func() time.Time, warn func(channel, doubt string)) ([]*channel, error) {
	var list []*channel
	var errs []error
	for i, c := range cfg.Channels {
		ch := &channel{route: s.routes[i]}
		var open bool
		var err error
		switch {
		case c.URLFile != "":
			ch.sort = "shoutrrr"
			ch.sender, open, err = openService(c.URLFile, s.zone)
		case c.Webhook != "":
			ch.sort = "webhook"
			ch.sender, open, err = openWebhook(c.Webhook, c.KeyFile, now)
		default:
			ch.sort = "smtp"
			ch.sender, open, err = openMail(c.SMTP, s.zone, now)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("open channel %s: %w", c.Name, err))
			continue
		}
		if open {
			warn(c.Name, "others than its owner can read the file of its secret")
		}
		list = append(list, ch)
	}
	return list, errors.Join(errs...)
}
