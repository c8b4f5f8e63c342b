package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/mdm"
)

func newPrivacyEraseCommand(g *globals) *cobra.Command {
	var opts eraseOptions
	cmd := &cobra.Command{
		Use:   "erase",
		Short: "Erase what is kept of a device or a user",
		Long: `Erase what is kept of a device, or of the channel of one user, from state.db and
results.db: bodies of messages, ids, serial number, inventory row, tokens of what has
left. Its evidence stays as rows of numbers, times and digests, and its verdicts as
those of a device that nobody can name; --history erases these too. Without --yes it
says what would go and changes nothing.

Afterwards the files are written anew and their logs emptied, so no serve may run. What
you copied before, backups, exports, published snapshots, is not known here and yours
to delete. A second time its name is not known.

A device that is enrolled comes back with its next answer: without --force it is
refused, and with it what the server needs to go on with it stays until it leaves: its
enrollment id and serial number, the server's tables and what it has still to answer.
Under a legal hold nothing is erased.

Exit status: 0; 2 if there is no such device, it is refused, or the folder is in use.`,
		Example: `  wardround privacy erase --device DMPX0001 --dir ward
  wardround privacy erase --device DMPX0001 --history --yes --dir ward
  wardround privacy erase --user DMPX0001:zoe@clinic.example --yes --dir ward`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			return runPrivacyErase(ctx, opts, g.config, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	cmd.MarkFlagsOneRequired("device", "user")
	cmd.MarkFlagsMutuallyExclusive("device", "user")
	return cmd
}

type eraseOptions struct {
	device, user        string
	history, force, yes bool
}

func (o *eraseOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.device, "device", "", "id, serial number or asset tag of a device")
	flags.StringVar(&o.user, "user", "", "a user's channel: DEVICE:user-…, or DEVICE and the account, as DEVICE:zoe@clinic.example")
	flags.BoolVar(&o.history, "history", false, "erase its verdicts too")
	flags.BoolVar(&o.force, "force", false, "though it is enrolled")
	flags.BoolVar(&o.yes, "yes", false, "do it; without it, only say what would go")
}

func runPrivacyErase(ctx context.Context, opts eraseOptions, cfg Config, now time.Time, out io.Writer) (err error) {
	if opts.device == "" && opts.user == "" {
		return usage(errors.New("erase: nobody is named"), "name a device with --device, or a user with --user")
	}
	if err := wantData(cfg.Dir); err != nil {
		return err
	}
	unlock, err := alone(cfg.Dir, "erase in")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	gone, err := eraseIn(ctx, opts, cfg, now)
	if err != nil || !opts.yes || !gone.something() {
		if err == nil {
			gone.write(out, opts.yes)
		}
		return err
	}
	if err := vacuum(ctx, cfg.Dir); err != nil {
		return err
	}
	if err := cfg.publish(ctx); err != nil {
		return err
	}
	gone.write(out, true)
	return nil
}

// eraseIn erases in both files, the results first: as long as the state is
// there, what was interrupted can be found and gone on with.
func eraseIn(ctx context.Context, opts eraseOptions, cfg Config, now time.Time) (gone goneRecord, err error) {
	state, err := openState(ctx, cfg.Dir)
	if err != nil {
		return gone, err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	results, err := openHistory(ctx, cfg.Dir)
	if err != nil {
		return gone, err
	}
	defer func() { err = errors.Join(err, closeHistory(results)) }()

	e := &eraser{state: state, results: results, tombstone: newTombstone(), now: now, opts: opts}
	if err := e.find(ctx); err != nil {
		return gone, err
	}
	switch {
	case !e.known && len(e.all.Channels) == 0 && e.all.Rows+e.rows == 0:
		return gone, usage(fmt.Errorf("erase: no device has the id, serial number or asset tag %q", cmp.Or(opts.device, opts.user)),
			"'wardround devices' lists them; what was erased has no name any more")
	case e.all.Held:
		return gone, usage(fmt.Errorf("erase %s: %w", cmp.Or(opts.device, opts.user), store.ErrHeld), "'wardround db hold list' names it")
	case e.all.Enrolled && !opts.force:
		return gone, usage(fmt.Errorf("erase %s: %w", cmp.Or(opts.device, opts.user), store.ErrEnrolled),
			"unenroll it first, or take what is kept so far with --force: it comes back with its next answer")
	}
	if opts.yes {
		err = e.erase(ctx)
	}
	return goneRecord{e.all, e.rows, e.tombstone}, err
}

// An eraser erases what a name stands for.
type eraser struct {
	state     *sqlite.State
	results   *sqlite.Results // nil: there are none
	tombstone string
	now       time.Time
	opts      eraseOptions

	known bool         // the state has the device
	names []string     // under which something may be kept
	all   store.Erased // of all names
	rows  int64        // of the results
}

// find looks what would go.
func (e *eraser) find(ctx context.Context) error {
	if err := e.resolve(ctx); err != nil {
		return err
	}
	for _, name := range e.names {
		found, err := e.inState(ctx, name, true)
		if err != nil {
			return err
		}
		e.all.Channels = append(e.all.Channels, found.Channels...)
		e.all.Serials = append(e.all.Serials, found.Serials...)
		e.all.Rows += found.Rows
		e.all.Held, e.all.Enrolled = e.all.Held || found.Held, e.all.Enrolled || found.Enrolled
	}
	return e.inResults(ctx, true)
}

// resolve finds out what the name stands for. One that the state does not know
// may be in the results.
func (e *eraser) resolve(ctx context.Context) error {
	name, user := e.opts.device, ""
	if e.opts.user != "" {
		var ok bool
		if name, user, ok = strings.Cut(e.opts.user, ":"); !ok || name == "" || user == "" {
			return usage(fmt.Errorf("--user %q: not a device and a user", e.opts.user), "write DEVICE:user-… or DEVICE:account")
		}
	}
	enrolled, items, err := e.state.Named(ctx, name)
	if err != nil {
		return err
	}
	e.known = len(enrolled)+len(items) > 0
	var devices []string
	for _, d := range enrolled {
		switch {
		case user != "":
			devices = append(devices, e.state.PrivacyKey().Private(mdm.Enrollment{ID: d.ID + ":" + user, Type: mdm.SharedIPad, ParentID: d.ID}).ID)
		case d.Serial != "": // under which it may have enrolled more than once
			devices = append(devices, d.Serial)
		default:
			devices = append(devices, d.ID)
		}
	}
	for _, i := range items {
		if user == "" {
			devices = append(devices, strings.ToUpper(i.Serial))
		}
	}
	if len(devices) == 0 { // the results may know it
		devices = []string{cmp.Or(e.opts.user, name)}
	}
	e.names = unique(devices)
	return nil
}

func (e *eraser) inState(ctx context.Context, name string, dry bool) (store.Erased, error) {
	if e.opts.user != "" {
		return e.state.EraseUser(ctx, name, e.tombstone+tombSuffix(name, e.names), e.now, e.opts.force, dry)
	}
	return e.state.EraseDevice(ctx, name, e.tombstone+tombSuffix(name, e.names), e.now, e.opts.force, dry)
}

// tombSuffix tells the tombstones of several names apart.
func tombSuffix(name string, names []string) string {
	return fmt.Sprintf("-%d", slices.Index(names, name))
}

func (e *eraser) inResults(ctx context.Context, dry bool) (err error) {
	if e.results == nil {
		return nil
	}
	named := e.all
	named.Channels = unique(append(slices.Clone(named.Channels), e.names...))
	named.Serials = unique(named.Serials)
	if e.opts.user == "" {
		named.Serials = unique(append(named.Serials, e.names...))
	}
	e.rows, err = e.results.EraseResults(ctx, named, e.tombstone, e.now, e.opts.history, dry)
	return err
}

// erase erases. It is put down before it begins: what was interrupted is told
// of all the same.
func (e *eraser) erase(ctx context.Context) error {
	if e.all.Rows+e.rows == 0 {
		return nil
	}
	err := recordAct(ctx, e.state, store.ActErasure, store.ErasureAct{Subject: e.tombstone, Reason: "requested", Rows: e.all.Rows + e.rows}, e.now)
	if err == nil && e.opts.history && e.rows > 0 {
		// Which rounds had verdicts of it nobody can tell any more.
		err = recordAct(ctx, e.state, store.ActPrune, store.PruneAct{Stock: store.VerdictRows, Before: e.now.Unix() + 1, Rows: e.rows}, e.now)
	}
	if err == nil {
		err = e.inResults(ctx, false)
	}
	for _, name := range e.names {
		if err == nil {
			_, err = e.inState(ctx, name, false)
		}
	}
	return err
}

func unique(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// newTombstone stands for what was erased, and says nothing about it.
func newTombstone() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never errs, by its contract
	return "erased-" + hex.EncodeToString(b[:])
}

// A goneRecord is what went, or would go.
type goneRecord struct {
	erased    store.Erased
	rows      int64 // of the results
	tombstone string
}

// something reports whether anything goes: of a device that is enrolled, more
// than that it is.
func (g goneRecord) something() bool {
	return g.erased.Rows > 0 || g.rows > 0 || len(g.erased.Channels) > 0 && !g.erased.Enrolled
}

func (g goneRecord) write(out io.Writer, done bool) {
	if !g.something() {
		but := ""
		if g.erased.Enrolled {
			but = " but what the server needs, for it is enrolled"
		}
		fmt.Fprintf(out, "nothing of it is kept%s\n", but)
		g.writeStays(out)
		return
	}
	users := 0
	channels := unique(g.erased.Channels)
	for _, c := range channels {
		if strings.Contains(c, ":user-") {
			users++
		}
	}
	verb := "would be erased"
	if done {
		verb = "erased"
	}
	fmt.Fprintf(out, "%s: %d devices and %d users of state.db with %d rows, %d rows of results.db\n",
		verb, len(channels)-users, users, g.erased.Rows, g.rows)
	g.writeStays(out)
	if !done {
		fmt.Fprintln(out, "nothing was changed; --yes does it")
		return
	}
	fmt.Fprintf(out, "in their place stands %s\nbackups, exports and snapshots from before are yours to delete\n", g.tombstone)
}

// writeStays says what an erasure leaves of a device that is enrolled.
func (g goneRecord) writeStays(out io.Writer) {
	if g.erased.Enrolled {
		fmt.Fprintln(out, "until it leaves there stay its enrollment id and serial number, the MDM server's tables and what it was asked and has not answered")
	}
}
