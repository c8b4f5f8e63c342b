// Package sweep makes rounds: it asks every enrolled device what the facts
// need, takes delivery of the answers, waits for those that put a query off,
// and has the fleet judged.
//
// It owns the clock and the log of a round. It opens no connection: an
// mdm.Asker queues and pushes, an Intake receives. What a device owes is kept
// in the store's ledger, so that one query is outstanding once, and a round
// that was cut short can go on.
//
// A round is read in the order in which it goes: Round or Resume (round.go)
// admits the devices (agenda.go, settling.go) and waits (underway.go); each has
// its turn (turn.go), in which it is asked and pushed (push.go); what is
// awaited or put off is told by awaited.go, and what was lost by losses.go;
// count.go and JudgeAll end it.
package sweep
