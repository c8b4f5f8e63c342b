package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// enqueue queues one command. It is the only request that does, and only Ask
// makes it: with the bytes of an mdm.Query.
func (c *Client) enqueue(ctx context.Context, id, uuid string, command []byte) error {
	if c.cfg.Server == MicroMDM {
		return c.enqueueInMicroMDM(ctx, id, command)
	}
	got, err := c.do(ctx, call{
		method: http.MethodPut, path: c.api("/enqueue/" + id), query: url.Values{"nopush": {"1"}},
		body: command, contentType: "application/xml",
	})
	if err != nil {
		return err
	}
	r, err := got.result()
	if err != nil {
		return err
	}
	if r.silent() && r.CommandUUID != uuid {
		return fmt.Errorf("%w, which does not name the command: is the URL that of the MDM server?", got.unexpected())
	}
	return r.queued(uuid)
}

// silent reports whether no error is told: then NanoMDM, and NanoHUB with its
// code, names the command. Something else, as a proxy, does not.
func (r result) silent() bool {
	for _, of := range r.Status {
		if of.CommandError != nil {
			return false
		}
	}
	return r.CommandError == nil
}

// queued returns why a command was not queued. The one command was for one
// enrollment, so that any error is about it: NanoMDM's inmem and filekv put the
// CommandUUID where the id belongs.
func (r result) queued(uuid string) error {
	errs := make([]error, 0, 1)
	if r.CommandError != nil {
		errs = append(errs, enqueueError(*r.CommandError, uuid))
	}
	for _, of := range r.Status {
		if of.CommandError != nil {
			errs = append(errs, enqueueError(*of.CommandError, uuid))
		}
	}
	return errors.Join(errs...)
}

// enqueueError makes an error of NanoMDM's words: nil if they say that the
// command is in the queue already.
func enqueueError(text, uuid string) error {
	switch {
	case knownAlready(text, uuid):
		return nil
	case refusesForGood(text):
		return fmt.Errorf("%w: %s", ErrNotEnrolled, told(text))
	}
	return errors.New(told(text))
}

// knownAlready reports whether a storage says that it has a command with this
// CommandUUID (storage/kv, "command already exists"; PostgreSQL's and MySQL's
// words for a key that is there). Nobody else makes the same.
func knownAlready(text, uuid string) bool {
	text = strings.ToLower(text)
	switch {
	case strings.Contains(text, "command already exists: "+strings.ToLower(uuid)):
	case strings.Contains(text, "duplicate key") && strings.Contains(text, "commands_pkey"):
	case strings.Contains(text, "duplicate entry '"+strings.ToLower(uuid)):
	default:
		return false
	}
	return true
}

// refusesForGood reports whether the same request would be refused again: the
// command is there, or a storage in SQL does not know the enrollment.
func refusesForGood(text string) bool {
	text = strings.ToLower(text)
	for _, sign := range []string{"already exists", "duplicate key", "duplicate entry", "foreign key"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// enqueueInMicroMDM queues one command as it is (platform/command, raw
// commands), so that it keeps its CommandUUID: the JSON call would give another.
func (c *Client) enqueueInMicroMDM(ctx context.Context, id string, command []byte) error {
	got, err := c.do(ctx, call{method: http.MethodPost, path: "/v1/commands/" + id, body: command, contentType: "application/xml"})
	if err != nil {
		return err
	}
	return got.micro()
}

// micro returns the error of an answer of MicroMDM.
func (a answer) micro() error {
	var said struct {
		Error any `json:"error"`
	}
	if err := a.json(&said); err != nil {
		return err
	}
	if a.status/100 != 2 || said.Error != nil {
		return a.unexpected()
	}
	return nil
}
