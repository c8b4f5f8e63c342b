package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/evidence"
	"github.com/wardround/wardround/internal/judge"
)

// isExport reports whether a file begins as an evidence export does.
func isExport(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [4]byte
	_, err = io.ReadFull(f, head[:])
	return err == nil && evidence.Magic(head[:])
}

// export takes the devices of an evidence export. Its answers carry their own
// times, and say of which query each is. Its baselines are not judged: that is
// what replay does.
func (p *pile) export(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		p.unread(name, "unreadable", err)
		return nil
	}
	defer f.Close()
	r, err := evidence.NewReader(f)
	if err != nil {
		p.unread(name, "evidence-export", err)
		return nil
	}
	defer r.Close()
	contents, err := r.Contents()
	if err != nil {
		p.unread(name, "evidence-export", err)
		return nil
	}
	p.profiles = append(p.profiles, contents.Profiles...)
	for ctx.Err() == nil {
		line, answers, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			p.unread(name, "evidence-export", err)
			return nil
		}
		p.exported(name, line, answers, contents.Said())
	}
	return ctx.Err()
}

// exported files the answers of one device, once: another file about the same
// device would need to be told apart by time, and an export is whole.
func (p *pile) exported(name string, line evidence.Device, answers []evidence.Observation, said checks.Statements) {
	if _, had := p.whole[line.ID]; had {
		p.unread(name, "device-twice", fmt.Errorf("device %q is in another export too: not counted", line.ID))
		return
	}
	device := withStatements(line.Device(answers), said)
	for _, o := range device.Observations {
		p.bytes += int64(len(o.Evidence.Body))
		p.next = max(p.next, o.Evidence.ID)
	}
	if p.bytes > maxPile {
		p.unread(name, "too-much", fmt.Errorf("not counted: the paths hold more than %d MiB of messages; check them in parts", maxPile>>20))
		return
	}
	if p.whole == nil {
		p.whole = make(map[string]judge.Device)
	}
	p.whole[line.ID] = device
}

// catalog is known with the profiles of the exports.
func (p *pile) catalog(known *catalog.Catalog) *catalog.Catalog {
	if len(p.profiles) == 0 {
		return known
	}
	if p.joined == nil {
		more, problems := exportedCatalog(p.profiles)
		p.problems = append(p.problems, problems...)
		p.joined = catalog.New(slices.Concat(known.Profiles(), more.Profiles())...)
	}
	return p.joined
}
