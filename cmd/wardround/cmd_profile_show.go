package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wardround/wardround/profiles"
)

func newProfileShowCommand(g *globals) *cobra.Command {
	var opts profileReadOptions
	cmd := &cobra.Command{
		Use:   "show FILE...",
		Short: "Show what profiles set, payload by payload",
		Long: `Show what is in profiles: who wrote and signed them, their payloads, every value
they set and where it stands, the Wi-Fi networks with their judgement, and what
is wrong. Passwords are not shown. A folder stands for the files below it.

Exit status: 1 if a file cannot be read; else 0; 2 for wrong use, such as a file
that is not there.`,
		Example: `  wardround profile show clinic.mobileconfig
  wardround profile show --format json clinic.mobileconfig`,
		Args: cobra.MinimumNArgs(1),
		RunE: g.command(func(ctx context.Context, args []string) error {
			return runProfileShow(ctx, opts, args, time.Now(), g.out)
		}),
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

func runProfileShow(ctx context.Context, opts profileReadOptions, paths []string, now time.Time, out io.Writer) error {
	if err := formatFlag(opts.format, "text", "json"); err != nil {
		return err
	}
	reader, err := newProfileReader(opts.roots, now)
	if err != nil {
		return err
	}
	array := jsonArray{out: out}
	unreadable := 0
	err = eachProfile(ctx, paths, reader.read, func(f profileFile) error {
		if f.profile == nil {
			unreadable++
		}
		if opts.format == "json" {
			return array.write(contentOf(f))
		}
		return writeContent(out, contentOf(f))
	})
	if err == nil && opts.format == "json" {
		err = array.end()
	}
	if err != nil {
		return err
	}
	if unreadable > 0 {
		return &statusError{code: exitFailures}
	}
	return nil
}

// writeContent shows one file to a person.
func writeContent(out io.Writer, c contentRecord) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, c.Path)
	if !c.Readable {
		fmt.Fprintf(&b, "  unreadable: %s\n\n", c.Reason)
		_, err := io.WriteString(out, printable(b.String()))
		return err
	}
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"name", c.Name},
		{"organization", c.Organization},
		{"identifier", c.Identifier},
		{"UUID", c.UUID},
		{"scope", c.Scope},
		{"signature", signatureWords(c)},
		{"SHA-256", c.SHA256},
	} {
		if line[1] != "" {
			fmt.Fprintf(table, "  %s\t%s\n", line[0], line[1])
		}
	}
	for _, f := range c.Settings.functions() {
		fmt.Fprintf(table, "  %s\t%s\n", f.name, f.word)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, note := range c.PlatformNotes {
		fmt.Fprintf(&b, "    %s\n", note)
	}
	writeValues(&b, c)
	for _, w := range c.WiFi {
		writeNetwork(&b, "Wi-Fi", w)
	}
	for _, w := range c.Wired {
		writeNetwork(&b, "wired 802.1X", w)
	}
	writeProblems(&b, c.Problems)
	fmt.Fprintln(&b)
	_, err := io.WriteString(out, printable(b.String()))
	return err
}

func signatureWords(c contentRecord) string {
	words := string(c.Signature)
	if c.Signer != "" {
		words += ", signer " + c.Signer
	}
	if c.Encrypted {
		words += "; the payloads are encrypted"
	}
	return words
}

// writeValues lists the payloads, and below each the values it sets.
func writeValues(out io.Writer, c contentRecord) {
	for _, l := range c.Payloads {
		fmt.Fprintf(out, "  payload %d: %s %q\n", l.Index, l.Type, l.Name)
		for _, v := range c.Values {
			if v.Payload != l.Index {
				continue
			}
			key := v.Key
			if v.Domain != l.Type {
				key = v.Domain + " " + v.Key
			}
			fmt.Fprintf(out, "    %s = %s\n", key, v.words())
		}
	}
}

func writeNetwork(out io.Writer, kind string, w wifiRecord) {
	fmt.Fprintf(out, "  %s %q: %s", kind, w.SSID, w.Security)
	if w.Encryption != "" {
		fmt.Fprintf(out, ", %s", w.Encryption)
	}
	if w.Security == profiles.Enterprise {
		fmt.Fprintf(out, ", %v, server validated by %s, least TLS %s", w.EAP, w.ServerValidation, w.MinTLS)
	}
	fmt.Fprintf(out, "\n    %s: %s\n", w.Rating, w.Why)
}
