package main

// The names of what is kept in --dir.
const (
	stateFile   = "state.db"
	resultsFile = "results.db"
	jobsFile    = "jobs.db"
	catalogDir  = "catalog"

	formerCatalogDir = "catalog-former" // contents that went before

	authorityFile    = "identity-ca.pem" // of the devices' identities
	authorityKeyFile = "identity-ca.key"
	socketFile       = "wardround.sock" // of a running serve
	lockFile         = "wardround.lock" // held by whoever serves devices

	chainKeyFile    = "chain.key" // signs the heads of the chain
	chainPublicFile = "chain.pub"
)
