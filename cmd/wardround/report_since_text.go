package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/store"
)

// These keep the changes of any fleet on a few screens.
const (
	maxChangeGroups = 40
	maxChangeNames  = 8
)

// A changeGroup is changes of one kind to the same in one round.
type changeGroup struct {
	at          time.Time
	kind        store.ChangeKind
	baseline    string
	requirement string
	severity    checks.Severity
	count       int
	names       []string
	also        map[string]int
}

// changesText groups what changed by round, kind and requirement, and tells of
// how many of them what else changed too.
func changesText(w io.Writer, since, now time.Time, zone *time.Location, each changeFeed) error {
	type key struct {
		at                    int64
		kind                  store.ChangeKind
		baseline, requirement string
	}
	groups, totals := make(map[key]*changeGroup), make(map[store.ChangeKind]int)
	err := each(func(c store.Change) error {
		k := key{c.At.Unix(), c.Kind, c.Baseline, c.Requirement}
		if c.Kind == store.ChangeStale { // each has a second of its own
			k.at = c.At.Truncate(24 * time.Hour).Unix()
		}
		g := groups[k]
		if g == nil {
			g = &changeGroup{at: c.At, kind: c.Kind, baseline: c.Baseline, requirement: c.Requirement, severity: c.Severity, also: make(map[string]int)}
			groups[k] = g
		}
		g.count++
		totals[c.Kind]++
		if name := cmp.Or(c.AssetTag, c.Serial, c.DeviceID); name != "" && len(g.names) < maxChangeNames {
			g.names = append(g.names, printable(name))
		}
		for _, a := range c.Also {
			if len(g.also) < maxChangeGroups || g.also[alteration(a)] > 0 {
				g.also[alteration(a)]++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Changes since %s, as of %s\n", since.In(zone).Format("2006-01-02 15:04 MST"), now.In(zone).Format("2006-01-02 15:04 MST"))
	if len(totals) == 0 {
		b.WriteString("Nothing changed.\n")
	}
	for _, kind := range slices.Sorted(maps.Keys(totals)) {
		fmt.Fprintf(&b, "  %-14s%d\n", kind, totals[kind])
	}
	list := slices.SortedFunc(maps.Values(groups), func(x, y *changeGroup) int {
		return cmp.Or(y.at.Compare(x.at), cmp.Compare(changeRank(x.kind), changeRank(y.kind)), cmp.Compare(y.count, x.count),
			cmp.Compare(x.baseline, y.baseline), cmp.Compare(x.requirement, y.requirement))
	})
	var at time.Time
	for _, g := range list[:min(len(list), maxChangeGroups)] {
		if !g.at.Equal(at) {
			at = g.at
			fmt.Fprintf(&b, "\n%s\n", at.In(zone).Format("2006-01-02 15:04:05 MST"))
		}
		g.write(&b)
	}
	if rest := len(list) - maxChangeGroups; rest > 0 {
		fmt.Fprintf(&b, "\nand %d more; --format csv has all\n", rest)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func (g *changeGroup) write(b *strings.Builder) {
	about := g.requirement
	if about != "" && g.severity != "" {
		about += " (" + string(g.severity) + ", " + g.baseline + ")"
	}
	fmt.Fprintf(b, "  %-14s%s", g.kind, printable(cmp.Or(about, g.baseline)))
	if len(g.names) > 0 {
		if about != "" {
			b.WriteString(": ")
		}
		b.WriteString(strings.Join(g.names, ", "))
		if rest := g.count - len(g.names); rest > 0 {
			fmt.Fprintf(b, " and %d more", rest)
		}
	}
	b.WriteString("\n")
	for _, what := range slices.SortedFunc(maps.Keys(g.also), func(x, y string) int {
		return cmp.Or(cmp.Compare(g.also[y], g.also[x]), cmp.Compare(x, y))
	}) {
		of := ""
		if g.count > 1 {
			of = fmt.Sprintf(" on %d of %d", g.also[what], g.count)
		}
		fmt.Fprintf(b, "                in the same round: %s%s\n", printable(what), of)
	}
}

// changeRank puts first what someone may have to act on.
func changeRank(kind store.ChangeKind) int {
	return slices.Index([]store.ChangeKind{
		store.ChangeNewlyFailing, store.ChangeNewlyUnknown, store.ChangeStale, store.ChangeGone, store.ChangeFixed,
		store.ChangeNewlyKnown, store.ChangeOther, store.ChangeEnrolled, store.ChangeBaseline, store.ChangeDevice,
	}, kind)
}
