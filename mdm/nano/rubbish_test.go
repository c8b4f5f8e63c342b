package nano_test

import (
	"strings"
	"testing"

	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/sim"
)

// Each kind of body that is meant to do harm is logged with its device and the
// command that it answered, and others answer meanwhile.
func TestEachAttackIsLoggedAndHarmsNobody(t *testing.T) {
	r := newRig(t, devices(sim.Hostile, sim.MeetsHIPAANoFaceTime))
	r.enroll(t)
	b := newBystanders(t, r)
	hostile, good := r.fleet.Devices()[0], r.fleet.Devices()[1]
	for range 2 { // there are more attacks than queries
		asked, fair := r.askAll(t, hostile), r.askAll(t, good)
		r.wake(t, hostile.ID, good.ID)
		r.sink.final(t, append(keys(asked), keys(fair)...)...)
		for uuid, query := range fair {
			for _, e := range r.sink.about(uuid) {
				checkAnswer(t, good, query, e)
			}
		}
		for uuid, query := range asked {
			about := r.sink.about(uuid)
			if len(about) != 1 || about[0].Class != mdm.Unread || about[0].Query != query || len(about[0].Body) > mdm.KeptOfRefused {
				t.Errorf("%s: kept %d messages, the first: %.300v", query, len(about), about)
			}
			if said := b.unreadable(hostile.ID, query); said != 1 {
				t.Errorf("%s: logged %d times, want once", query, said)
			}
		}
		if lines := b.said(); len(lines) != 0 {
			t.Errorf("refused: %s", lines)
		}
		b.mark()
	}
	b.unharmed(t)
}

// unreadable counts, since mark, what was logged about an answer that could not
// be read.
func (b *bystanders) unreadable(device string, query mdm.QueryKey) (times int) {
	for line := range strings.Lines(b.r.log.String()[b.logged:]) {
		if strings.Contains(line, `level=WARN msg="kept an unreadable message" device=`+device+" kind="+string(query)+" ") && strings.Contains(line, " reason=") {
			times++
		}
	}
	return times
}
