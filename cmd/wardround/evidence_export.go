package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/catalog"
	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/evidence"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/profiles"
)

// An exporter writes what the last round's verdicts rest on, and judges it
// again on the way.
type exporter struct {
	opts    exportOptions
	since   time.Time // zero: no superseded answers
	errs    io.Writer
	state   *sqlite.State
	results store.Results
	chain   store.Chain
	asked   map[string][]store.Outstanding // what devices were asked, by enrollment
	hide    *evidence.Redactor             // nil: nothing is hidden

	head      evidence.Head
	baselines []evidence.Baseline
	judged    []*checks.Baseline
	files     []evidence.Profile
	known     *catalog.Catalog
	items     []store.Item
	stated    []evidence.Statement
	said      checks.Statements // as they are in the export

	devices, otherwise int
}

func openExporter(ctx context.Context, opts exportOptions, dir string, since, now time.Time, errs io.Writer) (_ *exporter, err error) {
	x := &exporter{opts: opts, since: since, errs: errs}
	defer func() {
		if err != nil {
			err = errors.Join(err, x.Close())
		}
	}()
	if x.results, err = openResults(ctx, dir); err != nil {
		return nil, err
	}
	if x.state, err = openState(ctx, dir); err != nil {
		return nil, err
	}
	if x.chain, err = x.results.Chain(ctx); err != nil {
		return nil, err
	}
	if err := x.begin(ctx, dir, now); err != nil {
		return nil, err
	}
	if opts.redacted {
		names, err := x.state.Pseudonyms(ctx)
		if err != nil {
			return nil, err
		}
		x.hide = evidence.NewRedactor(func(text string) (string, error) { return names.Subject("export\n" + text) })
	}
	if x.items, err = x.state.Inventory(ctx); err != nil {
		return nil, err
	}
	if err := x.readAsked(ctx); err != nil {
		return nil, err
	}
	if err := x.readStatements(ctx); err != nil {
		return nil, err
	}
	if err := x.readBaselines(ctx); err != nil {
		return nil, err
	}
	return x, x.readCatalog(dir)
}

// Close closes what is open.
func (x *exporter) Close() error {
	var errs []error
	if x.chain != nil {
		errs = append(errs, x.chain.Close())
	}
	if x.state != nil {
		errs = append(errs, x.state.Close())
	}
	if x.results != nil {
		errs = append(errs, x.results.Close())
	}
	return errors.Join(errs...)
}

// begin fills in the head.
func (x *exporter) begin(ctx context.Context, dir string, now time.Time) error {
	asOf, _, err := x.results.AsOf(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return usage(errors.New("no round has been judged yet"), "make one with 'wardround sweep'")
	}
	if err != nil {
		return err
	}
	x.head = evidence.Head{Tool: toolVersion(), Now: asOf, Redacted: x.opts.redacted, Only: x.only()}
	if x.head.Through, err = x.results.Cursor(ctx); err != nil {
		return err
	}
	id, last, err := x.chain.Head(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	x.head.Chain = &evidence.Chain{ID: id.String(), Seq: last.Seq, Hash: last.Hash.String()}
	if !isThere(filepath.Join(dir, chainKeyFile)) {
		return nil
	}
	key, err := chain.LoadOrCreateKey(filepath.Join(dir, chainKeyFile))
	if err != nil {
		return usage(err, "")
	}
	signed, err := key.Sign(chain.HeadOf(id, last, now))
	x.head.Chain.Head = signed.String()
	return err
}

// only says which devices the export holds.
func (x *exporter) only() string {
	switch {
	case x.opts.device != "":
		return "one device"
	case x.opts.group != "":
		return "group " + x.opts.group
	}
	return ""
}

// readAsked collects what devices were asked, answered by now or not.
func (x *exporter) readAsked(ctx context.Context) error {
	sweeps, err := x.state.Sweeps(ctx)
	if err != nil {
		return err
	}
	rows, err := x.state.Outstandings(ctx, 0)
	if err != nil {
		return err
	}
	for _, s := range sweeps {
		more, err := x.state.Outstandings(ctx, s.ID)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	x.asked = make(map[string][]store.Outstanding)
	for _, o := range rows {
		if o.Lost || o.AskedAt.After(x.endOfSecond()) || !o.AnsweredAt.IsZero() && !o.AnsweredAt.After(x.head.Now) {
			continue
		}
		if !slices.ContainsFunc(x.asked[o.Enrollment], func(p store.Outstanding) bool { return p.Query == o.Query }) {
			x.asked[o.Enrollment] = append(x.asked[o.Enrollment], o)
		}
	}
	return nil
}

// endOfSecond is the last moment that the time of the round may stand for: it
// is kept in whole seconds.
func (x *exporter) endOfSecond() time.Time { return x.head.Now.Add(time.Second - 1) }

// readBaselines finds the baselines that were judged, by their digests: those
// that are named, else as they are shipped or were kept.
func (x *exporter) readBaselines(ctx context.Context) error {
	recorded, err := x.results.BaselineResults(ctx, x.head.Now)
	if err != nil {
		return err
	}
	named := make(map[string]*checks.Baseline)
	for _, name := range x.opts.baselines {
		b, err := loadBaseline(name)
		if err != nil {
			return err
		}
		named[b.Digest] = b
	}
	for _, r := range recorded {
		b, ok := named[r.Digest]
		if !ok {
			if b, err = judgedBaseline(ctx, x.results, r); err != nil {
				if u, ok := errors.AsType[*usageError](err); ok {
					err = usage(u.err, "name the file of that version with --baseline, or make a round")
				}
				return err
			}
		}
		line := evidence.Baseline{ID: r.ID, Version: r.Version, Digest: r.Digest, Texts: b.Texts()}
		if len(line.Texts) == 0 {
			if line.YAML, err = checks.BuiltinSource(r.ID); err != nil {
				return fmt.Errorf("baseline %s: %w", r.ID, err)
			}
		}
		x.judged = append(x.judged, b)
		x.baselines = append(x.baselines, line)
	}
	return nil
}

// readCatalog reads the profiles with their bytes, former ones too.
func (x *exporter) readCatalog(dir string) error {
	paths := x.opts.catalog
	for _, own := range []string{catalogDir, formerCatalogDir} {
		if path := filepath.Join(dir, own); len(x.opts.catalog) == 0 || own == formerCatalogDir {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				paths = append(slices.Clone(paths), path)
			}
		}
	}
	open, err := catalog.Open(paths...)
	if err != nil {
		return usage(err, "")
	}
	var known []*profiles.Profile
	for _, p := range open.Profiles() {
		data, err := readFile(p.Name, profiles.MaxSize)
		sum := sha256.Sum256(data)
		if err == nil && hex.EncodeToString(sum[:]) != p.SHA256 {
			err = errors.New("it changed while it was read")
		}
		if err != nil {
			return fmt.Errorf("catalog: %s: %w", p.Name, err)
		}
		file := evidence.Profile{Name: p.Name, SHA256: p.SHA256, Data: data}
		if x.hide != nil {
			if file, p, err = x.redactProfile(file); err != nil {
				fmt.Fprintf(x.errs, "wardround: left out: %v\n", err)
				continue
			}
		}
		x.files = append(x.files, file)
		known = append(known, p)
	}
	x.known = catalog.New(known...)
	return nil
}

// redactProfile hides whose a profile is.
func (x *exporter) redactProfile(file evidence.Profile) (evidence.Profile, *profiles.Profile, error) {
	name := filepath.Base(file.Name)
	hidden, err := x.hide.Profile(file)
	if err != nil {
		return file, nil, err
	}
	before, err := profiles.Parse(name, file.Data)
	if err != nil {
		return file, nil, err
	}
	after, err := profiles.Parse(name, hidden.Data)
	if err != nil {
		return file, nil, fmt.Errorf("%s: its organisation cannot be hidden: %w", name, err)
	}
	if before.Organization != "" && after.Organization == before.Organization {
		return file, nil, fmt.Errorf("%s: its organisation cannot be hidden in this form of file", name)
	}
	hidden.Name = name
	return hidden, after, nil
}

// write writes the export.
func (x *exporter) write(ctx context.Context, out io.Writer) error {
	w, err := evidence.NewWriter(out, x.head)
	if err != nil {
		return err
	}
	for _, b := range x.baselines {
		if err := w.Baseline(b); err != nil {
			return err
		}
	}
	for _, p := range x.files {
		if err := w.Profile(p); err != nil {
			return err
		}
	}
	if err := x.writeItems(w); err != nil {
		return err
	}
	for _, s := range x.stated {
		if err := w.Statement(s); err != nil {
			return err
		}
	}
	err = x.results.EachDevice(ctx, x.head.Now, func(d checks.DeviceResult) error {
		if !x.wants(d.Subject) {
			return nil
		}
		x.devices++
		return x.device(ctx, w, d)
	})
	if err == nil && x.devices == 0 {
		err = usage(errors.New("no device of the last round is meant by that"), "'wardround devices' lists them")
	}
	if err == nil {
		err = x.unchanged(ctx)
	}
	return errors.Join(err, w.Close())
}

// unchanged wants that no round was recorded meanwhile.
func (x *exporter) unchanged(ctx context.Context) error {
	asOf, _, err := x.results.AsOf(ctx)
	if err == nil && !asOf.Equal(x.head.Now) {
		err = errors.New("a round was recorded meanwhile; export anew")
	}
	return err
}

// writeItems writes the inventory, of a part of the fleet its own rows.
func (x *exporter) writeItems(w *evidence.Writer) error {
	for _, i := range x.items {
		own := checks.Subject{Serial: i.Serial, Asset: i.Asset, Groups: []string{i.Group}}
		if (x.opts.device != "" || x.opts.group != "") && !x.wants(own) {
			continue
		}
		item := evidence.Item{Serial: i.Serial, Asset: evidence.AssetOf(i.Asset), ExpectedBy: i.ExpectedBy}
		if x.hide != nil {
			var err error
			if item, err = x.hide.Item(item); err != nil {
				return err
			}
		}
		if err := w.Item(item); err != nil {
			return err
		}
	}
	return nil
}

// wants tells whether a device is to be exported.
func (x *exporter) wants(s checks.Subject) bool {
	named := func(name string) bool { return name != "" && strings.EqualFold(name, x.opts.device) }
	if x.opts.device != "" && !named(s.ID) && !named(s.Serial) && !named(s.AssetTag) {
		return false
	}
	return x.opts.group == "" || s.Group == x.opts.group || slices.Contains(s.Groups, x.opts.group)
}

// device writes one device, and judges what it wrote.
func (x *exporter) device(ctx context.Context, w *evidence.Writer, recorded checks.DeviceResult) error {
	line, answers, err := x.gather(ctx, recorded)
	if err != nil {
		return err
	}
	if x.hide != nil {
		if line, answers, err = x.hide.Device(line, recorded.Subject.Serial, answers); err != nil {
			return fmt.Errorf("%s: %w", recorded.Subject.ID, err)
		}
	}
	again := judge.Judge(withStatements(line.Device(answers), x.said), x.catalog(), x.judged, x.head.Now).Result
	if same, err := sameVerdicts(recorded, again, x.head.Now, x.hide != nil); err != nil {
		return err
	} else if !same {
		x.otherwise++
		fmt.Fprintf(x.errs, "wardround: verdicts of %s come out otherwise than they were recorded\n", printable(recorded.Subject.ID))
	}
	return w.Device(line, answers)
}

func (x *exporter) catalog() judge.Catalog { return x.known }
