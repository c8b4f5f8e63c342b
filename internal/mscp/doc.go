// Package mscp reads rules of NIST's macOS Security Compliance Project from a
// checkout and writes them as a baseline that package checks can judge.
//
// It drops nothing: each rule of the source's list becomes one requirement.
// What device management shows is judged by it; what only a profile's content
// or a person can tell says so. It fetches nothing and runs nothing of what it
// reads: the shell commands in the rules are looked at for being there.
//
// Start at Import. How a rule is judged is decided in judged.go; what is known
// to be wrong in the source is in known.go.
package mscp
