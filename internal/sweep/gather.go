package sweep

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
)

// EachDevice gathers what the store knows of each enrolled device, one at a
// time and in order of the store's list, and calls f with it until f errs.
// Seen is what results keep of the observations.
func EachDevice(ctx context.Context, state store.State, f func(d judge.Device, seen []store.Seen) error) error {
	known, err := know(ctx, state)
	if err != nil {
		return err
	}
	for _, e := range known.devices {
		observations, err := state.Observations(ctx, e.ID)
		if err != nil {
			return fmt.Errorf("%s: %w", e.ID, err)
		}
		if err := f(known.device(e, observations)); err != nil {
			return err
		}
	}
	return nil
}

// knowledge is what the store knows of devices beside their answers.
type knowledge struct {
	devices   []store.Enrolled // the device channels that are enrolled
	owed      map[string][]judge.Question
	inventory []store.Item
	assets    map[string]checks.Asset // by serial number, in capital letters
	server    []checks.Expiry
}

func know(ctx context.Context, state store.State) (*knowledge, error) {
	k := &knowledge{owed: make(map[string][]judge.Question), assets: make(map[string]checks.Asset)}
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return nil, err
	}
	k.devices = slices.DeleteFunc(enrolled, func(e store.Enrolled) bool { return e.UserChannel() || !e.Enabled || IsCanary(e.Enrollment) })
	rows, err := state.Outstandings(ctx, 0)
	if err != nil {
		return nil, err
	}
	for _, o := range rows {
		k.owed[o.Enrollment] = append(k.owed[o.Enrollment], judge.Question{Query: o.Query, NotNow: o.NotNow > 0})
	}
	if k.inventory, err = state.Inventory(ctx); err != nil {
		return nil, err
	}
	for _, i := range k.inventory {
		k.assets[strings.ToUpper(i.Serial)] = i.Asset
	}
	return k, nil
}

// device puts what is known of a device together with its answers.
func (k *knowledge) device(e store.Enrolled, observations []store.Observation) (judge.Device, []store.Seen) {
	d := judge.Device{
		ID: e.ID, Unanswered: k.owed[e.ID], Server: k.server,
		Observations: make([]judge.Observation, 0, len(observations)),
	}
	if e.Serial != "" {
		d.Asset = k.assets[strings.ToUpper(e.Serial)]
	}
	seen := make([]store.Seen, 0, len(observations))
	for _, o := range observations {
		d.Observations = append(d.Observations, judge.Observation{Evidence: o.Evidence, Since: o.Since, Last: o.Last})
		seen = append(seen, store.Seen{
			Enrollment: o.Evidence.Enrollment, Query: o.Evidence.Query, Status: o.Evidence.Status, SHA256: o.Evidence.SHA256,
			Since: o.Since, Last: o.Last, LongestGap: o.LongestGap, Count: o.Count,
		})
	}
	return d, seen
}
