// Package sweep makes rounds: it asks every enrolled device what the facts
// need, takes delivery of the answers, waits for those that put a query off,
// and has the fleet judged.
//
// It owns the clock and the log of a round. It opens no connection: an
// mdm.Asker queues and pushes, an Intake receives. What a device owes is kept
// in the store's ledger, so that one query is outstanding once.
package sweep
