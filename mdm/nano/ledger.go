package nano

import (
	"slices"
	"sync"

	"github.com/wardround/wardround/mdm"
)

// maxRefused is how many refused bodies are kept of one device, in one run.
const maxRefused = 16

// maxOffers is how often a command is handed out in one session that is
// answered NotNow.
const maxOffers = 2

// A ledger remembers, in this process, how the sessions of devices went. It is
// never more than a help: what it has forgotten after a restart is handed out
// again. It is safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	devices map[string]*deviceState // by device id; guarded by mu
}

// deviceState is what a ledger knows of a device and its user channels.
type deviceState struct {
	types   map[string]mdm.EnrollmentType // by enrollment id
	putOff  map[string]map[string]int     // by enrollment id and CommandUUID: NotNow in this session
	out     handedOut
	refused int // refused bodies kept
}

// handedOut is the command that a device was given last and has not answered.
type handedOut struct {
	enrollment mdm.Enrollment
	uuid       string // empty: none
}

func newLedger() *ledger { return &ledger{devices: make(map[string]*deviceState)} }

// device returns the state of a device, made if need be. l.mu is held.
func (l *ledger) device(id string) *deviceState {
	d := l.devices[id]
	if d == nil {
		d = &deviceState{types: make(map[string]mdm.EnrollmentType), putOff: make(map[string]map[string]int)}
		l.devices[id] = d
	}
	return d
}

// seen notes how e is enrolled.
func (l *ledger) seen(e mdm.Enrollment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.device(e.DeviceID()).types[e.ID] = e.Type
}

// enrollment returns the device channel of an id, and Device as its type if it
// has not been heard of since the start.
func (l *ledger) enrollment(deviceID string) mdm.Enrollment {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := mdm.Enrollment{ID: deviceID, Type: mdm.Device}
	if t, ok := l.device(deviceID).types[deviceID]; ok {
		e.Type = t
	}
	return e
}

// reported notes a report. Idle begins a session.
func (l *ledger) reported(e mdm.Enrollment, uuid string, status mdm.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.device(e.DeviceID())
	switch {
	case status == mdm.Idle:
		delete(d.putOff, e.ID)
	case status != mdm.NotNow:
		delete(d.putOff[e.ID], uuid)
	case d.putOff[e.ID] == nil:
		d.putOff[e.ID] = map[string]int{uuid: 1}
	default:
		d.putOff[e.ID][uuid]++
	}
	if d.out.uuid == uuid {
		d.out = handedOut{}
	}
}

// next chooses from the commands in the queue of e, and notes it as handed
// out. What was put off comes last and once more, so that NotNow is the last
// word of the session: a device then polls by itself when it can answer
// (Apple, "Handling NotNow status responses").
func (l *ledger) next(e mdm.Enrollment, queue []string) (uuid string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.device(e.DeviceID())
	for offers := range maxOffers {
		i := slices.IndexFunc(queue, func(uuid string) bool { return d.putOff[e.ID][uuid] == offers })
		if i >= 0 {
			d.out = handedOut{e, queue[i]}
			return queue[i], true
		}
	}
	return "", false
}

// lastOut returns the command that a device was handed last, to any of its
// channels, if it has not answered it.
func (l *ledger) lastOut(deviceID string) (handedOut, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.device(deviceID).out
	return out, out.uuid != ""
}

// keepRefused reports whether one more refused body of a device may be kept.
func (l *ledger) keepRefused(deviceID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.device(deviceID)
	if d.refused >= maxRefused {
		return false
	}
	d.refused++
	return true
}

// clear forgets the session of a device.
func (l *ledger) clear(deviceID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.device(deviceID)
	clear(d.putOff)
	d.out = handedOut{}
}
