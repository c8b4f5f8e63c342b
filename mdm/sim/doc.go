// Package sim is a fleet of simulated Apple devices that speak the MDM
// protocol over HTTP: they enrol, sign what they send, and answer commands
// until there are none left. A session begins with a push, or, where no push
// can reach them (Fleet.Poll), when a device's turn comes.
//
// What they send is shaped by what Apple documents and by what real devices
// have been seen to send, odd types and all, and not by what our decoder
// likes. Each device is one of fourteen personas; the same seed gives the same
// ids, personas and answers, while keys, certificates and times differ. On
// Macs, Shared iPads and User Enrollments users can have channels of their
// own.
//
// A Fleet is also its own push service: hand it to mdm/nano as the
// PushProviderFactory. Nothing here queues a command: the server asks.
package sim
