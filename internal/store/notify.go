package store

import (
	"context"
	"time"
)

// A Delivery is one attempt to send one message to people.
type Delivery struct {
	At      time.Time
	Channel string // its name
	Kind    string // changes, resend or test
	Message string // its id; the same for each attempt at the same message
	Events  int    // how many things it told
	Attempt int    // from 1
	Outcome string // delivered, failed or given-up
	Error   string // without secrets; empty: it was delivered
}

// MaxDeliveries is how many attempts are kept, the newest ones.
const MaxDeliveries = 10000

// Notices keeps what telling people needs to outlast the process. It is safe for
// concurrent use.
type Notices interface {
	// Recall returns all values whose keys begin with prefix, an empty one
	// being all; none is not an error.
	Recall(ctx context.Context, prefix string) (map[string][]byte, error)

	// Remember keeps the values in place of those of their keys, and forgets
	// the keys of nil ones, in one transaction: all of it or, with an error,
	// none. It returns once that is durable. What is kept under "device/" and a
	// device's id goes when the device is erased.
	Remember(ctx context.Context, values map[string][]byte) error

	// LogDelivery keeps one attempt. Of those beyond MaxDeliveries the oldest go.
	LogDelivery(ctx context.Context, d Delivery) error

	// Deliveries lists the last attempts, the newest first, limit of them at
	// most.
	Deliveries(ctx context.Context, limit int) ([]Delivery, error)
}
