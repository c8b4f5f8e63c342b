package sweep

import (
	"context"
	"fmt"
	"slices"

	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
)

// EachDevice gathers what the store knows of each enrolled device, one at a
// time and in order of the store's list, and calls f with it until f errs.
// Seen is what results keep of the observations.
func EachDevice(ctx context.Context, state store.State, f func(d judge.Device, seen []store.Seen) error) error {
	devices, err := enrolledDevices(ctx, state)
	if err != nil {
		return err
	}
	unanswered, err := unanswered(ctx, state)
	if err != nil {
		return err
	}
	for _, id := range devices {
		d, seen, err := gather(ctx, state, id, unanswered[id])
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if err := f(d, seen); err != nil {
			return err
		}
	}
	return nil
}

// enrolledDevices lists the device channels that are enrolled, by id.
func enrolledDevices(ctx context.Context, state store.State) ([]string, error) {
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return nil, err
	}
	enrolled = slices.DeleteFunc(enrolled, func(e store.Enrolled) bool { return e.UserChannel() || !e.Enabled })
	ids := make([]string, len(enrolled))
	for i, e := range enrolled {
		ids[i] = e.ID
	}
	return ids, nil
}

// unanswered lists what each device channel still owes.
func unanswered(ctx context.Context, state store.State) (map[string][]judge.Question, error) {
	rows, err := state.Outstandings(ctx, 0)
	if err != nil {
		return nil, err
	}
	owed := make(map[string][]judge.Question)
	for _, o := range rows {
		owed[o.Enrollment] = append(owed[o.Enrollment], judge.Question{Query: o.Query, NotNow: o.NotNow > 0})
	}
	return owed, nil
}

// gather collects what the store knows of one device.
func gather(ctx context.Context, state store.State, id string, owed []judge.Question) (judge.Device, []store.Seen, error) {
	observations, err := state.Observations(ctx, id)
	if err != nil {
		return judge.Device{}, nil, err
	}
	d := judge.Device{ID: id, Unanswered: owed}
	var seen []store.Seen
	for _, o := range observations {
		d.Observations = append(d.Observations, judge.Observation{Evidence: o.Evidence, Since: o.Since, Last: o.Last})
		seen = append(seen, store.Seen{
			Enrollment: o.Evidence.Enrollment, Query: o.Evidence.Query, Status: o.Evidence.Status, SHA256: o.Evidence.SHA256,
			Since: o.Since, Last: o.Last, LongestGap: o.LongestGap, Count: o.Count,
		})
	}
	return d, seen, nil
}
