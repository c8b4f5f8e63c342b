package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/internal/store/sqlite"
)

func newDevicesImportCommand(g *globals) *cobra.Command {
	var merge, dryRun bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Read the inventory: what devices ought to be there",
		Long: `Read a CSV inventory, one device a line, with a first line that names the columns:
serial (required), asset_tag, site, ward, owner_role, group, expected_by (a day, as
2026-12-31; empty: now). It replaces the inventory that was kept, or with --merge
adds to it: a serial that is there already is replaced, others stay.

Reports count against the inventory, group by it and name devices as it does. An
unknown column, a serial that comes twice or a day that is none is an error with
its line, and nothing is changed then.

Exit status: 0; 2 if the file has an error.`,
		Example: `  wardround devices import inventory.csv --dir ward
  wardround devices import ward7.csv --merge --dry-run --dir ward`,
		Args: cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runDevicesImport(ctx, args[0], merge, dryRun, g.config.Dir, time.Now(), g.out)
		}),
	}
	cmd.Flags().BoolVar(&merge, "merge", false, "keep what the file does not name")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would change, and change nothing")
	return cmd
}

func runDevicesImport(ctx context.Context, name string, merge, dryRun bool, dir string, now time.Time, out io.Writer) error {
	data, err := readFile(name, maxInventoryFile)
	if err != nil {
		return usage(fmt.Errorf("inventory: %w", err), "")
	}
	items, err := readInventory(data)
	if err != nil {
		return usage(fmt.Errorf("inventory %s: %w", name, err), "nothing was changed")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return usage(fmt.Errorf("data folder: %w", err), "")
	}
	state, err := sqlite.OpenState(ctx, filepath.Join(dir, stateFile))
	if err != nil {
		return usage(err, "")
	}
	defer state.Close()
	old, err := state.Inventory(ctx)
	if err != nil {
		return fmt.Errorf("import inventory: %w", err)
	}
	next := bySerial(items)
	if merge {
		next = bySerial(old)
		maps.Copy(next, bySerial(items))
	}
	change := changeOf(bySerial(old), next)
	if !dryRun {
		sorted := slices.SortedFunc(maps.Values(next), func(a, b store.Item) int { return strings.Compare(a.Serial, b.Serial) })
		if err := state.ReplaceInventory(ctx, sorted); err != nil {
			return fmt.Errorf("import inventory: %w", err)
		}
		if err := recordAdmin(ctx, state, "inventory-import", change.details(len(next)), now); err != nil {
			return err
		}
	}
	did := ""
	if dryRun {
		did = "; nothing was changed"
	}
	fmt.Fprintf(out, "%s read: %d new, %d changed, %d as before, %d removed; the inventory has %s%s\n",
		counted(len(items), "device"), change.added, change.changed, change.same, change.removed, counted(len(next), "device"), did)
	return nil
}

func bySerial(items []store.Item) map[string]store.Item {
	m := make(map[string]store.Item, len(items))
	for _, i := range items {
		m[i.Serial] = i
	}
	return m
}

// An inventoryChange counts what an import does.
type inventoryChange struct{ added, changed, same, removed int }

// details is what the chain tells of an import: no serial number, only how many.
func (c inventoryChange) details(total int) map[string]string {
	return map[string]string{
		"added": strconv.Itoa(c.added), "changed": strconv.Itoa(c.changed), "removed": strconv.Itoa(c.removed), "total": strconv.Itoa(total),
	}
}

func changeOf(old, next map[string]store.Item) inventoryChange {
	var c inventoryChange
	for serial, item := range next {
		before, had := old[serial]
		switch {
		case !had:
			c.added++
		case before != item:
			c.changed++
		default:
			c.same++
		}
	}
	for serial := range old {
		if _, still := next[serial]; !still {
			c.removed++
		}
	}
	return c
}
