// Package evidence writes and reads evidence exports: one file with all that
// the verdicts of a round rest on, so that they can be judged again on another
// machine, with no state.
//
// The file is JSON, a line for each thing, compressed with zstd: a Head, then
// Baselines, Profiles and Items, then each Device followed by its Observations,
// and an End that counts them. A Reader bounds what it reads, holds one device
// at a time, and wants every body to be what its digest says. A Redactor puts
// pseudonyms in the place of names.
//
// It opens no file, reads no clock and judges nothing: see internal/judge.
package evidence
