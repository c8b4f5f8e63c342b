package report

import (
	"strings"
	"unicode"

	"github.com/wardround/wardround/internal/plaintext"
)

// The parts of OSCAL's assessment-results model that we write, in its words.
// Lists are left out when they are empty: OSCAL has no empty list.

type metadata struct {
	Title        string     `json:"title"`
	LastModified string     `json:"last-modified"`
	Version      string     `json:"version"`
	OSCALVersion string     `json:"oscal-version"`
	Props        []property `json:"props,omitempty"`
	Remarks      string     `json:"remarks,omitempty"`
}

type importPlan struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Space string `json:"ns,omitempty"`
	Value string `json:"value"`
	Class string `json:"class,omitempty"`
}

type inventoryItem struct {
	UUID        uuid       `json:"uuid"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
}

type subjectReference struct {
	UUID uuid   `json:"subject-uuid"`
	Type string `json:"type"`
}

type relevantEvidence struct {
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
}

type observation struct {
	UUID        uuid               `json:"uuid"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description"`
	Props       []property         `json:"props,omitempty"`
	Methods     []string           `json:"methods"`
	Subjects    []subjectReference `json:"subjects,omitempty"`
	Evidence    []relevantEvidence `json:"relevant-evidence,omitempty"`
	Collected   string             `json:"collected"`
	Expires     string             `json:"expires,omitempty"`
}

type selectControl struct {
	ID string `json:"control-id"`
}

type controlSelection struct {
	Description string          `json:"description,omitempty"`
	Props       []property      `json:"props,omitempty"`
	All         *struct{}       `json:"include-all,omitempty"`
	Include     []selectControl `json:"include-controls,omitempty"`
}

type reviewedControls struct {
	Description string             `json:"description,omitempty"`
	Selections  []controlSelection `json:"control-selections"`
}

type findingStatus struct {
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

type findingTarget struct {
	Type   string        `json:"type"`
	ID     string        `json:"target-id"`
	Status findingStatus `json:"status"`
}

type relatedObservation struct {
	UUID uuid `json:"observation-uuid"`
}

type relatedRisk struct {
	UUID uuid `json:"risk-uuid"`
}

type finding struct {
	UUID         uuid                 `json:"uuid"`
	Title        string               `json:"title"`
	Description  string               `json:"description"`
	Props        []property           `json:"props,omitempty"`
	Target       findingTarget        `json:"target"`
	Observations []relatedObservation `json:"related-observations,omitempty"`
	Risks        []relatedRisk        `json:"related-risks,omitempty"`
}

type risk struct {
	UUID         uuid                 `json:"uuid"`
	Title        string               `json:"title"`
	Description  string               `json:"description"`
	Statement    string               `json:"statement"`
	Props        []property           `json:"props,omitempty"`
	Status       string               `json:"status"`
	Deadline     string               `json:"deadline,omitempty"`
	Observations []relatedObservation `json:"related-observations,omitempty"`
}

type attestation struct {
	Parts []attestationPart `json:"parts"`
}

type attestationPart struct {
	UUID  uuid       `json:"uuid"`
	Name  string     `json:"name"`
	Title string     `json:"title,omitempty"`
	Props []property `json:"props,omitempty"`
	Prose string     `json:"prose,omitempty"`
}

type resource struct {
	UUID        uuid       `json:"uuid"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Props       []property `json:"props,omitempty"`
}

type backMatter struct {
	Resources []resource `json:"resources"`
}

// newInventoryItem describes a device, in OSCAL's names for its properties where
// it has some.
func newInventoryItem(d Device) inventoryItem {
	theirs := func(name, value string) property { return property{Name: name, Value: value} }
	all := []property{
		theirs("asset-id", d.ID), theirs("serial-number", d.Serial), theirs("asset-tag", d.AssetTag), theirs("hardware-model", d.Model),
		theirs("os-name", string(d.Platform)), theirs("os-version", d.OS), theirs("physical-location", joined(", ", d.Site, d.Ward)),
		ours("supervised", string(d.Supervised)), ours("enrollment-type", d.EnrollmentType), ours("owner-role", d.OwnerRole),
	}
	for _, group := range d.Groups {
		all = append(all, ours("group", group))
	}
	for _, id := range statusIDs(d) {
		status := ours("status", string(d.Status[id]))
		if status.Class = token(id); status.Value != "" {
			all = append(all, status)
		}
	}
	return inventoryItem{UUID: newUUID("device", d.ID), Description: prose(label(d, "")), Props: props(all...)}
}

// ours is a property that OSCAL does not name.
func ours(name, value string) property { return property{Name: name, Space: oscalSpace, Value: value} }

// props keeps the properties that have a value.
func props(all ...property) []property {
	kept := make([]property, 0, len(all))
	for _, p := range all {
		if p.Value = strings.TrimSpace(plaintext.Harmless(p.Value)); p.Value != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// token makes an id into one as OSCAL takes it: a letter or _ first, then
// letters, digits, and . - _ too.
func token(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, s)
	if first := []rune(s + " ")[0]; unicode.IsLetter(first) || first == '_' {
		return s
	}
	return "_" + s
}
