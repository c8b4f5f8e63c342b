// Package judge turns what a device answered into verdicts.
//
// It is pure: evidence with the times it was received, the catalog of profile
// contents, baselines and `now` go in, facts and verdicts come out, and the
// same input gives the same output on another machine. It is the only path
// from evidence to a verdict.
//
// It joins what single answers cannot say alone: the effective value of a
// setting (from Restrictions, else from our copy of an installed profile), the
// Wi-Fi networks that installed profiles bring, the platform. Package mdm
// decodes single answers, package checks holds the rules.
package judge
