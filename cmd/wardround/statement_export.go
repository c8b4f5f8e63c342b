package main

import (
	"context"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/evidence"
	"github.com/wardround/wardround/internal/judge"
)

// withStatements is a device with what people have said.
func withStatements(d judge.Device, said checks.Statements) judge.Device {
	d.Statements = said
	return d
}

// readStatements reads those that counted in the round. With a part of the fleet
// only those that bear on it are exported, and name nobody else.
func (x *exporter) readStatements(ctx context.Context) error {
	said, err := x.results.Said(ctx, x.head.Now)
	if err != nil {
		return err
	}
	x.stated = evidence.StatementsOf(said)
	names := slices.ContainsFunc(x.stated, func(s evidence.Statement) bool { return len(s.Devices) > 0 })
	if names && (x.opts.device != "" || x.opts.group != "") {
		wanted := make(map[string]bool)
		err := x.results.EachDevice(ctx, x.head.Now, func(d checks.DeviceResult) error {
			if x.wants(d.Subject) {
				wanted[strings.ToUpper(d.Subject.ID)], wanted[strings.ToUpper(d.Subject.Serial)] = true, true
			}
			return nil
		})
		if err != nil {
			return err
		}
		x.stated = evidence.Only(x.stated, func(name string) bool { return wanted[strings.ToUpper(name)] })
	}
	if x.hide != nil {
		for i, s := range x.stated {
			if x.stated[i], err = x.hide.Statement(s); err != nil {
				return err
			}
		}
	}
	contents := evidence.Contents{Statements: x.stated}
	x.said = contents.Said()
	return nil
}
