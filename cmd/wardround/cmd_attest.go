package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

func newAttestCommand(g *globals) *cobra.Command {
	var opts attestOptions
	cmd := &cobra.Command{
		Use:   "attest REQUIREMENT",
		Short: "State what no device can tell",
		Long: `State that a requirement holds which no device can tell of: a manual one, for devices,
a group or the organisation; one that a device of another make-up leaves open and whose
text allows it; and, for a User Enrollment, any. An attested row keeps its result and
says attested, it never passes. What a device says to the contrary makes the statement
void for it.

With --file the SHA-256 and the size of the file that shows it are kept, not the file.
A statement is good for 90 days, or until --until. It holds from the next round on, and
is in the chain.

Exit status: 0; 2 for wrong use.`,
		Example: `  wardround attest wr_governance_baa_signed --organisation --statement "signed 2026-10-02" --file baa.pdf
  wardround attest wr_zoom_waiting_room --baseline phsa-zoom --group "ward 7" --statement "seen in the admin portal" --author "Z. Ng" --until 2027-01-31
  wardround attest list --dir ward`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runAttest(ctx, args[0], opts, g.config, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	cmd.AddCommand(newAttestListCommand(g), newAttestRevokeCommand(g))
	return cmd
}

type attestOptions struct {
	scopeFlags
	statement, file, author, until string
}

func (o *attestOptions) addFlags(flags *pflag.FlagSet) {
	o.scopeFlags.addFlags(flags)
	flags.StringVar(&o.statement, "statement", "", "what is stated")
	flags.StringVar(&o.file, "file", "", "file that shows it; its digest and size are kept")
	flags.StringVar(&o.author, "author", "", "name or office of who states it (default: a pseudonym)")
	flags.StringVar(&o.until, "until", "90d", "the last day, as 2027-01-31, or how many days")
	flags.String("zone", localZone, zoneFlag)
}

func runAttest(ctx context.Context, requirement string, opts attestOptions, cfg Config, now time.Time, out io.Writer) (err error) {
	now = now.UTC().Truncate(time.Second)
	if err := wantText("statement", opts.statement); err != nil {
		return err
	}
	if len(opts.author) > 256 {
		return usage(errors.New("--author has more than 256 bytes"), "")
	}
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	until, err := untilFlag("until", opts.until, now, zone)
	if err != nil {
		return err
	}
	state, err := openState(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	a := store.Attestation{Attestation: checks.Attestation{Requirement: requirement, Statement: opts.statement, Author: opts.author, Given: now, Until: until}}
	var found []checks.Requirement
	if a.Baseline, found, err = opts.aboutWhat(ctx, state, requirement); err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(r checks.Requirement) bool { return r.Kind != checks.Info }) {
		return usage(fmt.Errorf("attest %s: it only informs, and nothing can be stated of it", requirement), "")
	}
	if a.Reach, err = opts.reach(ctx, state); err != nil {
		return err
	}
	if opts.file != "" {
		if a.Digest, a.Size, err = digestOfFile(opts.file); err != nil {
			return usage(fmt.Errorf("--file: %w", err), "")
		}
	}
	if a.AddedBy, err = actorOf(ctx, state); err != nil {
		return err
	}
	ids, err := state.Declare(ctx, now, a.AddedBy, []store.Declaration{{Action: store.StatementAdded, Attestation: &a}})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "attestation %s of %s for %s, until %s\n", ids[0], requirement, reachWords(a.Reach), stamp(until))
	if a.Digest != "" {
		fmt.Fprintf(out, "keep the file, %d bytes, SHA-256 %s: only its digest is kept here\n", a.Size, a.Digest)
	}
	fmt.Fprint(out, attestNote(found, a.Reach))
	return nil
}

// attestNote says where a statement will not count; empty: it will.
func attestNote(found []checks.Requirement, r checks.Reach) string {
	manual := func(r checks.Requirement) bool { return r.Kind == checks.Manual }
	organisation := func(r checks.Requirement) bool { return r.Scope == checks.OrganisationScope }
	switch {
	case !slices.ContainsFunc(found, func(r checks.Requirement) bool { return manual(r) || len(r.Attestable) > 0 }):
		return "devices are asked about it: the statement counts for User Enrollments alone\n"
	case !slices.ContainsFunc(found, func(r checks.Requirement) bool { return !organisation(r) }) && len(r.Devices) > 0:
		return "it is judged for the organisation and its groups: for a device the statement does not count\n"
	}
	return ""
}

// digestOfFile reads a file through.
func digestOfFile(name string) (digest string, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%s: not a file", name)
	}
	sum := sha256.New()
	if size, err = io.Copy(sum, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(sum.Sum(nil)), size, nil
}

func newAttestRevokeCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ATTESTATION",
		Short: "Take an attestation back",
		Long: `Take an attestation back before its time. It stays in the list with --all.

Exit status: 0; 2 for wrong use.`,
		Example: "  wardround attest revoke A-3 --dir ward",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runAttestRevoke(ctx, args[0], g.config.Dir, time.Now(), g.out)
		}),
	}
}

func runAttestRevoke(ctx context.Context, id, dir string, now time.Time, out io.Writer) (err error) {
	now = now.UTC().Truncate(time.Second)
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	all, err := state.Attestations(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(a store.Attestation) bool { return strings.EqualFold(a.ID, id) })
	switch {
	case i < 0:
		return usage(fmt.Errorf("there is no attestation %q", id), "'wardround attest list --all' has their ids")
	case !all[i].Revoked.IsZero():
		return usage(fmt.Errorf("revoke %s: it was revoked at %s", id, stamp(all[i].Revoked)), "")
	}
	actor, err := actorOf(ctx, state)
	if err != nil {
		return err
	}
	all[i].Revoked = now
	if _, err := state.Declare(ctx, now, actor, []store.Declaration{{Action: store.StatementRevoked, Attestation: &all[i]}}); err != nil {
		return err
	}
	fmt.Fprintf(out, "attestation %s is revoked\n", all[i].ID)
	return nil
}
