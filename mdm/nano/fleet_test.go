package nano_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

// target is what a sweep would know of a simulated device.
func target(d sim.Device) mdm.Target {
	e := mdm.Enrollment{ID: d.ID, Type: mdm.Device}
	if d.Persona == sim.UserEnrollment {
		e.Type = mdm.UserEnrollmentDevice
	}
	return mdm.Target{Enrollment: e, Platform: d.Platform, OS: d.OSVersion, SharedIPad: d.Persona == sim.SharedIPad}
}

// askAll queues all that a sweep would ask of d.
func (r *rig) askAll(t *testing.T, d sim.Device) map[string]mdm.QueryKey {
	t.Helper()
	asked := make(map[string]mdm.QueryKey)
	for _, q := range mdm.QueriesFor(target(d)) {
		asked[r.ask(t, d.ID, q)] = q.Key()
	}
	if len(asked) == 0 {
		t.Fatalf("nothing to ask of %s", d.Persona)
	}
	return asked
}

func keys(asked map[string]mdm.QueryKey) []string {
	var uuids []string
	for uuid := range asked {
		uuids = append(uuids, uuid)
	}
	return uuids
}

func TestEachPersonaAnswersInItsWay(t *testing.T) {
	r := newRig(t)
	r.enroll(t)
	for _, d := range r.fleet.Devices() {
		t.Run(string(d.Persona), func(t *testing.T) {
			asked := r.askAll(t, d)
			r.wake(t, d.ID)
			switch d.Persona {
			case sim.Silent:
				for uuid := range asked {
					if got := r.sink.about(uuid); len(got) != 0 {
						t.Errorf("a silent device answered %s", asked[uuid])
					}
				}
				return
			case sim.NotNow:
				r.wakeUntilAnswered(t, d.ID, keyOf(t, asked, "SecurityInfo"))
			}
			r.sink.final(t, keys(asked)...)
			for uuid, query := range asked {
				for _, e := range r.sink.about(uuid) {
					checkAnswer(t, d, query, e)
				}
			}
		})
	}
}

// wakeUntilAnswered pushes a device each time it puts a command off.
func (r *rig) wakeUntilAnswered(t *testing.T, id, uuid string) {
	t.Helper()
	for seen := 0; ; {
		r.sink.wait(t, []string{uuid}, func(mdm.Evidence) bool { return len(r.sink.about(uuid)) > seen })
		about := r.sink.about(uuid)
		if about[len(about)-1].Status != mdm.NotNow {
			return
		}
		seen = len(about)
		r.wake(t, id)
	}
}

func keyOf(t *testing.T, asked map[string]mdm.QueryKey, q mdm.QueryKey) string {
	t.Helper()
	for uuid, key := range asked {
		if key == q {
			return uuid
		}
	}
	t.Fatalf("%s was not asked", q)
	return ""
}

func checkAnswer(t *testing.T, d sim.Device, asked mdm.QueryKey, e mdm.Evidence) {
	t.Helper()
	if e.Enrollment.ID != d.ID || e.Enrollment.Type != target(d).Enrollment.Type {
		t.Errorf("%s: attributed to %+v, want %s", asked, e.Enrollment, d.ID)
	}
	if e.Query != asked {
		t.Errorf("query: got %q, want %q", e.Query, asked)
	}
	switch {
	case d.Persona == sim.Hostile:
		if e.Class != mdm.Unread || e.Refusal == "" {
			t.Errorf("%s: a hostile body was read: class %s, status %s", asked, e.Class, e.Status)
		}
	case e.Status == mdm.NotNow && d.Persona == sim.NotNow:
	case e.Status != mdm.Acknowledged:
		t.Errorf("%s: status %q, want Acknowledged (%s)", asked, e.Status, e.Refusal)
	default:
		reply, err := mdm.Decode(e)
		if err != nil {
			t.Errorf("%s: %v", asked, err)
		}
		if !reply.Payload {
			t.Errorf("%s: no payload", asked)
		}
	}
}

func TestCheckInsAreEvidence(t *testing.T) {
	r := newRig(t, devices(sim.MeetsHIPAANoFaceTime, sim.UserEnrollment))
	r.enroll(t)
	for _, d := range r.fleet.Devices() {
		var got []mdm.QueryKey
		kept, _ := r.sink.all()
		for _, e := range kept {
			if e.Enrollment.ID != d.ID {
				continue
			}
			got = append(got, e.Query)
			message, err := mdm.DecodeCheckIn(e)
			if err != nil {
				t.Fatal(err)
			}
			if e.Query == mdm.Authenticate && message.SerialNumber != d.Serial {
				t.Errorf("serial number: got %q, want %q", message.SerialNumber, d.Serial)
			}
		}
		if len(got) != 2 || got[0] != mdm.Authenticate || got[1] != mdm.TokenUpdate {
			t.Errorf("%s: check-ins kept: %v", d.Persona, got)
		}
	}
}

// Names and numbers of persons are in what the devices send, so their absence
// from what is kept means something.
func TestNoNameReachesTheStorage(t *testing.T) {
	r := newRig(t)
	r.enroll(t)
	d := r.fleet.Devices()[0]
	r.sink.final(t, r.ask1(t, d, mdm.QueryDeviceInformation("DeviceName", "WiFiMAC", "BluetoothMAC", "OSVersion")))
	private := sim.Secrets(r.fleet.Devices())
	kept, _ := r.sink.all()
	for _, e := range kept {
		for _, text := range private {
			if bytes.Contains(e.Body, []byte(text)) {
				t.Errorf("evidence %s of %s holds %q", e.Query, e.Enrollment.ID, text)
			}
		}
	}
	searchFolder(t, r.dir, private...)
	for _, text := range private {
		if strings.Contains(r.log.String(), text) {
			t.Errorf("the log holds %q", text)
		}
	}
}

// searchFolder fails if a file below dir holds one of the texts.
func searchFolder(t *testing.T, dir string, texts ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) || strings.Contains(path, text) {
				t.Errorf("%s holds %q", path, text)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("searched %d files: %v", files, err)
	}
}

// ask1 queues one query and wakes the device.
func (r *rig) ask1(t *testing.T, d sim.Device, q mdm.Query) string {
	t.Helper()
	uuid := r.ask(t, d.ID, q)
	r.wake(t, d.ID)
	return uuid
}

func TestWakeSaysWhomItCouldNotPush(t *testing.T) {
	r := newRig(t, devices(sim.Silent))
	r.enroll(t)
	known := r.fleet.Devices()[0].ID
	failed, err := r.server.Wake(t.Context(), []string{known, "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	if failed[known] != nil {
		t.Errorf("a device that is off: %v", failed[known])
	}
	if failed["nobody"] == nil {
		t.Error("no error for an enrollment without a push token")
	}
}

func TestOnlyAnEnrolledDeviceCanBeAsked(t *testing.T) {
	r := newRig(t, devices(sim.MeetsHIPAANoFaceTime))
	r.enroll(t)
	for _, id := range []string{"nobody", "", "../../etc", "a:b:c"} {
		if err := r.server.Ask(t.Context(), id, mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: mdm.NewCommandUUID()}); err == nil {
			t.Errorf("asked %q", id)
		}
	}
	id := r.fleet.Devices()[0].ID
	if err := r.server.Ask(t.Context(), id, mdm.Command{CommandUUID: mdm.NewCommandUUID()}); err == nil {
		t.Error("queued the zero query")
	}
	if err := r.server.Ask(t.Context(), id, mdm.Command{Query: mdm.QuerySecurityInfo(), CommandUUID: "../x"}); err == nil {
		t.Error("queued a command whose CommandUUID is a path")
	}
}
