// Package lost says what is known of one device that was lost: what held at the
// moment of the loss, what came after it, what is to be revoked or changed, and
// what is not known and why.
//
// It is pure: no clock, file or network. A Timeline gathers what the device had
// sent; Build judges it twice, as of the loss and as of now, by internal/judge,
// and never lets a later answer stand for the moment of the loss. It gives no
// opinion: it puts facts beside the questions that a law asks, and answers
// none. WriteText, WriteHTML and WriteJSON write the page.
package lost
