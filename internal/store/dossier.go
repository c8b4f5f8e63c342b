package store

import "context"

// A Dossier tells of one device without reading the fleet. It is safe for
// concurrent use.
type Dossier interface {
	// Named returns the device channels whose id or serial number is name, or
	// whose serial number the inventory lists under the asset tag name, in
	// order of id; and the items of the inventory that are theirs or have that
	// serial number or asset tag, in order of serial number. Case matters in
	// ids alone. Nothing found is not an error.
	Named(ctx context.Context, name string) ([]Enrolled, []Item, error)

	// Channels returns the device channel and its users' channels, none if
	// there is no such device.
	Channels(ctx context.Context, deviceID string) ([]Enrolled, error)

	// EachObserved calls f with every observation that is kept of a device and
	// its user channels, without the bodies and without duplicates, in order
	// of evidence id, until f errs. A body that is still kept can be had by
	// EvidenceByDigest.
	EachObserved(ctx context.Context, deviceID string, f func(Observation) error) error

	// Owed lists what the device channel was asked and has not answered, in
	// order of query.
	Owed(ctx context.Context, deviceID string) ([]Outstanding, error)
}
