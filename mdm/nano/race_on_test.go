//go:build race

package nano_test

// underRace says that a process is slower and larger than it would be.
const underRace = true
