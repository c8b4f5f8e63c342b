// Package arrows holds which package may import which, as data, and finds the
// imports that break it.
//
// Arrows are the imports among our own packages; Doors say which of them a
// third-party library may come in by, and Walls what the pure packages do
// without. The test holds the whole repository to all three, under every build
// tag, tests excepted. A new package needs a row here and in
// docs/design/0009-import-table.md; a library without a door is refused.
//
// The package reads import clauses and nothing else: it needs no go command.
package arrows

//go:generate go test -run TheDesignNoteHoldsTheTable . -update
