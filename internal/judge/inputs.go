package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/mdm"
)

// Inputs sums up all of d that Judge depends on, save the time: two devices
// with equal inputs, the same catalog and the same baselines get the same
// verdicts, but for times that move with the last receipt of an answer, until
// something is due to be judged anew. It reads no body, so that the evidence
// may come without.
func Inputs(d Device, now time.Time) mdm.Digest {
	w := make(inputs, 0, 1024)
	w.text(d.ID, d.Asset.AssetTag, d.Asset.Site, d.Asset.Ward, d.Asset.OwnerRole, d.Asset.Group)
	w.number(int64(len(d.Server)))
	for _, e := range d.Server {
		w.text(e.What, e.Detail)
		w.time(e.NotAfter)
	}
	w.statements(d.Statements)
	w.number(int64(len(d.Unanswered)))
	for _, q := range d.Unanswered {
		w.text(string(q.Query))
		w.flag(q.NotNow)
	}
	w.observations(d.Observations, now)
	return sha256.Sum256(w)
}

// inputs is an unambiguous form of what is summed up.
type inputs []byte

func (w *inputs) number(n int64)   { *w = binary.AppendVarint(*w, n) }
func (w *inputs) time(t time.Time) { w.number(t.Unix()); w.number(int64(t.Nanosecond())) }

func (w *inputs) text(all ...string) {
	for _, s := range all {
		w.number(int64(len(s)))
		*w = append(*w, s...)
	}
}

func (w *inputs) flag(set bool) {
	b := byte(0)
	if set {
		b = 1
	}
	*w = append(*w, b)
}

// statements appends what people have said, as far as verdicts tell of it.
func (w *inputs) statements(said checks.Statements) {
	w.number(int64(len(said.Attestations)))
	for _, a := range said.Attestations {
		w.text(a.ID, a.Baseline, a.Requirement, a.Digest)
		w.reach(a.Reach)
		w.time(a.Given)
		w.time(a.Until)
	}
	w.number(int64(len(said.Waivers)))
	for _, a := range said.Waivers {
		w.text(a.ID, a.Baseline, a.Requirement)
		w.reach(a.Reach)
		w.time(a.Created)
		w.time(a.Expires)
	}
}

func (w *inputs) reach(r checks.Reach) {
	w.flag(r.Organisation)
	for _, list := range [][]string{r.Devices, r.Groups} {
		w.number(int64(len(list)))
		w.text(list...)
	}
}

// observations appends what readAnswers tells of them: which they are, and in
// which order those come that stand for each other. When an answer came last
// tells only that, and what is older than the newest enrolling or leaving.
func (w *inputs) observations(all []Observation, now time.Time) {
	all = newestFirst(all)
	voided := len(all)
	for i, o := range all {
		switch e := o.Evidence; {
		case e.Enrollment.UserChannel() || o.Last.After(now):
		case e.Class == mdm.CheckIn && (e.Query == mdm.Authenticate || e.Query == mdm.CheckOut):
			voided = min(voided, i)
		}
	}
	if i := slices.IndexFunc(all, func(o Observation) bool { return !o.Evidence.Enrollment.UserChannel() && !o.Last.After(now) }); i >= 0 {
		w.text(string(all[i].Evidence.Enrollment.Type))
	}
	if voided < len(all) {
		w.number(all[voided].Evidence.ID)
		w.time(all[voided].Last)
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		a, b := all[x].Evidence, all[y].Evidence
		return cmp.Or(strings.Compare(a.Enrollment.ID, b.Enrollment.ID), strings.Compare(string(a.Query), string(b.Query)))
	})
	var before Observation
	for _, i := range order {
		o := all[i]
		w.number(o.Evidence.ID)
		*w = append(*w, o.Evidence.SHA256[:]...)
		w.text(o.Evidence.Enrollment.ID, string(o.Evidence.Query), string(o.Evidence.Status))
		w.time(o.Since)
		w.flag(o.Last.After(now))
		w.flag(i > voided)
		if replaced(before, o) {
			w.time(o.Last)
		}
		before = o
	}
}

// replaced reports whether a newer answer to the same query came, so that this
// one is received no more.
func replaced(newer, o Observation) bool {
	a, b := newer.Evidence, o.Evidence
	return a.Enrollment.ID == b.Enrollment.ID && a.Class == b.Class && a.Query == b.Query && a.Status == b.Status
}
