package evidence

import (
	"encoding/json"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

// Format names what this version writes and reads.
const Format = "wardround.evidence/v1"

// A Head begins an export. Now is the time for which the round was judged, and
// for which it is to be judged again.
type Head struct {
	Format   string    `json:"format"`
	Tool     string    `json:"tool"` // version of wardround that wrote it
	Now      time.Time `json:"now"`
	Redacted bool      `json:"redacted"`          // ids, serial numbers, asset tags and organisations are pseudonyms
	Only     string    `json:"only,omitempty"`    // which devices it holds, in words; empty: all
	Through  int64     `json:"through,omitempty"` // evidence id up to which it was judged
	Chain    *Chain    `json:"chain,omitempty"`   // nil: there was none
}

// A Chain is the last entry of the hash chain as the export was written.
type Chain struct {
	ID   string `json:"id"`
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
	Head string `json:"head,omitempty"` // signed, as text; empty: there was no key
}

// A Baseline is one that was judged, with the files that it was read from: of a
// shipped one its YAML, else Texts. Its Digest is of its canonical form.
type Baseline struct {
	ID      string        `json:"id"`
	Version string        `json:"version"`
	Digest  string        `json:"digest"`
	YAML    []byte        `json:"yaml,omitempty"`
	Texts   []checks.Text `json:"texts,omitempty"`
}

// A Profile is a file of the catalog.
type Profile struct {
	Name     string `json:"name"`
	SHA256   string `json:"sha256"` // of Data, hex
	Original string `json:"original_sha256,omitempty"`
	Data     []byte `json:"data"`
}

// An Item is a row of the inventory.
type Item struct {
	Serial string `json:"serial"`
	Asset
	ExpectedBy time.Time `json:"expected_by,omitzero"`
}

// An Asset is the inventory's word on a device.
type Asset struct {
	AssetTag  string `json:"asset_tag,omitempty"`
	Site      string `json:"site,omitempty"`
	Ward      string `json:"ward,omitempty"`
	OwnerRole string `json:"owner_role,omitempty"`
	Group     string `json:"group,omitempty"`
}

// AssetOf puts an asset into the words of an export.
func AssetOf(a checks.Asset) Asset {
	return Asset{AssetTag: a.AssetTag, Site: a.Site, Ward: a.Ward, OwnerRole: a.OwnerRole, Group: a.Group}
}

func (a Asset) asset() checks.Asset {
	return checks.Asset{AssetTag: a.AssetTag, Site: a.Site, Ward: a.Ward, OwnerRole: a.OwnerRole, Group: a.Group}
}

// A Device is one device, without its answers.
type Device struct {
	ID         string     `json:"id"`
	Asset      *Asset     `json:"asset,omitempty"` // nil: the inventory does not list it
	Unanswered []Question `json:"unanswered,omitempty"`
	Server     []Expiry   `json:"server,omitempty"` // what the MDM server has to keep valid
}

// A Question is a query that the device was asked and has not answered.
type Question struct {
	Query  mdm.QueryKey `json:"query"`
	NotNow bool         `json:"notnow,omitempty"`
}

// An Expiry is as in checks.
type Expiry struct {
	What     string    `json:"what"`
	Detail   string    `json:"detail"`
	NotAfter time.Time `json:"not_after"`
}

// An Observation is an answer with when it was first and last received by the
// time of the round. One that is Past was superseded before the round and is
// not judged: it is there for who looks back.
type Observation struct {
	ID             int64        `json:"id"`
	Channel        string       `json:"channel,omitempty"` // enrollment id of a user channel; empty: the device's own
	Type           string       `json:"type"`              // of the enrollment
	Class          mdm.Class    `json:"class"`
	Query          mdm.QueryKey `json:"query,omitempty"`
	CommandUUID    string       `json:"command_uuid,omitempty"`
	Status         mdm.Status   `json:"status,omitempty"`
	Since          time.Time    `json:"since"`
	Last           time.Time    `json:"last"`
	Size           int64        `json:"size"`
	Rewritten      bool         `json:"rewritten,omitempty"`
	SHA256         Digest       `json:"sha256"` // of Body
	Original       *Digest      `json:"original_sha256,omitempty"`
	ReceivedSHA256 Digest       `json:"received_sha256"`
	Canonical      Digest       `json:"canonical"`
	Refusal        string       `json:"refusal,omitempty"`
	Past           bool         `json:"past,omitempty"`
	Body           []byte       `json:"body"`
}

// ObservationOf puts an observation into the words of an export.
func ObservationOf(o judge.Observation) Observation {
	e := o.Evidence
	line := Observation{
		ID: e.ID, Type: string(e.Enrollment.Type), Class: e.Class, Query: e.Query, CommandUUID: e.CommandUUID, Status: e.Status,
		Since: o.Since, Last: o.Last, Size: e.Size, Rewritten: e.Rewritten, SHA256: Digest(e.SHA256),
		ReceivedSHA256: Digest(e.ReceivedSHA256), Canonical: Digest(e.Canonical), Refusal: e.Refusal, Body: e.Body,
	}
	if e.Enrollment.UserChannel() {
		line.Channel = e.Enrollment.ID
	}
	return line
}

// Observation is o as it is judged, of a device.
func (o Observation) Observation(device string) judge.Observation {
	enrollment := mdm.Enrollment{ID: device, Type: mdm.EnrollmentType(o.Type)}
	if o.Channel != "" {
		enrollment.ID, enrollment.ParentID = o.Channel, device
	}
	return judge.Observation{Since: o.Since, Last: o.Last, Evidence: mdm.Evidence{
		ID: o.ID, Enrollment: enrollment, Class: o.Class, Query: o.Query, CommandUUID: o.CommandUUID, Status: o.Status,
		Received: o.Since, Body: o.Body, Size: o.Size, Rewritten: o.Rewritten, SHA256: mdm.Digest(o.SHA256),
		ReceivedSHA256: mdm.Digest(o.ReceivedSHA256), Canonical: mdm.Digest(o.Canonical), Refusal: o.Refusal,
	}}
}

// DeviceOf puts a device into the words of an export, without its answers.
func DeviceOf(d judge.Device) Device {
	line := Device{ID: d.ID}
	if d.Asset != (checks.Asset{}) {
		line.Asset = new(AssetOf(d.Asset))
	}
	for _, q := range d.Unanswered {
		line.Unanswered = append(line.Unanswered, Question{Query: q.Query, NotNow: q.NotNow})
	}
	for _, e := range d.Server {
		line.Server = append(line.Server, Expiry{What: e.What, Detail: e.Detail, NotAfter: e.NotAfter})
	}
	return line
}

// Device is d with its answers as it is judged.
func (d Device) Device(answers []Observation) judge.Device {
	out := judge.Device{ID: d.ID}
	if d.Asset != nil {
		out.Asset = d.Asset.asset()
	}
	for _, q := range d.Unanswered {
		out.Unanswered = append(out.Unanswered, judge.Question{Query: q.Query, NotNow: q.NotNow})
	}
	for _, e := range d.Server {
		out.Server = append(out.Server, checks.Expiry{What: e.What, Detail: e.Detail, NotAfter: e.NotAfter})
	}
	for _, o := range answers {
		if !o.Past {
			out.Observations = append(out.Observations, o.Observation(d.ID))
		}
	}
	return out
}

// An end counts what came before it: a file that was cut short has none.
type end struct {
	Baselines    int `json:"baselines"`
	Profiles     int `json:"profiles"`
	Items        int `json:"items"`
	Statements   int `json:"statements,omitempty"`
	Devices      int `json:"devices"`
	Observations int `json:"observations"`
}

// A line of the file: one of them is not nil.
type line struct {
	Head        *Head        `json:"head,omitempty"`
	Baseline    *Baseline    `json:"baseline,omitempty"`
	Profile     *Profile     `json:"profile,omitempty"`
	Item        *Item        `json:"item,omitempty"`
	Statement   *Statement   `json:"statement,omitempty"`
	Device      *Device      `json:"device,omitempty"`
	Observation *Observation `json:"observation,omitempty"`
	End         *end         `json:"end,omitempty"`
}

// Digest is a SHA-256, hexadecimal as text.
type Digest mdm.Digest

// MarshalJSON writes it in hexadecimal.
func (d Digest) MarshalJSON() ([]byte, error) { return json.Marshal(hexOf(d)) }
