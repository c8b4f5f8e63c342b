// Package checks judges facts against a baseline.
//
// It is pure: no clock, no network, no files, no logging. The same facts and
// the same baseline give the same verdicts, so an old verdict can be proved
// again from stored evidence.
//
// A Requirement is data: its clause, who it applies to, and a CEL expression
// over the declared facts of package checks/fact. A fact that is absent makes
// the expression unknown, never true. Read the shipped ones in baselines/.
package checks
