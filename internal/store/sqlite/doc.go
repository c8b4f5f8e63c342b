// Package sqlite keeps evidence, ledger and verdicts in two SQLite files: the
// default store.
//
// state.db (State) is private: mode 0600, synchronous=FULL, times in Unix
// milliseconds. All writes go through one goroutine that gathers concurrent
// calls into one transaction; a call returns after its commit. results.db
// (Results) is the product: synchronous=NORMAL, times in Unix seconds, and
// views that docs/results.md documents column by column. After a crash it is
// carried on from its cursor.
//
// The package judges nothing and asks nothing. Package storetest is its
// specification; the schema is in migrations/.
//
//go:generate go test . -run Documented -update
package sqlite
