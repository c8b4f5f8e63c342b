package nano

import (
	"context"
	"errors"
	"fmt"

	"github.com/wardround/wardround/mdm"
)

// ErrNotEnrolled is returned by Ask for an enrollment that never sent a
// TokenUpdate.
var ErrNotEnrolled = errors.New("not enrolled")

// Ask queues commands for the enrollment, all in one transaction or none. Their
// CommandUUIDs are best made with mdm.NewCommandUUID: letters, digits, dashes
// and underscores. It is the only way into NanoMDM's queue. An enrollment that
// never sent a TokenUpdate is ErrNotEnrolled. To ask again under the same
// CommandUUID changes nothing; the same query under another replaces it, if it
// still waits.
func (s *Server) Ask(ctx context.Context, id string, commands ...mdm.Command) error {
	if err := s.ask(ctx, id, commands); err != nil {
		return fmt.Errorf("ask %s: %w", id, err)
	}
	return nil
}

func (s *Server) ask(ctx context.Context, id string, commands []mdm.Command) error {
	if err := enrollmentNamed(id).CheckID(); err != nil {
		return err
	}
	queue := make([]waiting, 0, len(commands))
	for _, c := range commands {
		w, err := waitingFor(c)
		if err != nil {
			return err
		}
		queue = append(queue, w)
	}
	if len(queue) == 0 {
		return nil
	}
	return s.store.enqueueAll(ctx, id, queue)
}

// waitingFor is the command as it waits in the queue.
func waitingFor(c mdm.Command) (waiting, error) {
	if !mdm.PlainName(c.CommandUUID) {
		return waiting{}, fmt.Errorf("CommandUUID %.40q: not letters, digits, dashes and underscores", c.CommandUUID)
	}
	raw, err := c.Query.Command(c.CommandUUID)
	if err != nil {
		return waiting{}, err
	}
	return waiting{uuid: c.CommandUUID, query: c.Query.Key(), raw: raw}, nil
}

// Wake sends a push to each enrollment. The map holds an error for each id
// that could not be pushed; that a device is off is no error.
func (s *Server) Wake(ctx context.Context, ids []string) (map[string]error, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	responses, err := s.pusher.Push(ctx, ids)
	failed := make(map[string]error)
	for _, id := range ids {
		switch r := responses[id]; {
		case r == nil && err != nil:
			failed[id] = err
		case r == nil:
			failed[id] = errors.New("no answer from the push service")
		case r.Err != nil:
			failed[id] = r.Err
		}
	}
	if err != nil && len(failed) == len(ids) {
		return failed, fmt.Errorf("push: %w", err)
	}
	return failed, nil
}
