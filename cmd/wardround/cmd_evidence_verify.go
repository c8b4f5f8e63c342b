package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wardround/wardround/internal/chain"
	"github.com/wardround/wardround/internal/store"
)

func newEvidenceVerifyCommand(g *globals) *cobra.Command {
	var opts verifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Walk the chain and name the first broken link",
		Long: `Walk the hash chain in results.db from its first entry, take the digests of each
round anew from the rows that are kept, compare bodies of evidence and recorded acts
with what the chain says of them, and name the first link that does not fit. Bodies
that were pruned are no break: their digests are kept.

Heads that were kept elsewhere are what forbids whoever holds this folder to make the
chain anew: give them with --head (each file may hold several). With results.db alone,
evidence and acts are in no file to compare, and the rest is verified.

A serve may run meanwhile.

Exit status: 0 if all fits; 1 if a link is broken; 2 if there is no chain, or a head or
key cannot be read.`,
		Example: `  wardround evidence verify --dir ward
  wardround evidence verify --dir ward --head heads.txt --key chain.pub
  wardround evidence verify --dir ward --format json`,
		Args: cobra.NoArgs,
		RunE: g.command(func(ctx context.Context, _ []string) error {
			if len(opts.heads) == 0 && isThere(g.config.HeadFile) {
				opts.heads = []string{g.config.HeadFile}
			}
			return runEvidenceVerify(ctx, opts, g.config.Dir, g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

type verifyOptions struct {
	heads  []string
	key    string
	format string
}

func (o *verifyOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.heads, "head", nil, "file of signed heads; may be repeated (default: the configured head-file)")
	flags.StringVar(&o.key, "key", "", "public key of the heads (default: chain.pub in --dir, else the one in the first entry)")
	flags.StringVar(&o.format, "format", "text", "text or json")
}

func runEvidenceVerify(ctx context.Context, opts verifyOptions, dir string, out io.Writer) (err error) {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	heads, err := readHeads(opts.heads)
	if err != nil {
		return err
	}
	results, err := openResults(ctx, dir)
	if err != nil {
		return usage(err, "")
	}
	defer results.Close()
	c, err := results.Chain(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	a := &audit{chain: c, heads: heads}
	if isThere(filepath.Join(dir, stateFile)) {
		state, err := openState(ctx, dir)
		if err != nil {
			return err
		}
		defer state.Close()
		a.state = state
	}
	if a.keys, err = publicKeys(ctx, opts.key, dir, c); err != nil {
		return err
	}
	record, err := a.run(ctx)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if opts.format == "json" {
		err = writeIndented(out, record)
	} else {
		err = record.write(out)
	}
	if err == nil && record.Broken != nil {
		err = &statusError{code: exitFailures}
	}
	return err
}

// maxHeadFile bounds a file of heads, in bytes: one a day is 80 kB a year.
const maxHeadFile = 4 << 20

// readHeads reads the signed heads in files.
func readHeads(names []string) ([]chain.SignedHead, error) {
	var heads []chain.SignedHead
	for _, name := range names {
		data, err := readFile(name, maxHeadFile)
		if err != nil {
			return nil, usage(fmt.Errorf("heads: %w", err), "")
		}
		texts := splitHeads(string(data))
		for _, text := range texts {
			head, err := chain.ParseHead([]byte(text))
			if err != nil {
				return nil, usage(fmt.Errorf("heads %s: %w", name, err), "a head is six lines, as 'wardround serve' logs it or writes it to head-file")
			}
			heads = append(heads, head)
		}
	}
	return heads, nil
}

// splitHeads cuts a file before each line that begins a head.
func splitHeads(text string) []string {
	const first = "wardround/chain/head/"
	var texts []string
	for _, part := range strings.SplitAfter(text, "\n") {
		if strings.HasPrefix(part, first) || len(texts) == 0 {
			texts = append(texts, "")
		}
		texts[len(texts)-1] += part
	}
	return slices.DeleteFunc(texts, func(s string) bool { return strings.TrimSpace(s) == "" && len(texts) > 1 })
}

// readPublicKey reads the public half of a chain's key.
func readPublicKey(name string) (chain.PublicKey, error) {
	data, err := readFile(name, maxHeadFile)
	if err != nil {
		return chain.PublicKey{}, fmt.Errorf("public key: %w", err)
	}
	key, err := chain.ParsePublicKey(data)
	if err != nil {
		return chain.PublicKey{}, fmt.Errorf("public key %s: %w", name, err)
	}
	return key, nil
}

// publicKeys are those that heads may be signed with.
func publicKeys(ctx context.Context, named, dir string, c store.Chain) ([]chain.PublicKey, error) {
	key, err := readPublicKey(cmp.Or(named, filepath.Join(dir, chainPublicFile)))
	switch {
	case err == nil:
		return []chain.PublicKey{key}, nil
	case named != "" || !errors.Is(err, os.ErrNotExist):
		return nil, usage(err, "")
	}
	for e, err := range c.Entries(ctx) {
		if err != nil {
			return nil, err
		}
		g, err := chain.Decode[chain.Genesis](e)
		if err != nil {
			break // which the walk will tell
		}
		if key, err := chain.ParsePublicKey([]byte(g.Key)); err == nil {
			return []chain.PublicKey{key}, nil
		}
		break
	}
	return nil, nil
}

// An auditRecord is what a verification found.
type auditRecord struct {
	Verified bool             `json:"verified"`
	Broken   *brokenLink      `json:"broken,omitempty"`
	Chain    chain.ID         `json:"chain"`
	Entries  int64            `json:"entries"`
	From     string           `json:"from,omitempty"`
	To       string           `json:"to,omitempty"`
	Last     chain.Hash       `json:"last"` // hash of the last entry
	Kinds    map[string]int64 `json:"kinds"`
	Rounds   auditedRounds    `json:"rounds"`
	Evidence *auditedEvidence `json:"evidence,omitempty"` // none without state.db
	Acts     *auditedActs     `json:"acts,omitempty"`     // none without state.db
	Heads    int              `json:"heads"`              // that the chain meets
	State    bool             `json:"state"`              // there was a state.db to compare with
	Notes    []string         `json:"notes"`
}

// A brokenLink is where the chain does not hold. Entry is 0 if it is no entry
// of the chain that does not fit.
type brokenLink struct {
	Entry  int64  `json:"entry"`
	Kind   string `json:"kind"`
	Fault  string `json:"fault"`
	Detail string `json:"detail"`
}

type auditedRounds struct {
	Compared int64 `json:"compared"` // with their rows
	Pruned   int64 `json:"pruned"`   // of which rows are gone, as an entry tells
}

type auditedEvidence struct {
	Bodies  int64 `json:"bodies"`  // that are what their digests say
	Dropped int64 `json:"dropped"` // of which only the digest is kept
}

type auditedActs struct {
	Compared int64 `json:"compared"`
	Waiting  int64 `json:"waiting"` // for the next round
}

func (r *auditRecord) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "chain\t%s, %s, %s to %s\n", r.Chain, entries(r.Entries), r.From, r.To)
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", r.Kinds[kind], cmp.Or(kind, "unknown")))
	}
	fmt.Fprintf(w, "kinds\t%s\n", strings.Join(kinds, ", "))
	fmt.Fprintf(w, "rounds\t%d compared with their rows, %d pruned\n", r.Rounds.Compared, r.Rounds.Pruned)
	if r.Evidence != nil {
		fmt.Fprintf(w, "evidence\t%d bodies are what their digests say, %d dropped\n", r.Evidence.Bodies, r.Evidence.Dropped)
	} else if !r.State {
		fmt.Fprintf(w, "evidence\tnot compared: there is no %s\n", stateFile)
	}
	if r.Acts != nil {
		fmt.Fprintf(w, "acts\t%d compared, %d waiting for the next round\n", r.Acts.Compared, r.Acts.Waiting)
	}
	if r.Heads > 0 {
		fmt.Fprintf(w, "heads\t%d met\n", r.Heads)
	} else if r.Broken == nil {
		fmt.Fprintf(w, "heads\tnone given: whoever holds the folder could have made the chain anew\n")
	}
	fmt.Fprintf(w, "last\t%s\n", r.Last)
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note\t%s\n", n)
	}
	if b := r.Broken; b != nil {
		fmt.Fprintf(w, "BROKEN\t%s\n", b)
	} else {
		fmt.Fprintf(w, "result\tall fits\n")
	}
	return w.Flush()
}

// String is one line.
func (b *brokenLink) String() string {
	where := b.Kind
	if b.Entry > 0 {
		where = strings.TrimSpace(fmt.Sprintf("entry %d %s", b.Entry, b.Kind))
	}
	return fmt.Sprintf("%s: %s: %s", where, b.Fault, b.Detail)
}

// stampOrNone is empty for the zero time.
func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
