package sweep

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

const (
	// chunksASecond is in how many turns those that may be pushed in a second
	// are: few enough that questions of several devices share a transaction.
	chunksASecond = 5
	// askAtOnce is how many devices are asked at a time.
	askAtOnce = 64
)

// turn asks and pushes the next few of those that are due, so that what is
// queued is spread over time as the pushes are.
func (r *round) turn(ctx context.Context, now time.Time) error {
	n := pushChunk
	if r.cfg.Rate > 0 {
		n = min(max(r.cfg.Rate/chunksASecond, 1), pushChunk)
	}
	n = min(n, len(r.due))
	visits := r.due[:n]
	r.due = r.due[n:]
	ids, err := r.askEach(ctx, visits)
	if err != nil {
		return err
	}
	pushed, err := r.wake(ctx, ids)
	r.pushed += pushed
	if r.cfg.Rate > 0 {
		r.next = now.Add(time.Duration(len(ids)) * time.Second / time.Duration(r.cfg.Rate))
	}
	return err
}

// An outcome is what a visit came to.
type outcome struct {
	asked   int  // queries
	owes    bool // it owes anything now
	refused bool // the server took nothing for it
}

// askEach asks several devices at a time, so that they share transactions, and
// returns those that are to be pushed.
func (r *round) askEach(ctx context.Context, visits []visit) ([]string, error) {
	outcomes := make([]outcome, len(visits))
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(askAtOnce)
	for i, v := range visits {
		g.Go(func() (err error) {
			outcomes[i], err = r.ask(asking, v)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("ask: %w", err)
	}
	var ids []string
	for i, v := range visits {
		r.asked += outcomes[i].asked
		if outcomes[i].refused {
			r.notAsked[v.enrolled.ID] = true
		}
		if outcomes[i].owes {
			r.visited[v.enrolled.ID] = true
			ids = append(ids, v.enrolled.ID)
		}
	}
	return ids, nil
}

// forget lets go of what a device owes that no fact needs any more, and says
// how many that were: it may never answer, and each round would wait for it.
func (r *round) forget(ctx context.Context, v visit, queries []mdm.Query) (int, error) {
	if v.again != nil { // its turn came before
		return 0, nil
	}
	rows := unwanted(r.owing[v.enrolled.ID], queries)
	commands := make([]owed, len(rows))
	for i, o := range rows {
		if err := r.state.Forget(ctx, o.Enrollment, o.Query); err != nil {
			return 0, err
		}
		commands[i] = owed{enrollment: o.Enrollment, uuid: o.CommandUUID}
	}
	r.intake.with(func(a *awaited) { a.forget(commands) })
	return len(rows), nil
}

// A question is a command that a device is asked, with what is noted of it.
type question struct {
	command mdm.Command
	row     store.Outstanding // not written down before, if its UUID is fresh
	fresh   bool
	owed    owed
}

// ask asks one device what is due. What is outstanding is queued again under
// its CommandUUID, which changes nothing if it is queued: a crash may have come
// between writing it down and queueing it.
func (r *round) ask(ctx context.Context, v visit) (outcome, error) {
	id := v.enrolled.ID
	queries, err := r.queries(ctx, v.enrolled.Enrollment)
	if err != nil {
		return outcome{}, err
	}
	forgotten, err := r.forget(ctx, v, queries)
	if err != nil {
		return outcome{}, err
	}
	questions, err := r.writeDown(ctx, r.questions(v, queries))
	if err != nil {
		return outcome{}, err
	}
	if len(questions) == 0 {
		return outcome{owes: v.again == nil && len(r.owing[id]) > forgotten}, nil
	}
	commands := make([]mdm.Command, len(questions))
	expected := make([]owed, len(questions))
	asked := 0
	for i, q := range questions {
		commands[i], expected[i] = q.command, q.owed
		if q.fresh {
			asked++
		}
	}
	r.intake.with(func(a *awaited) {
		for i, o := range expected {
			if questions[i].fresh {
				a.expect(o)
			}
		}
	})
	if err := r.asker.Ask(ctx, id, commands...); err != nil {
		r.intake.with(func(a *awaited) { a.forget(expected) })
		return outcome{refused: true}, r.notQueued(ctx, id, questions, err)
	}
	r.intake.with(func(a *awaited) { a.queued(expected) })
	return outcome{asked: asked, owes: true}, nil
}

// questions says what of the queries is asked in a visit, and under which
// CommandUUID.
func (r *round) questions(v visit, queries []mdm.Query) []question {
	var list []question
	at := r.now().UTC()
	for place, q := range queries {
		again, lost := v.again[q.Key()]
		before, outstanding := outstandingOf(r.owing[v.enrolled.ID], q.Key())
		n := question{row: store.Outstanding{
			Enrollment: v.enrolled.ID, Query: q.Key(), CommandUUID: mdm.NewCommandUUID(), Sweep: r.sweep.ID, AskedAt: at,
		}}
		switch {
		case v.again != nil && !lost:
			continue
		case v.again != nil || !outstanding && v.fresh:
			n.fresh = true
		case outstanding && r.awaits(before):
			n.row = before
		default:
			continue
		}
		n.command = mdm.Command{Query: q, CommandUUID: n.row.CommandUUID}
		n.owed = owed{
			enrollment: v.enrolled.ID, query: q.Key(), uuid: n.row.CommandUUID,
			asked: n.row.AskedAt, place: place, again: again, refused: n.row.NotNow > 0,
		}
		list = append(list, n)
	}
	return list
}

// awaits reports whether a command from an earlier round is still owed.
func (r *round) awaits(o store.Outstanding) (yes bool) {
	r.intake.with(func(a *awaited) { yes = a.awaits(o.Enrollment, o.CommandUUID) })
	return yes
}

// writeDown notes the fresh questions in the ledger, and returns all but those
// that have become outstanding meanwhile.
func (r *round) writeDown(ctx context.Context, questions []question) ([]question, error) {
	var rows []store.Outstanding
	for _, q := range questions {
		if q.fresh {
			rows = append(rows, q.row)
		}
	}
	if len(rows) == 0 {
		return questions, nil
	}
	recorded, err := r.state.Ask(ctx, rows)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(questions, func(q question) bool {
		return q.fresh && !slices.ContainsFunc(recorded, func(o store.Outstanding) bool { return o.CommandUUID == q.row.CommandUUID })
	}), nil
}

// notQueued takes back what was written down, so that it can be asked in the
// next round, and notes why on what is owed from an earlier one. If the round
// was cut short it leaves all as it is: nobody knows what was queued.
func (r *round) notQueued(ctx context.Context, id string, questions []question, why error) error {
	if ctx.Err() != nil {
		return why
	}
	r.logger.WarnContext(ctx, "queries not queued", "sweep", r.sweep.ID, "enrollment", id, "queries", len(questions), "err", why)
	for _, q := range questions {
		if !q.fresh {
			continue
		}
		if err := r.state.Forget(ctx, id, q.row.Query); err != nil {
			return err
		}
	}
	return r.state.Pushed(ctx, []string{id}, map[string]error{id: why}, r.now().UTC())
}
