// Package report writes verdicts for people and machines, and reads its own
// JSON back.
//
// Everything starts from a Source, which a results store satisfies. Build
// collects it into a Document; StreamJSON and StreamText write it without
// holding the fleet in memory. A saved Document gives the same text, and the
// same JSON byte for byte, as the store it came from.
//
// The package judges nothing, knows no clock, file or log, and never prints a
// headline without its denominators. Text that came from a device is made
// harmless for a terminal before it is written.
package report
