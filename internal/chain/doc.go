// Package chain holds the format of the hash chain and verifies it: what it
// says cannot be changed, taken out, put in or set in another order without
// notice, as far as a head covers it that is kept elsewhere.
//
// An Entry names the one before it by its hash. Begin and Entry.Append make
// entries from bodies (Genesis, Round, Waiver, ...); Encode and Parse turn an
// entry into one line of canonical JSON and back. A Digest stands for rows that
// are too many for the chain: a judging of 100,000 devices is one entry. A
// Verifier walks entries as they come and names the first broken link. A Head,
// signed with the Key of this installation, is a few lines of text that fix the
// chain up to an entry.
//
// It reads no clock and keeps nothing but the key file. Where entries are kept
// and which rows a digest covers is up to the store; why it is made like this
// says docs/design/0012-the-chain.md.
package chain
