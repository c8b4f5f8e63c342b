package sweep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardround/wardround/internal/sweep"
)

// Such a device is silent for no minute, and yet its answer was lost.
func TestDeviceThatPollsAllTheTimeAndAnswersNothingIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, func(id string, push int, c command) map[string]any { return lost() }, unhurried)
		w.mdm.off = map[string]bool{udid: true}
		w.enrol(t, udid)
		began := time.Now()
		go func() {
			for range 4 {
				time.Sleep(30 * time.Second)
				w.mdm.poll(t.Context(), udid)
			}
			w.mdm.play(acknowledge)
			for range 20 {
				time.Sleep(30 * time.Second)
				w.mdm.poll(t.Context(), udid)
			}
		}()
		var found time.Duration
		got, err := w.rounder.Round(t.Context(), func(p sweep.Progress) {
			if p.Lost == 1 && found == 0 {
				found = time.Since(began)
			}
		})
		must(t, err)
		if found < 2*time.Minute || found > 2*time.Minute+time.Second || got.Answered != 1 {
			t.Errorf("got %+v, the first found after %v; want it a minute after the second poll", got, found)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
	})
}

// The first answer is lost, and the connection with it.
func TestWhatWasNeverHandedOutIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first command
		w := newWard(t, func(id string, push int, c command) map[string]any {
			switch {
			case first == command{}:
				first = c
				return lost()
			case push <= 2:
				return nil
			}
			return acknowledge(id, push, c)
		}, unhurried)
		w.enrol(t, udid)
		n := w.commandsOf(t)
		got := w.round(t)
		if got.Lost != 1 || got.Answered != 1 || got.Commands != n+1 || w.mdm.asks() != n+1 {
			t.Errorf("got %+v and %d commands, want one lost of %d and all others answered", got, w.mdm.asks(), n)
		}
		for _, o := range w.rows(t, got.ID) {
			if o.Lost != (o.CommandUUID == first.uuid) {
				t.Errorf("%s: got lost %t, want it of the first command alone", o.Query, o.Lost)
			}
		}
	})
}

// It answers a while after it polled, each time another command.
func TestDeviceThatTakesItsTimeHasLostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, silent, unhurried)
		w.mdm.off = map[string]bool{udid: true}
		w.enrol(t, udid)
		n := w.commandsOf(t)
		go func() {
			for range n {
				time.Sleep(70 * time.Second)
				w.mdm.poll(t.Context(), udid)
				time.Sleep(20 * time.Second)
				w.mdm.answerFirst(t, udid)
			}
		}()
		if got := w.round(t); got.Lost != 0 || got.Answered != 1 || got.Commands != n {
			t.Errorf("got %+v, want all %d answered and nothing lost", got, n)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
	})
}

// answerFirst has a device answer the first command of its queue.
func (tr *transport) answerFirst(t *testing.T, id string) {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	first := tr.queue[id][0]
	tr.queue[id] = tr.queue[id][1:]
	tr.send(t.Context(), id, first, acknowledge(id, 0, first))
}
