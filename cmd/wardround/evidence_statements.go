package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

// A statementName tells waivers and attestations apart.
type statementName struct{ kind, id string }

func (n statementName) String() string { return n.kind + " " + n.id }

// A madeStatement is what an act in the chain says of a statement.
type madeStatement struct {
	chain.Statement
	entry, at int64 // number and time of its entry
}

// statements wants for each waiver and attestation the act that made it last,
// for each such act the statement, and that each is what its act says.
func (a *audit) statements(ctx context.Context) error {
	if a.state != nil {
		faults, err := a.state.StatementFaults(ctx)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return broken(0, faults[0], "altered", "what it says in %s is not what the act that made it was made of", stateFile)
		}
	}
	made, dropped, err := a.made(ctx)
	if err != nil {
		return err
	}
	if dropped > 0 {
		a.record.Notes = append(a.record.Notes, fmt.Sprintf("waivers and attestations in %s were not compared: of %s of such, bodies were dropped", resultsFile, entries(dropped)))
		return nil
	}
	kept, err := a.keptStatements(ctx)
	if err != nil {
		return err
	}
	seen := make(map[statementName]bool)
	err = a.chain.Statements(ctx, func(s store.Statement) error {
		name := statementName{s.Kind, s.ID}
		acts := made[name]
		switch {
		case len(acts) == 0:
			return broken(0, name.String(), "no-act", "it is in %s, on requirement %s, and no act in the chain made it", resultsFile, s.Requirement)
		case s.Past:
			if !slices.ContainsFunc(acts, func(m madeStatement) bool { return m.differs(s) == "" }) {
				return broken(0, name.String(), "altered", "%s has of its past what no act in the chain made", resultsFile)
			}
			return nil
		case seen[name]:
			return broken(0, name.String(), "altered", "its rows in %s do not say the same", resultsFile)
		}
		seen[name] = true
		last := acts[len(acts)-1]
		what := last.differs(s)
		if k, ok := kept[name]; ok && what == "" {
			what = a.differs(s, k)
		}
		if what != "" {
			return broken(0, name.String(), "altered", "%s in %s is not what it was by the act of entry %d", what, resultsFile, last.entry)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range slices.SortedFunc(maps.Keys(made), func(a, b statementName) int { return cmp.Compare(made[a][0].entry, made[b][0].entry) }) {
		if !seen[name] {
			return broken(0, name.String(), "gone", "entry %d tells of it, and it is not in %s", made[name][0].entry, resultsFile)
		}
	}
	return nil
}

// made reads what the chain says of statements, the last word last, and counts
// the entries that nobody can read any more.
func (a *audit) made(ctx context.Context) (made map[statementName][]madeStatement, dropped int64, err error) {
	made = make(map[statementName][]madeStatement)
	for e, err := range a.chain.Entries(ctx) {
		if err != nil {
			return nil, 0, err
		}
		if e.Kind != chain.KindWaiver && e.Kind != chain.KindAttestation {
			continue
		}
		s, err := statementIn(e)
		if act, ok := a.acts[a.actOf[e.Seq]]; ok && e.Body == nil {
			s, err = statementOfAct(act)
		}
		if err != nil {
			dropped++
			continue
		}
		name := statementName{string(e.Kind), s.ID}
		made[name] = append(made[name], madeStatement{s, e.Seq, e.At})
	}
	return made, dropped, nil
}

// statementIn reads an entry.
func statementIn(e chain.Entry) (chain.Statement, error) {
	if e.Kind == chain.KindWaiver {
		b, err := chain.Decode[chain.Waiver](e)
		return b.Statement, err
	}
	b, err := chain.Decode[chain.Attestation](e)
	return b.Statement, err
}

// statementOfAct reads an act, of which the body in the chain was dropped.
func statementOfAct(act store.Act) (chain.Statement, error) {
	body, err := act.Entry(nil)
	switch b := body.(type) {
	case chain.Waiver:
		return b.Statement, err
	case chain.Attestation:
		return b.Statement, err
	}
	return chain.Statement{}, cmp.Or(err, store.ErrNotFound)
}

// keptStatements are those in the state as the last round knew them. One that
// was changed since has only the chain to be compared with.
func (a *audit) keptStatements(ctx context.Context) (map[statementName]store.Statement, error) {
	kept := make(map[statementName]store.Statement)
	if a.state == nil {
		return kept, nil
	}
	waivers, err := a.state.Waivers(ctx)
	if err != nil {
		return nil, err
	}
	attestations, err := a.state.Attestations(ctx)
	if err != nil {
		return nil, err
	}
	cursor := a.cursor()
	for _, w := range waivers {
		if w.Act <= cursor {
			kept[statementName{store.ActWaiver, w.ID}] = w.Recorded()
		}
	}
	for _, t := range attestations {
		if t.Act <= cursor {
			kept[statementName{store.ActAttestation, t.ID}] = t.Recorded()
		}
	}
	return kept, nil
}

// differs names what is another than the chain says; empty: nothing.
func (m madeStatement) differs(s store.Statement) string {
	groups := func(joined string) []string {
		return slices.DeleteFunc(unique(strings.Split(joined, ", ")), func(g string) bool { return g == "" })
	}
	got, made := groups(strings.Join(s.Reach.Groups, ", ")), groups(m.Group)
	if s.Past { // which may be a part of it
		made = slices.DeleteFunc(made, func(g string) bool { return !slices.Contains(got, g) })
	}
	revoked := m.Action == store.StatementRevoked
	switch {
	case m.Baseline != s.Baseline:
		return "the baseline"
	case m.Requirement != s.Requirement:
		return "the requirement"
	case m.Until != s.Until.Unix():
		return "the end"
	case !slices.Equal(got, made):
		return "for which groups it is"
	case revoked == s.Revoked.IsZero(), revoked && s.Revoked.Unix() > m.at:
		return "whether it was revoked"
	}
	return ""
}

// differs names what is another in results than the state says; empty: nothing.
// What an erasure takes it need not have taken from both in the same way.
func (a *audit) differs(got, kept store.Statement) string {
	erasable := func(got, kept string) bool { return got == kept || len(a.subjects) > 0 && (got == "" || kept == "") }
	named := func(s store.Statement) []string { return slices.DeleteFunc(slices.Clone(s.Reach.Devices), a.erased) }
	switch {
	case !slices.Equal(named(got), named(kept)):
		return "for which devices it is"
	case got.Reach.Organisation != kept.Reach.Organisation:
		return "whether it is for all"
	case !got.From.Equal(kept.From):
		return "the beginning"
	case !got.Revoked.Equal(kept.Revoked):
		return "when it was revoked"
	case got.Digest != kept.Digest:
		return "the file's digest"
	case !erasable(got.Text, kept.Text), !erasable(got.By, kept.By), !erasable(got.Ticket, kept.Ticket), !erasable(got.Approver, kept.Approver):
		return "what people wrote"
	}
	return ""
}
