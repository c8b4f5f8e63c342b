package mdm

import (
	_ "embed" // for foreign.tsv
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Deed is what a command does that another MDM server sent. wardround has no
// command that does any of it: a Deed only names what an answer is about.
type Deed string

// The deeds that bear on a lost device.
const (
	Locked          Deed = "lock"
	LostModeOn      Deed = "lost-mode-on"
	LostModeOff     Deed = "lost-mode-off"
	LostModeSound   Deed = "lost-mode-sound"
	Located         Deed = "located"
	Erased          Deed = "erase"
	PasscodeCleared Deed = "passcode-cleared"
)

// Deeds lists them all.
func Deeds() []Deed {
	return []Deed{Locked, LostModeOn, LostModeOff, LostModeSound, Located, Erased, PasscodeCleared}
}

// DeedOf returns what a command of another server does whose answer is kept
// under q, "" for a query of ours and for a command that has no such name.
func DeedOf(q QueryKey) Deed { return foreignTable().deeds[string(q)] }

// A foreign table is foreign.tsv, read.
type foreign struct {
	deeds  map[string]Deed   // by the command's name
	toldBy map[string]string // the command's name by a key of its answer
}

//go:embed foreign.tsv
var foreignTSV string

// foreignTable is the table. A row that cannot be read is a mistake of this
// package's, not of anything at run time.
var foreignTable = sync.OnceValue(func() foreign {
	table, err := parseForeign(foreignTSV)
	if err != nil {
		panic(err)
	}
	return table
})

func parseForeign(text string) (foreign, error) {
	table := foreign{deeds: make(map[string]Deed), toldBy: make(map[string]string)}
	line := 0
	for row := range strings.Lines(text) {
		line++
		row = strings.TrimSuffix(row, "\n")
		if strings.HasPrefix(row, "#") || strings.HasPrefix(row, "request_type\t") {
			continue
		}
		fields := strings.Split(row, "\t")
		if len(fields) != 4 {
			return foreign{}, fmt.Errorf("commands of others: line %d has %d columns, not 4", line, len(fields))
		}
		if err := table.add(fields[0], Deed(fields[1]), fields[2]); err != nil {
			return foreign{}, fmt.Errorf("commands of others: line %d: %w", line, err)
		}
	}
	return table, nil
}

func (f foreign) add(name string, does Deed, toldBy string) error {
	known, twice := f.deeds[name]
	_, told := f.toldBy[toldBy]
	switch {
	case name == "" || slices.Contains(requestTypes(), RequestType(name)):
		return fmt.Errorf("%q is no command of others", name)
	case !slices.Contains(Deeds(), does):
		return fmt.Errorf("there is no deed %q", does)
	case twice && known != does:
		return fmt.Errorf("%s does two things, %s and %s", name, known, does)
	case told:
		return fmt.Errorf("%s has a row already", toldBy)
	case answeredBy(toldBy) != "":
		return fmt.Errorf("%s answers a query of ours", toldBy)
	}
	f.deeds[name] = does
	if toldBy != "" {
		f.toldBy[toldBy] = name
	}
	return nil
}

// named returns the name under which the answer to a command of others is
// kept: what it calls itself, else what one of its keys gives away; "" if
// neither does.
func (f foreign) named(requestType, byKey string) QueryKey {
	if _, ok := f.deeds[requestType]; ok {
		return QueryKey(requestType)
	}
	return QueryKey(byKey)
}
