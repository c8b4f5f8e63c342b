// Package nano runs NanoMDM in this process, as a library: devices enrol here,
// are asked, and answer.
//
// Every byte of a device passes mdm.Receive before NanoMDM or any other decoder
// sees it; NanoMDM is handed the few fields that its services need. Evidence is
// delivered to the Sink by a decorator of NanoMDM's storage, below certificate
// authorization, so that an answer is kept before its command is dequeued and
// before the device is acknowledged.
//
// Nothing of NanoMDM's own API is mounted, and the only thing that can be
// queued is an mdm.Query. See mdm/sim for devices to talk to it.
package nano
