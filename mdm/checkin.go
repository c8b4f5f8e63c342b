package mdm

import (
	"fmt"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
)

// The check-ins whose fields are read. Others are known by their MessageType.
const (
	Authenticate = "Authenticate"
	TokenUpdate  = "TokenUpdate"
	CheckOut     = "CheckOut"
)

// A CheckInMessage is a check-in, decoded. Fields that were not sent, or not
// as a text, are empty.
type CheckInMessage struct {
	Type   string // MessageType
	Source fact.Source
	Topic  string

	// Of Authenticate. User Enrollments have no serial number.
	SerialNumber string
	Model        string
	ModelName    string
	ProductName  string
	OSVersion    string
	BuildVersion string

	// Of TokenUpdate.
	AwaitingConfiguration *bool // nil if not sent
	HasToken              bool  // a push token came
	HasUnlockToken        bool  // never of a Mac or a User Enrollment
}

// DecodeCheckIn reads a check-in from its kept bytes. It errs if e is not a
// check-in or its bytes do not parse. It is safe for concurrent use.
func DecodeCheckIn(e Evidence) (CheckInMessage, error) {
	if e.Class != CheckIn {
		return CheckInMessage{}, fmt.Errorf("decode check-in: the evidence is a %s, not a check-in", e.Class)
	}
	doc, err := plist.Parse(e.Body, plist.Limits{Bytes: MaxKept})
	if err != nil {
		return CheckInMessage{}, fmt.Errorf("decode %s: %w", e.Query, err)
	}
	root := doc.Root()
	return CheckInMessage{
		Type:                  string(e.Query),
		Source:                e.source(),
		Topic:                 textOf(root, "Topic"),
		SerialNumber:          textOf(root, "SerialNumber"),
		Model:                 textOf(root, "Model"),
		ModelName:             textOf(root, "ModelName"),
		ProductName:           textOf(root, "ProductName"),
		OSVersion:             textOf(root, "OSVersion"),
		BuildVersion:          textOf(root, "BuildVersion"),
		AwaitingConfiguration: boolOf(root, "AwaitingConfiguration"),
		HasToken:              hasData(root, "Token"),
		HasUnlockToken:        hasData(root, "UnlockToken"),
	}, nil
}

// hasData reports whether there is any data under key; they are overwritten.
func hasData(dict plist.Value, key string) bool {
	v, _ := dict.Get(key)
	start, end := v.Span()
	return v.Kind() == plist.Data && end > start
}
