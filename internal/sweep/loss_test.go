package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// commandsOf is how many queries an iPad is asked.
func (w *ward) commandsOf(t *testing.T) int {
	t.Helper()
	plan, err := w.rounder.Plan(t.Context())
	must(t, err)
	return len(plan[0].Ask)
}

func TestAnswerThatWasLostIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if push == 1 {
				return lost()
			}
			return acknowledge(id, push, c)
		}, unhurried)
		w.enrol(t, udid)
		n := w.commandsOf(t)
		got := w.round(t)
		if got.Answered != 1 || got.Lost != n || got.Commands != 2*n {
			t.Errorf("got %+v, want %d answers lost, asked again and answered", got, n)
		}
		if pushes := w.mdm.pushes[udid]; pushes != 1+2*n {
			t.Errorf("got %d pushes, want the first, and for each one because it said nothing, and one to ask again", pushes)
		}
		uuids := make(map[string]bool)
		for _, o := range w.rows(t, got.ID) {
			uuids[o.CommandUUID] = true
			if o.Lost == !o.AnsweredAt.IsZero() {
				t.Errorf("%s: got lost %t, answered %v; want one or the other", o.Query, o.Lost, o.AnsweredAt)
			}
		}
		if len(uuids) != 2*n {
			t.Errorf("got %d CommandUUIDs, want %d: a lost query is asked under another", len(uuids), 2*n)
		}
		if left := w.rows(t, 0); len(left) != 0 {
			t.Errorf("still outstanding: %+v", left)
		}
	})
}

func TestQueryIsAskedAgainThreeTimesAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if c.query == "SecurityInfo" {
				return lost()
			}
			return acknowledge(id, push, c)
		}, unhurried)
		w.enrol(t, udid)
		n := w.commandsOf(t)
		got := w.round(t)
		if got.Lost != 3 || w.mdm.asks() != n+3 || got.Silent != 0 || got.Answered != 1 {
			t.Errorf("got %+v and %d commands, want 3 lost of %d asked", got, w.mdm.asks(), n+3)
		}
		if left := w.rows(t, 0); len(left) != 1 {
			t.Errorf("got %d outstanding, want the last one", len(left))
		}
	})
}

func TestDeviceThatAnswersNothingIsNotGivenUpQueryByQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(string, int, command) map[string]any { return lost() }, unhurried)
		w.enrol(t, udid)
		n := w.commandsOf(t)
		began := time.Now()
		got := w.round(t)
		if took := time.Since(began); got.Lost != 3 || w.mdm.asks() != n+3 || got.Silent != 1 || took > 9*time.Minute {
			t.Errorf("got %+v after %v, want 3 lost of %d asked, and the device silent", got, took, n+3)
		}
	})
}

func TestDeviceThatNeverPollsHasLostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, acknowledge, unhurried)
		w.mdm.off = map[string]bool{udid: true}
		w.enrol(t, udid)
		if got := w.round(t); got.Lost != 0 || got.Silent != 1 || w.mdm.pushes[udid] != 1 {
			t.Errorf("got %+v and %d pushes, want a silent device that was pushed once", got, w.mdm.pushes[udid])
		}
	})
}

func TestWhatWasPutOffIsNeverAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if c.query == "SecurityInfo" {
				return map[string]any{"Status": "NotNow"}
			}
			return acknowledge(id, push, c)
		}, unhurried)
		w.enrol(t, udid)
		n := w.commandsOf(t)
		for range 2 {
			if got := w.round(t); got.Lost != 0 {
				t.Errorf("got %+v, want nothing lost", got)
			}
			w.mdm.poll(t.Context(), udid)
			w.mdm.poll(t.Context(), udid)
			time.Sleep(time.Hour)
		}
		if got, want := w.mdm.asks(), 2*n-1; got != want { // all but the one that was put off are asked in the second round
			t.Errorf("got %d commands, want %d", got, want)
		}
	})
}

// A device with a poor connection answers one command each time it comes.
func TestSessionInProgressIsNoLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answered := make(map[time.Time]bool)
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if answered[time.Now()] {
				return nil
			}
			answered[time.Now()] = true
			return acknowledge(id, push, c)
		}, unhurried)
		w.enrol(t, udid)
		n := w.commandsOf(t)
		go func() {
			for range n {
				time.Sleep(40 * time.Second)
				w.mdm.poll(t.Context(), udid)
			}
		}()
		if got := w.round(t); got.Lost != 0 || got.Answered != 1 || got.Commands != n {
			t.Errorf("got %+v, want all %d answered and nothing lost", got, n)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
	})
}

// In a round that ends soon a device polls once. The next one goes on counting.
func TestPollsAreCountedAcrossRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		consumed := true
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if consumed {
				return lost()
			}
			return acknowledge(id, push, c)
		}, func(c *sweep.Config) { c.Quiet = 10 * time.Second })
		w.enrol(t, udid)
		for i := range 2 {
			if got := w.round(t); got.Lost != 0 || got.Silent != 1 {
				t.Errorf("round %d: got %+v, want a silent device", i, got)
			}
			time.Sleep(time.Hour)
		}
		consumed = false
		if got := w.round(t); got.Lost != 1 || got.Answered != 1 {
			t.Errorf("got %+v, want one found lost at once and the device answering", got)
		}
	})
}

// A webhook tells of polls as it does of answers.
func TestPollThatIsDeliveredCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(id string, push int, c command) map[string]any {
			if c.query == "SecurityInfo" {
				return lost()
			}
			return acknowledge(id, push, c)
		}, unhurried)
		w.enrol(t, udid)
		go func() {
			time.Sleep(time.Second)
			body, err := plist.WriteXML(map[string]any{"UDID": udid, "Status": "Idle"})
			if err != nil {
				t.Error(err)
			}
			e, _, err := mdm.Receive(body, time.Now().UTC())
			if err != nil {
				t.Error(err)
			}
			if err := w.intake.Deliver(t.Context(), e); err != nil {
				t.Error(err)
			}
			w.mdm.play(acknowledge)
		}()
		began := time.Now()
		got := w.round(t)
		if took := time.Since(began); got.Lost != 1 || got.Answered != 1 || w.mdm.pushes[udid] != 2 || took > 62*time.Second {
			t.Errorf("got %+v after %v and %d pushes, want it found out a minute after the poll", got, took, w.mdm.pushes[udid])
		}
	})
}

func TestLateAnswerIsEvidenceAndSettlesNoOtherCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := make(map[mdm.QueryKey]command)
		w := newWard(t, func(_ string, _ int, c command) map[string]any {
			if _, known := first[c.query]; !known {
				first[c.query] = c
				return lost()
			}
			return nil
		}, unhurried)
		w.enrol(t, udid)
		n := w.commandsOf(t)
		var progress sweep.Progress
		got, err := w.rounder.Round(t.Context(), func(p sweep.Progress) {
			if p.Lost == 0 || len(first) == 0 {
				return
			}
			progress = p
			for _, c := range first {
				w.mdm.send(t.Context(), udid, c, acknowledge(udid, 0, c))
			}
			clear(first)
			w.mdm.off = map[string]bool{udid: true}
		})
		must(t, err)
		if got.Answered != 1 || progress.Lost != got.Lost || got.Lost == 0 {
			t.Errorf("got %+v, progress %+v; want it to count as answered", got, progress)
		}
		rows := w.rows(t, 0)
		if len(rows) != got.Lost {
			t.Errorf("got %d outstanding, want the %d that were asked again", len(rows), got.Lost)
		}
		list, err := w.state.Observed(t.Context(), udid)
		must(t, err)
		reports := 0
		for _, o := range list {
			if o.Evidence.Class == mdm.Report {
				reports++
			}
		}
		if reports != n {
			t.Errorf("got %d answers kept, want %d", reports, n)
		}
	})
}

func TestDeviceThatEnrolsAnewIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent, unhurried)
		w.enrol(t, udid)
		go func() {
			time.Sleep(10 * time.Second)
			w.enrol(t, udid)
		}()
		began := time.Now()
		got := w.round(t)
		if took := time.Since(began); took > 11*time.Second || got.Silent != 1 {
			t.Errorf("got %+v after %v, want the round over when its queue was emptied", got, took)
		}
		if left := w.rows(t, 0); len(left) != 0 {
			t.Errorf("outstanding: %+v", left)
		}
	})
}
