package sqlite

import (
	"maps"
	"slices"
)

// Statements lists what s has run through its journal and its writer so far.
// Nothing else may use s meanwhile.
func Statements(s *State) []string {
	return slices.Concat(slices.Collect(maps.Keys(s.writer.stmts)), slices.Collect(maps.Keys(s.statements.stmts)))
}

// DossierStatements are what reads one device, by what they read.
func DossierStatements() map[string]string {
	return map[string]string{"observations": eachObserved, "owed": owedRows}
}
