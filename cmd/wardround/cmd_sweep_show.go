package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/internal/store"
)

func newSweepShowCommand(g *globals) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show SWEEP",
		Short: "Show what a sweep asked, and what became of it",
		Long: `Show a sweep with every command it asked: whom, what, when, and what came back.
The commands of the last eight sweeps are kept, of 64 the counts.

Exit status: 0; 2 if there is no such sweep.`,
		Example: "  wardround sweep show 12 --dir ward",
		Args:    cobra.ExactArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			id, err := sweepNumber(args[0])
			if err != nil {
				return err
			}
			return runSweepShow(ctx, id, format, g.config.Dir, g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// A commandRecord is one command of a sweep.
type commandRecord struct {
	Enrollment  string `json:"enrollment"`
	Serial      string `json:"serial"`
	Query       string `json:"query"`
	CommandUUID string `json:"command_uuid"`
	Sweep       int64  `json:"sweep"`
	AskedAt     string `json:"asked_at"`
	AnsweredAt  string `json:"answered_at"` // empty: not yet
	Status      string `json:"status"`      // of the last report; empty: none, or one that could not be read
	NotNow      int    `json:"notnow"`
	LastPush    string `json:"last_push"`
	LastError   string `json:"last_error"`
	Lost        bool   `json:"lost"`
}

func newCommandRecord(o store.Outstanding, serial string) commandRecord {
	return commandRecord{
		Enrollment: o.Enrollment, Serial: serial, Query: string(o.Query), CommandUUID: o.CommandUUID, Sweep: o.Sweep,
		AskedAt: stamp(o.AskedAt), AnsweredAt: stamp(o.AnsweredAt), Status: string(o.Status), NotNow: o.NotNow,
		LastPush: stamp(o.LastPush), LastError: o.LastError, Lost: o.Lost,
	}
}

// came says in a word what became of a command.
func (r commandRecord) came() string {
	switch {
	case r.Lost:
		return "lost, asked again"
	case r.AnsweredAt != "" && r.Status == "":
		return "could not be read"
	case r.AnsweredAt != "":
		return r.Status
	case r.NotNow > 0:
		return fmt.Sprintf("put off, %s", counted(r.NotNow, "time"))
	case r.LastError != "":
		return "silent; not woken: " + r.LastError
	}
	return "silent"
}

func runSweepShow(ctx context.Context, id int64, format, dir string, out io.Writer) error {
	if err := formatFlag(format, "text", "json"); err != nil {
		return err
	}
	state, err := openState(ctx, dir)
	if err != nil {
		return err
	}
	defer state.Close()
	sweeps, err := state.Sweeps(ctx)
	if err != nil {
		return fmt.Errorf("show sweep: %w", err)
	}
	i := slices.IndexFunc(sweeps, func(s store.Sweep) bool { return s.ID == id })
	if i < 0 {
		return usage(fmt.Errorf("there is no sweep %d", id), "'wardround sweep list' names them")
	}
	commands, err := sweepCommands(ctx, state, id)
	if err != nil {
		return fmt.Errorf("show sweep: %w", err)
	}
	if format == "json" {
		return writeIndented(out, struct {
			sweepRecord
			Commands []commandRecord `json:"commands"`
		}{newSweepRecord(sweeps[i]), commands})
	}
	fmt.Fprintf(out, "%s\nstarted %s, ", sweepLine(sweeps[i]), stamp(sweeps[i].Started))
	if sweeps[i].Ended.IsZero() {
		fmt.Fprint(out, "not ended: under way, or cut short ('wardround sweep resume' goes on with it)\n\n")
	} else {
		fmt.Fprintf(out, "ended %s\n\n", stamp(sweeps[i].Ended))
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DEVICE\tQUERY\tASKED\tANSWERED\tRESULT")
	for _, c := range commands {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", printable(nameOf(c.Serial, c.Enrollment)), c.Query, c.AskedAt, orDash(c.AnsweredAt), printable(c.came()))
	}
	return table.Flush()
}

// sweepCommands lists the commands of a sweep, or with 0 all that are unanswered,
// with the serial number of whom they were asked.
func sweepCommands(ctx context.Context, state store.State, id int64) ([]commandRecord, error) {
	enrolled, err := state.Enrollments(ctx)
	if err != nil {
		return nil, err
	}
	serials := make(map[string]string, len(enrolled))
	for _, e := range enrolled {
		serials[e.ID] = e.Serial
	}
	rows, err := state.Outstandings(ctx, id)
	if err != nil {
		return nil, err
	}
	commands := make([]commandRecord, 0, len(rows))
	for _, o := range rows {
		commands = append(commands, newCommandRecord(o, serials[o.Enrollment]))
	}
	return commands, nil
}

// nameOf is how a device is named in a line: by its serial number, if it has
// told one.
func nameOf(serial, id string) string {
	if serial != "" {
		return serial
	}
	return id
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
