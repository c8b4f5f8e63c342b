// Package mdm is what wardround asks a device and how it reads the answers.
//
// A Query is one of ten read-only RequestTypes and nothing else can be built.
// Receive is the one pass every byte from a device goes through: it bounds,
// reads the envelope, overwrites what must not be kept, and yields Evidence.
// Decode turns kept Evidence into a Reply, whose facts carry their provenance.
//
// The package opens no connection and stores nothing: transports (mdm/nano)
// call Receive and hand the Evidence to a Sink; internal/judge decodes.
package mdm

//go:generate go test -run ThePrivacyPage . -update
