package nano_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/mdm"
)

// Bystanders are two devices that owe an answer each while somebody does harm.
// They can answer it afterwards, and nothing else has been kept.
type bystanders struct {
	r             *rig
	victim, other *sender
	owed          map[string]string // CommandUUID by device
	kept, logged  int               // before the harm
}

// newBystanders enrols them. Their certificates outlive a day.
func newBystanders(t *testing.T, r *rig) *bystanders {
	t.Helper()
	b := &bystanders{r: r, owed: make(map[string]string)}
	for _, s := range []struct {
		place **sender
		id    string
	}{{&b.victim, "VICTIM"}, {&b.other, "OTHER"}} {
		*s.place = newLastingSender(t, r.ca, s.id)
		(*s.place).enroll(t, r.url)
		b.owed[s.id] = r.owe(t, s.id, mdm.QuerySecurityInfo())
	}
	b.mark()
	return b
}

// mark says that what comes from now on is harm.
func (b *bystanders) mark() {
	kept, _ := b.r.sink.all()
	b.kept, b.logged = len(kept), len(b.r.log.String())
}

// said returns the refusals that were logged since mark.
func (b *bystanders) said() []string {
	var lines []string
	for line := range strings.Lines(b.r.log.String()[b.logged:]) {
		if strings.Contains(line, `msg="refused a request"`) {
			lines = append(lines, line)
		}
	}
	return lines
}

// refused wants one refusal since mark, with the status and the words in the
// log, and nothing kept.
func (b *bystanders) refused(t *testing.T, got, want int, words ...string) {
	t.Helper()
	if got != want {
		t.Errorf("HTTP status: got %d, want %d", got, want)
	}
	wantSaid(t, b.said(), words...)
	if kept, _ := b.r.sink.all(); len(kept) != b.kept {
		t.Errorf("kept: %+v", kept[b.kept:])
	}
	b.mark()
}

// wantSaid wants one line, with all of the words.
func wantSaid(t *testing.T, lines []string, words ...string) {
	t.Helper()
	if len(lines) != 1 {
		t.Errorf("%d refusals are logged, want one: %s", len(lines), lines)
		return
	}
	for _, word := range words {
		if !strings.Contains(lines[0], word) {
			t.Errorf("the log does not say %s: %s", word, lines[0])
		}
	}
}

// unharmed has both answer at last.
func (b *bystanders) unharmed(t *testing.T) {
	t.Helper()
	for _, s := range []*sender{b.victim, b.other} {
		uuid := b.owed[s.id]
		if status, next := s.put(t, b.r.url, reportType, idle(s.id)); status != http.StatusOK || !strings.Contains(next, uuid) {
			t.Errorf("%s polls: HTTP status %d, answer %q; want its command", s.id, status, next)
		}
		if status, next := s.put(t, b.r.url, reportType, answer(s.id, uuid, securityInfo)); status != http.StatusOK || next != "" {
			t.Errorf("%s answers: HTTP status %d, answer %q", s.id, status, next)
		}
		if got := b.r.count(t, `SELECT sum(count) FROM evidence WHERE command_uuid = ? AND class = 'report'`, uuid); got != 1 {
			t.Errorf("the answer of %s is kept %d times, want once", s.id, got)
		}
	}
	if diff := cmp.Diff([]string(nil), b.r.owed(t)); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
}
