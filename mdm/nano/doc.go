// Package nano runs NanoMDM in this process, as a library: devices enrol here,
// are asked, and answer.
//
// Every byte of a device passes mdm.Receive before NanoMDM or any other decoder
// sees it; NanoMDM is handed the few fields that its services need. Their
// storage is a Journal's: below certificate authorization, the evidence of a
// message and what the storage notes of it are one transaction, which is durable
// before the device is answered. If it fails, nothing is consumed.
//
// Nothing of NanoMDM's own API is mounted, and the only thing that can be
// queued is an mdm.Query. See mdm/sim for devices to talk to it.
package nano
