package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

func newConfigShowCommand(g *globals) *cobra.Command {
	var format string
	var cmd *cobra.Command
	cmd = &cobra.Command{
		Use:   "show",
		Short: "Show what the settings are and where each comes from",
		Long: `Show the value of every setting and where it comes from: a flag, the environment,
the file of --config, or the default. Secrets are shown as ***.

Exit status: 0; 2 if the settings cannot be read or the format is not known.`,
		Example: `  wardround config show --config /etc/wardround/wardround.yaml
  wardround config show --format json`,
		Args: cobra.NoArgs,
		RunE: g.command(func(context.Context, []string) error {
			if err := formatFlag(format, "yaml", "json"); err != nil {
				return err
			}
			if _, err := loadConfig(cmd.Flags()); err != nil {
				return err
			}
			path, _ := cmd.Flags().GetString("config")
			return runConfigShow(format, path, cmd.Flags(), g.out)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "yaml", "yaml or json")
	return cmd
}

// A shownSetting is a setting as config show has it.
type shownSetting struct {
	Key         string `json:"key"`
	Value       any    `json:"value"`
	Origin      string `json:"origin"`
	Environment string `json:"environment,omitempty"` // the variable that sets it
}

func runConfigShow(format, path string, flags *pflag.FlagSet, out io.Writer) error {
	cfg, file, err := joinConfig(flags, path)
	if err != nil {
		return err
	}
	var shown []shownSetting
	for _, s := range cfg.settings() {
		shown = append(shown, shownSetting{s.path, legible(s.value), originOf(s, flags, file), s.environment()})
	}
	if format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(shown)
	}
	return showYAML(shown, out)
}

// legible is a value as it would be written in a file.
func legible(value any) any {
	switch v := value.(type) {
	case time.Duration:
		return v.String()
	case secret:
		return v.String()
	case []string:
		return append([]string{}, v...) // never null
	}
	switch v := reflect.ValueOf(value); kindOf(v.Type()) {
	case keyTimes:
		times := []string{}
		for _, d := range v.Seq2() {
			times = append(times, d.Interface().(time.Duration).String())
		}
		return times
	case keyList:
		return sections(v)
	}
	return value
}

// sections are the items of a list, each with its keys as they are written.
func sections(items reflect.Value) []map[string]any {
	list := []map[string]any{}
	for _, item := range items.Seq2() {
		keys := make(map[string]any)
		for _, s := range settingsOf(item, "") {
			section, name, nested := strings.Cut(s.path, ".")
			if !nested {
				keys[s.path] = legible(s.value)
				continue
			}
			if keys[section] == nil {
				keys[section] = make(map[string]any)
			}
			keys[section].(map[string]any)[name] = legible(s.value)
		}
		list = append(list, keys)
	}
	return list
}

// showYAML writes a file that sets all of it, with the origins beside.
func showYAML(shown []shownSetting, out io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	within := map[string]*yaml.Node{"": root}
	for _, s := range shown {
		section, name := "", s.Key
		if before, after, nested := strings.Cut(s.Key, "."); nested {
			section, name = before, after
		}
		if within[section] == nil {
			within[section] = &yaml.Node{Kind: yaml.MappingNode}
			root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: section}, within[section])
		}
		var value yaml.Node
		if err := value.Encode(s.Value); err != nil {
			return fmt.Errorf("show %s: %w", s.Key, err)
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: name}
		if value.Kind == yaml.ScalarNode {
			value.LineComment = s.Origin
		} else {
			key.HeadComment = s.Origin + ":"
		}
		within[section].Content = append(within[section].Content, key, &value)
	}
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("show settings: %w", err)
	}
	_, err := out.Write(text.Bytes())
	return err
}
