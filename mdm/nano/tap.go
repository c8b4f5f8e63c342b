package nano

import (
	"context"
	"fmt"

	nanomdm "github.com/micromdm/nanomdm/mdm"
	"github.com/micromdm/nanomdm/storage"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

// A tap is NanoMDM's storage with evidence taken from it on the way in. It
// stands below certificate authorization: when it is called, the certificate
// is proved to own the enrollment. The evidence itself travels in the
// request's context, for it was made before NanoMDM saw the message.
//
// Commands and reports it keeps itself: commands in its queue, and of reports
// nothing but the evidence.
type tap struct {
	storage.AllStorage
	sink   mdm.Sink
	queue  *queue
	ledger *ledger
}

var _ storage.AllStorage = (*tap)(nil)

// pendingKey is the context key of the evidence of a request.
type pendingKey struct{}

// withEvidence returns a context that carries e, which may be nil, down to the
// tap.
func withEvidence(ctx context.Context, e *mdm.Evidence) context.Context {
	return context.WithValue(ctx, pendingKey{}, e)
}

// pending returns the evidence of a request, nil if none is to be kept.
func pending(r *nanomdm.Request) *mdm.Evidence {
	e, _ := r.Context().Value(pendingKey{}).(*mdm.Evidence)
	return e
}

// deliver gives the evidence of a request to the sink. An error means that it
// is not kept, so that nothing further may be done with the message.
func (t *tap) deliver(r *nanomdm.Request) error {
	e := pending(r)
	if e == nil {
		return nil
	}
	if err := t.sink.Deliver(r.Context(), *e); err != nil {
		return fmt.Errorf("keep evidence: %w", err)
	}
	return nil
}

// StoreAuthenticate implements storage.CheckinStore.
func (t *tap) StoreAuthenticate(r *nanomdm.Request, m *nanomdm.Authenticate) error {
	if err := t.deliver(r); err != nil {
		return err
	}
	t.ledger.seen(enrollmentOf(r))
	return t.AllStorage.StoreAuthenticate(r, m)
}

// StoreTokenUpdate implements storage.CheckinStore.
func (t *tap) StoreTokenUpdate(r *nanomdm.Request, m *nanomdm.TokenUpdate) error {
	if err := t.deliver(r); err != nil {
		return err
	}
	t.ledger.seen(enrollmentOf(r))
	return t.AllStorage.StoreTokenUpdate(r, m)
}

// StoreBootstrapToken implements storage.BootstrapTokenStore.
func (t *tap) StoreBootstrapToken(r *nanomdm.Request, m *nanomdm.SetBootstrapToken) error {
	if err := t.deliver(r); err != nil {
		return err
	}
	return t.AllStorage.StoreBootstrapToken(r, m)
}

// Disable implements storage.CheckinStore. NanoMDM calls it for CheckOut, and
// for Authenticate after StoreAuthenticate.
func (t *tap) Disable(r *nanomdm.Request) error {
	if e := pending(r); e != nil && e.Query == mdm.CheckOut {
		if err := t.deliver(r); err != nil {
			return err
		}
	}
	return t.AllStorage.Disable(r)
}

// StoreCommandReport implements storage.CommandAndReportResultsStore. A report
// about a command that is not, or no longer, in the queue is kept like others:
// devices repeat themselves.
func (t *tap) StoreCommandReport(r *nanomdm.Request, report *nanomdm.CommandResults) error {
	e, status := enrollmentOf(r), mdm.Status(report.Status)
	t.ledger.seen(e)
	if p := pending(r); p != nil && p.Status != mdm.Idle {
		if err := t.deliver(r); err != nil {
			return err
		}
	}
	if status != mdm.Idle && status != mdm.NotNow {
		if err := t.queue.remove(e.ID, report.CommandUUID); err != nil {
			return fmt.Errorf("dequeue command %s: %w", report.CommandUUID, err)
		}
	}
	t.ledger.reported(e, report.CommandUUID, status)
	return nil
}

// RetrieveNextCommand implements storage.CommandAndReportResultsStore. What was
// put off it remembers itself.
func (t *tap) RetrieveNextCommand(r *nanomdm.Request, _ bool) (*nanomdm.Command, error) {
	e := enrollmentOf(r)
	waiting, err := t.queue.list(e.ID)
	if err != nil {
		return nil, fmt.Errorf("read the queue of %s: %w", e.ID, err)
	}
	uuid, ok := t.ledger.next(e, waiting)
	if !ok {
		return nil, nil
	}
	raw, err := t.queue.get(e.ID, uuid)
	if raw == nil || err != nil {
		return nil, err
	}
	cmd := &nanomdm.Command{CommandUUID: uuid, Raw: raw}
	cmd.Command.RequestType = string(queryOf(raw).RequestType())
	return cmd, nil
}

// ClearQueue implements storage.CommandAndReportResultsStore. A device that
// enrols anew owes no answers, and neither do its users.
func (t *tap) ClearQueue(r *nanomdm.Request) error {
	e := enrollmentOf(r)
	t.ledger.clear(e.DeviceID())
	return t.queue.clear(e.ID)
}

// EnqueueCommand implements storage.CommandEnqueuer. Ask alone calls it.
func (t *tap) EnqueueCommand(_ context.Context, ids []string, cmd *nanomdm.Command) (map[string]error, error) {
	for _, id := range ids {
		if err := t.queue.add(id, cmd.CommandUUID, cmd.Raw); err != nil {
			return nil, fmt.Errorf("queue command %s: %w", cmd.CommandUUID, err)
		}
	}
	return nil, nil
}

// asked returns the query of a command in the queue of e; "" if it is not there.
func (t *tap) asked(e mdm.Enrollment, uuid string) (mdm.QueryKey, error) {
	raw, err := t.queue.get(e.ID, uuid)
	if raw == nil || err != nil {
		return "", err
	}
	return queryOf(raw), nil
}

// queryOf reads which query a command of ours asks; "" if it is none.
func queryOf(raw []byte) mdm.QueryKey {
	doc, err := plist.Parse(raw, plist.Limits{})
	if err != nil {
		return ""
	}
	command, _ := doc.Root().Get("Command")
	name, _ := command.Get("RequestType")
	text, _ := name.Text()
	if text != string(mdm.ProfileList) {
		return mdm.QueryKey(text)
	}
	managed, _ := command.Get("ManagedOnly")
	if only, _ := managed.Bool(); only {
		return mdm.ManagedProfiles
	}
	return mdm.AllProfiles
}
