package main

// The names of what is kept in --dir.
const (
	stateFile   = "state.db"
	resultsFile = "results.db"
	catalogDir  = "catalog"
)
