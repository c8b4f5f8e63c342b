// Package notify tells people what changed between two rounds: over chat and push
// services, a signed webhook or mail.
//
// A Snapshot is the fleet after a round; Compare says what changed between two. A
// Notifier remembers what it has told, so that a device that goes silent and
// comes back is not told twice and one that flaps is one message, keeps what is
// to be sent until it is sent, and logs each attempt.
//
// After each round the program gives a Notifier a snapshot of the fleet, and
// between rounds it calls Tick every few minutes.
//
// Messages carry asset tags, counts and the words of requirements: no name of a
// person or a device, nothing a device said, no serial number but its end. The
// package keeps nothing itself (Memory and Log do) and reads only the files that
// its Config names. docs/notify.md is for those who set it up.
package notify
