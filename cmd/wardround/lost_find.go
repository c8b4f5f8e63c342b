package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/lost"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
)

// findLost finds a device by its id, serial number or asset tag. The device
// that is enrolled goes before enrollments of it that have ended.
func findLost(ctx context.Context, state store.State, name string) (lost.Subject, error) {
	dossier, err := dossierOf(state)
	if err != nil {
		return lost.Subject{}, err
	}
	enrolled, items, err := dossier.Named(ctx, name)
	if err != nil {
		return lost.Subject{}, fmt.Errorf("lost: %w", err)
	}
	if len(enrolled) == 0 && len(items) == 0 {
		near, err := nearNames(ctx, state, name)
		if err != nil {
			return lost.Subject{}, fmt.Errorf("lost: %w", err)
		}
		return lost.Subject{}, usage(fmt.Errorf("no device has the asset tag, serial number or id %q", name), near)
	}
	if serials := serialsOf(enrolled, items); len(serials) > 1 {
		return lost.Subject{}, usage(fmt.Errorf("%d devices are called %q", len(serials), name), "name one by its serial number or id: "+strings.Join(serials, ", "))
	}
	chosen, others, err := chooseEnrollment(enrolled, name)
	if err != nil {
		return lost.Subject{}, err
	}
	subject := lost.Subject{ID: chosen.ID, Serial: chosen.Serial, Namesakes: others}
	for _, i := range items {
		if chosen.ID == "" || strings.EqualFold(i.Serial, chosen.Serial) {
			subject.Serial, subject.Listed, subject.Asset = cmp.Or(subject.Serial, i.Serial), true, i.Asset
		}
	}
	if chosen.ID == "" {
		return subject, nil
	}
	return subject, addLost(ctx, dossier, &subject)
}

// dossierOf is the state as it tells of one device.
func dossierOf(state store.State) (store.Dossier, error) {
	dossier, ok := state.(store.Dossier)
	if !ok {
		return nil, errors.New("this store cannot tell of one device")
	}
	return dossier, nil
}

// serialsOf names the devices that were found: by serial number, or by id those
// that tell none.
func serialsOf(enrolled []store.Enrolled, items []store.Item) []string {
	var names []string
	for _, e := range enrolled {
		names = append(names, cmp.Or(strings.ToUpper(e.Serial), e.ID))
	}
	for _, i := range items {
		names = append(names, strings.ToUpper(i.Serial))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// chooseEnrollment takes the enrollment that was named by its id, else the one
// that stands, else the one that was heard of last.
func chooseEnrollment(enrolled []store.Enrolled, name string) (chosen store.Enrolled, others []string, err error) {
	if len(enrolled) == 0 {
		return store.Enrolled{}, nil, nil
	}
	rank := func(e store.Enrolled) int {
		switch {
		case e.ID == name:
			return 0
		case e.Enabled:
			return 1
		}
		return 2
	}
	enrolled = slices.SortedStableFunc(slices.Values(enrolled), func(a, b store.Enrolled) int {
		return cmp.Or(rank(a)-rank(b), b.LastSeen.Compare(a.LastSeen))
	})
	for _, e := range enrolled[1:] {
		others = append(others, e.ID)
	}
	if len(enrolled) > 1 && rank(enrolled[0]) == 1 && rank(enrolled[1]) == 1 {
		ids := append([]string{enrolled[0].ID}, others...)
		return store.Enrolled{}, nil, usage(fmt.Errorf("%d enrollments are called %q", len(ids), name), "name one by its id: "+strings.Join(ids, ", "))
	}
	return enrolled[0], others, nil
}

// addLost adds the channels of a device and what it owes.
func addLost(ctx context.Context, dossier store.Dossier, subject *lost.Subject) error {
	channels, err := dossier.Channels(ctx, subject.ID)
	if err != nil {
		return fmt.Errorf("lost: %w", err)
	}
	for _, c := range channels {
		subject.Channels = append(subject.Channels, lost.Channel{Enrollment: c.Enrollment, LastSeen: c.LastSeen, EnrolledAt: c.EnrolledAt, Enabled: c.Enabled})
	}
	owed, err := dossier.Owed(ctx, subject.ID)
	if err != nil {
		return fmt.Errorf("lost: %w", err)
	}
	for _, o := range owed {
		subject.Owed = append(subject.Owed, lost.Owed{Question: judge.Question{Query: o.Query, NotNow: o.NotNow > 0}, AskedAt: o.AskedAt})
	}
	return nil
}

// gatherLost reads what a device had sent, and the bodies that its page needs.
func gatherLost(ctx context.Context, state store.State, id string, at time.Time) (*lost.Timeline, error) {
	timeline := lost.NewTimeline(at)
	if id == "" {
		return timeline, nil
	}
	dossier, err := dossierOf(state)
	if err != nil {
		return nil, err
	}
	err = dossier.EachObserved(ctx, id, func(o store.Observation) error {
		timeline.Add(lost.Run{
			Observation: judge.Observation{Evidence: o.Evidence, Since: o.Since, Last: o.Last}, LongestGap: o.LongestGap, Count: o.Count,
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = timeline.Fetch(func(sum mdm.Digest) ([]byte, error) {
		e, err := state.EvidenceByDigest(ctx, sum)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return e.Body, err
	})
	return timeline, err
}
