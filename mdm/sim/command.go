package sim

import (
	"errors"
	"fmt"

	"github.com/wardround/wardround/internal/plist"
)

// A command is what a device reads of a command.
type command struct {
	CommandUUID     string
	RequestType     string
	Queries         []string
	Identifiers     []string
	Items           []string
	ManagedOnly     bool
	ManagedAppsOnly bool

	ProfileRestrictions bool
}

// errNoCommand is for what a device cannot take for a command.
var errNoCommand = errors.New("not a command")

// readCommand reads what the server answered to a report.
func readCommand(raw []byte) (command, error) {
	doc, err := plist.Parse(raw, plist.Limits{Bytes: maxCommand, Elements: 100_000})
	if err != nil {
		return command{}, fmt.Errorf("%w: %w", errNoCommand, err)
	}
	inner, _ := doc.Root().Get("Command")
	cmd := command{
		CommandUUID:         textOf(doc.Root(), "CommandUUID"),
		RequestType:         textOf(inner, "RequestType"),
		Queries:             textsOf(inner, "Queries"),
		Identifiers:         textsOf(inner, "Identifiers"),
		Items:               textsOf(inner, "Items"),
		ManagedOnly:         boolOf(inner, "ManagedOnly"),
		ManagedAppsOnly:     boolOf(inner, "ManagedAppsOnly"),
		ProfileRestrictions: boolOf(inner, "ProfileRestrictions"),
	}
	if cmd.CommandUUID == "" || cmd.RequestType == "" {
		return command{}, fmt.Errorf("%w: no CommandUUID, or no RequestType", errNoCommand)
	}
	return cmd, nil
}

func textOf(dict plist.Value, key string) string {
	v, _ := dict.Get(key)
	text, _ := v.Text()
	return text
}

func boolOf(dict plist.Value, key string) bool {
	v, _ := dict.Get(key)
	b, _ := v.Bool()
	return b
}

func textsOf(dict plist.Value, key string) []string {
	v, _ := dict.Get(key)
	var list []string
	for item := range v.Items() {
		if text, ok := item.Text(); ok {
			list = append(list, text)
		}
	}
	return list
}
