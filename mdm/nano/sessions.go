package nano

import (
	"slices"
	"sync"

	"github.com/wardround/wardround/mdm"
)

// Sessions remember, in this process, what devices put off and what they were
// handed. It is never more than a help: what is forgotten after a restart is
// handed out again. They are safe for concurrent use.
type sessions struct {
	mu      sync.Mutex
	devices map[string]*session // by device id; guarded by mu
}

// A session is what is known of a device and its user channels. One that says
// nothing is not kept.
type session struct {
	putOff map[string][]string // CommandUUIDs since the last Idle, by enrollment id
	out    handedOut
}

// handedOut is the command that a device was given last and has not answered.
type handedOut struct {
	enrollment mdm.Enrollment
	uuid       string // empty: none
	query      mdm.QueryKey
}

func newSessions() *sessions { return &sessions{devices: make(map[string]*session)} }

// reported notes a report that was kept. Idle begins a session.
func (s *sessions) reported(e mdm.Enrollment, uuid string, status mdm.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[e.DeviceID()]
	if d == nil {
		if status != mdm.NotNow {
			return
		}
		d = new(session)
		s.devices[e.DeviceID()] = d
	}
	switch {
	case status == mdm.Idle:
		delete(d.putOff, e.ID)
	case status != mdm.NotNow:
		if list, ok := d.putOff[e.ID]; ok {
			d.putOff[e.ID] = slices.DeleteFunc(list, func(known string) bool { return known == uuid })
		}
	case !slices.Contains(d.putOff[e.ID], uuid):
		if d.putOff == nil {
			d.putOff = make(map[string][]string)
		}
		d.putOff[e.ID] = append(d.putOff[e.ID], uuid)
	}
	if d.out.uuid == uuid {
		d.out = handedOut{}
	}
	s.tidy(e, d)
}

// tidy drops what says nothing. s.mu is held.
func (s *sessions) tidy(e mdm.Enrollment, d *session) {
	if len(d.putOff[e.ID]) == 0 {
		delete(d.putOff, e.ID)
	}
	if len(d.putOff) == 0 && d.out.uuid == "" {
		delete(s.devices, e.DeviceID())
	}
}

// gave notes the command that was handed out.
func (s *sessions) gave(e mdm.Enrollment, w waiting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[e.DeviceID()]
	if d == nil {
		d = new(session)
		s.devices[e.DeviceID()] = d
	}
	d.out = handedOut{enrollment: e, uuid: w.uuid, query: w.query}
}

// lastOut returns the command that a device was handed last, to any of its
// channels, if it has not answered it.
func (s *sessions) lastOut(deviceID string) (handedOut, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[deviceID]
	if d == nil || d.out.uuid == "" {
		return handedOut{}, false
	}
	return d.out, true
}

// putOff returns the commands that a channel has put off since its last Idle.
func (s *sessions) putOff(e mdm.Enrollment) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.devices[e.DeviceID()]; d != nil {
		return slices.Clone(d.putOff[e.ID])
	}
	return nil
}

// clear forgets the session of a device.
func (s *sessions) clear(deviceID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.devices, deviceID)
}
