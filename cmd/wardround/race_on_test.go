//go:build race

package main

// underRace says that a process is slower and larger than it would be.
const underRace = true
