package nano

import (
	"context"
	"errors"
	"fmt"

	nanomdm "github.com/micromdm/nanomdm/mdm"

	"github.com/wardround/wardround/mdm"
)

// ErrNotEnrolled is returned by Ask for an enrollment that never sent a
// TokenUpdate.
var ErrNotEnrolled = errors.New("not enrolled")

// Ask queues q for the enrollment under commandUUID, which is best made with
// mdm.NewCommandUUID: letters, digits, dashes and underscores. It is the only
// way into NanoMDM's queue. An enrollment that never sent a TokenUpdate is
// ErrNotEnrolled. To ask again under the same commandUUID changes nothing; the
// same query under another replaces it, if it still waits.
func (s *Server) Ask(ctx context.Context, id string, q mdm.Query, commandUUID string) error {
	if err := s.ask(ctx, id, q, commandUUID); err != nil {
		return fmt.Errorf("ask %s of %s: %w", q.Key(), id, err)
	}
	return nil
}

func (s *Server) ask(ctx context.Context, id string, q mdm.Query, commandUUID string) error {
	if !word(commandUUID) {
		return fmt.Errorf("CommandUUID %.40q: not letters, digits, dashes and underscores", commandUUID)
	}
	if err := checkID(enrollmentNamed(id)); err != nil {
		return err
	}
	raw, err := q.Command(commandUUID)
	if err != nil {
		return err
	}
	cmd := &nanomdm.Command{CommandUUID: commandUUID, Raw: raw}
	cmd.Command.RequestType = string(q.RequestType())
	failed, err := s.store.EnqueueCommand(ctx, []string{id}, cmd)
	if err != nil {
		return err
	}
	return failed[id]
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
