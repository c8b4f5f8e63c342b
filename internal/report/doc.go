// Package report writes verdicts for people and machines, and reads its own
// JSON back.
//
// Everything starts from a Source, which a results store satisfies, or from a
// saved Document. Both give a Feed, and the Feed the same bytes of each format:
// text, JSON, NDJSON, CSV, HTML and OSCAL, which docs/report.md describes. The
// devices pass by one at a time, so that a large fleet need not be held. Each
// format carries its own totals, and what was written is counted and held
// against the headlines.
//
// The package judges nothing, knows no clock, file or log, and never prints a
// headline without its denominators. Text that came from a device is made
// harmless for what will show it.
package report
