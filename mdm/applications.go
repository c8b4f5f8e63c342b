package mdm

import (
	"cmp"
	"slices"

	"github.com/wardround/wardround/internal/plist"
)

// An InstalledApp is one entry of InstalledApplicationList.
type InstalledApp struct {
	Identifier   string // bundle id; may be empty on macOS
	Version      string // as sent; may be empty or blank
	ShortVersion string
	Installing   *bool // nil if not reported
}

// A ManagedApp is one entry of ManagedApplicationList.
type ManagedApp struct {
	Identifier       string
	Status           string // "Managed", "ManagedButUninstalled", ...
	HasConfiguration *bool  // nil if not reported
}

// An AppConfiguration is what the MDM server configured one app with. Values
// are bool, int64, float64, string or []string.
type AppConfiguration struct {
	Identifier    string
	Configuration map[string]any

	// Withheld are the keys, in order, whose value is not here: a text that
	// may name a person is overwritten before it is kept (see scrub.tsv), and
	// other types than the above are not read.
	Withheld []string
}

// readApps reads the entries of a list. What was overwritten on a device of ours
// is an app that no fact is about; on a person's own device all were, and it
// could have been any.
func readApps(list plist.Value, ours bool) []InstalledApp {
	apps := make([]InstalledApp, 0, list.Len())
	for v := range list.Items() {
		identifier, _ := v.Get("Identifier")
		_, kept := keptText(identifier)
		if ours && identifier.Kind() == plist.String && !kept {
			continue
		}
		apps = append(apps, readApp(v))
	}
	return apps
}

func readApp(v plist.Value) InstalledApp {
	return InstalledApp{
		Identifier:   textOf(v, "Identifier"),
		Version:      textOf(v, "Version"),
		ShortVersion: textOf(v, "ShortVersion"),
		Installing:   boolOf(v, "Installing"),
	}
}

func readManagedApps(list plist.Value) []ManagedApp {
	apps := make([]ManagedApp, 0, list.Len())
	for identifier, v := range list.Pairs() {
		apps = append(apps, ManagedApp{
			Identifier:       identifier,
			Status:           textOf(v, "Status"),
			HasConfiguration: boolOf(v, "HasConfiguration"),
		})
	}
	slices.SortStableFunc(apps, func(a, b ManagedApp) int { return cmp.Compare(a.Identifier, b.Identifier) })
	return apps
}

func readConfiguration(v plist.Value) AppConfiguration {
	c := AppConfiguration{Identifier: textOf(v, "Identifier")}
	configuration, _ := v.Get("Configuration")
	for key, value := range configuration.Pairs() {
		if plain := plainValue(value); plain != nil {
			c.Configuration = put(c.Configuration, key, plain)
		} else {
			c.Withheld = append(c.Withheld, key)
		}
	}
	slices.Sort(c.Withheld)
	return c
}

// plainValue returns the value of a configuration key, nil if it is withheld.
func plainValue(v plist.Value) any {
	switch v.Kind() {
	case plist.Bool:
		b, _ := v.Bool()
		return b
	case plist.Integer:
		if i, ok := v.Integer(); ok {
			return i
		}
	case plist.Real:
		if f, ok := v.Real(); ok {
			return f
		}
	case plist.String:
		if text, ok := keptText(v); ok {
			return text
		}
	case plist.Array:
		texts := make([]string, 0, v.Len())
		for item := range v.Items() {
			text, ok := keptText(item)
			if !ok {
				return nil
			}
			texts = append(texts, text)
		}
		return texts
	}
	return nil
}
