package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

// A whatifMoment is a round whose evidence is judged again, and how the fleet
// stands by both baselines then.
type whatifMoment struct {
	at      time.Time // of the round, in whole seconds
	through int64     // evidence up to this id was there
	said    *checks.StatementIndex

	devices       int // that were enrolled
	lost          int // of them those that cannot be judged again
	before, after whatifStanding
	verdicts      int // that were compared, also of requirements that only one of them has
	turns         map[whatifKind]int
}

// end is the last moment that the time of the round may stand for.
func (m *whatifMoment) end() time.Time { return m.at.Add(time.Second - 1) }

// A whatifPast is what a data folder knows of the past.
type whatifPast struct {
	state   *sqlite.State
	results store.Results
	catalog *catalog.Catalog
	owed    map[string][]store.Outstanding // unanswered to this day, by enrollment
}

// openWhatifPast opens a data folder. Files of the catalog that cannot be read
// are told to errs.
func openWhatifPast(ctx context.Context, dir string, paths []string, errs io.Writer) (_ *whatifPast, err error) {
	p := &whatifPast{owed: make(map[string][]store.Outstanding)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if p.catalog, err = catalog.Open(paths...); err != nil {
		return nil, usage(err, "")
	}
	for _, problem := range p.catalog.Problems() {
		fmt.Fprintf(errs, "wardround: catalog: %s: %s\n", problem.Path, printable(problem.Message))
	}
	if p.results, err = openResults(ctx, dir); err != nil {
		return nil, err
	}
	if p.state, err = openState(ctx, dir); err != nil {
		return nil, err
	}
	rows, err := p.state.Outstandings(ctx, 0)
	for _, o := range rows {
		p.owed[o.Enrollment] = append(p.owed[o.Enrollment], o)
	}
	return p, err
}

// catalogsOf are the folders of profiles in a data folder, of those that went
// too: the past was judged by them.
func catalogsOf(dir string) []string {
	var paths []string
	for _, own := range []string{catalogDir, formerCatalogDir} {
		path := filepath.Join(dir, own)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			paths = append(paths, path)
		}
	}
	return paths
}

// Close closes what is open.
func (p *whatifPast) Close() error {
	var errs []error
	if p.state != nil {
		errs = append(errs, p.state.Close())
	}
	if p.results != nil {
		errs = append(errs, p.results.Close())
	}
	return errors.Join(errs...)
}

// moments are the last round of each day since a time, the last of all at the
// end; only that one if the time is zero. Dropped counts the rounds of which the
// chain does not say any more what they were judged from.
func (p *whatifPast) moments(ctx context.Context, since time.Time, zone *time.Location) (list []*whatifMoment, dropped int, err error) {
	at, _, err := p.results.AsOf(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, usage(errors.New("no round has been judged yet"), "make one with 'wardround sweep'")
	}
	if err != nil {
		return nil, 0, err
	}
	last := &whatifMoment{at: at}
	if last.through, err = p.results.Cursor(ctx); err != nil {
		return nil, 0, err
	}
	if !since.IsZero() {
		if list, dropped, err = p.rounds(ctx, since, at, zone); err != nil {
			return nil, 0, err
		}
	}
	list = append(list, last)
	for _, m := range list {
		m.turns = make(map[whatifKind]int)
		said, err := p.results.Said(ctx, m.end())
		if err != nil {
			return nil, 0, err
		}
		m.said = said.Index()
	}
	return list, dropped, nil
}

// rounds are the last of each day, before the last one.
func (p *whatifPast) rounds(ctx context.Context, since, last time.Time, zone *time.Location) (list []*whatifMoment, dropped int, err error) {
	c, err := p.results.Chain(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	day := func(t time.Time) string { return t.In(zone).Format(time.DateOnly) }
	for e, err := range c.Entries(ctx) {
		switch {
		case err != nil:
			return nil, 0, err
		case e.Kind != chain.KindRound || e.At < since.Unix() || e.At >= last.Unix():
			continue
		case e.Body == nil:
			dropped++
			continue
		}
		r, err := chain.Decode[chain.Round](e)
		if err != nil {
			return nil, 0, err
		}
		m := &whatifMoment{at: time.Unix(r.AsOf, 0).UTC(), through: r.Through}
		if n := len(list); n > 0 && day(list[n-1].at) == day(m.at) {
			list = list[:n-1]
		}
		list = append(list, m)
	}
	if n := len(list); n > 0 && day(list[n-1].at) == day(last) {
		list = list[:n-1]
	}
	return list, dropped, nil
}

// A stay is a run of moments at which a device was enrolled and known as the
// same.
type stay struct {
	from, to int // of the moments
	subject  checks.Subject
	server   []checks.Expiry
}

// stays finds out which devices were enrolled at the moments.
func (p *whatifPast) stays(ctx context.Context, moments []*whatifMoment) (map[string][]stay, error) {
	all := make(map[string][]stay)
	for i, m := range moments {
		var src store.Source = p.results
		if i < len(moments)-1 {
			src = p.results.At(m.at)
		}
		err := src.EachDevice(ctx, m.at, func(d checks.DeviceResult) error {
			m.devices++
			s := stay{from: i, to: i, subject: d.Subject, server: serverExpiries(d)}
			own := all[d.Subject.ID]
			if n := len(own); n > 0 && own[n-1].to == i-1 && own[n-1].subject.Asset == s.subject.Asset && slices.Equal(own[n-1].server, s.server) {
				own[n-1].to = i
				return nil
			}
			all[d.Subject.ID] = append(own, s)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// serverExpiries are those of what the server needs to reach a device.
func serverExpiries(d checks.DeviceResult) []checks.Expiry {
	var list []checks.Expiry
	for _, e := range d.Expiring {
		if slices.Contains([]string{checks.PushCertificate, checks.IdentityAuthority, checks.ABMToken}, e.What) {
			list = append(list, e)
		}
	}
	return list
}

// asked is what a device had been asked by a time and has not answered since.
func (p *whatifPast) asked(id string, by time.Time) []judge.Question {
	var list []judge.Question
	for _, o := range p.owed[id] {
		if !o.AskedAt.After(by) {
			list = append(list, judge.Question{Query: o.Query, NotNow: o.NotNow > 0})
		}
	}
	return list
}
