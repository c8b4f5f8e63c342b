package evidence

import "errors"

// What a line becomes besides its texts, in bytes, roughly: never less.
const (
	lineSize = 512
	nameSize = 16 // of a text in a list
)

// maxWords bounds what a statement says, and what an item does, in bytes,
// without the names in lists.
const maxWords = 64 << 10

// lengthOf is the length of texts together.
func lengthOf[T ~string | ~[]byte](texts ...T) int {
	n := 0
	for _, t := range texts {
		n += len(t)
	}
	return n
}

// held is how much memory a baseline takes, in bytes.
func (b *Baseline) held() int {
	n := lineSize + lengthOf(b.ID, b.Version, b.Digest) + len(b.YAML)
	for _, t := range b.Texts {
		n += 64 + lengthOf(t.Name, t.YAML)
	}
	return n
}

// held is how much memory a profile takes, in bytes.
func (p *Profile) held() int {
	return lineSize + lengthOf(p.Name, p.SHA256, p.Original) + len(p.Data)
}

func (i *Item) words() int {
	return lengthOf(i.Serial, i.AssetTag, i.Site, i.Ward, i.OwnerRole, i.Group)
}

// held is how much memory an item takes, in bytes.
func (i *Item) held() int { return 128 + i.words() }

// check wants what holds of every item.
func (i *Item) check() error {
	if i.words() > maxWords {
		return errors.New("it is a row of the inventory that is too long")
	}
	return nil
}

func (s *Statement) words() int {
	return lengthOf(s.Kind, s.ID, s.Baseline, s.Requirement, s.Text, s.SHA256)
}

// held is how much memory a statement takes, in bytes.
func (s *Statement) held() int {
	return lineSize + s.words() + nameSize*(len(s.Devices)+len(s.Groups)) + lengthOf(s.Devices...) + lengthOf(s.Groups...)
}

// held is how much memory a device takes without its answers, in bytes.
func (d *Device) held() int {
	n := lineSize + len(d.ID)
	if a := d.Asset; a != nil {
		n += lengthOf(a.AssetTag, a.Site, a.Ward, a.OwnerRole, a.Group)
	}
	for _, q := range d.Unanswered {
		n += 24 + len(q.Query)
	}
	for _, e := range d.Server {
		n += 56 + lengthOf(e.What, e.Detail)
	}
	return n
}

// held is how much memory an observation takes, in bytes.
func (o *Observation) held() int {
	return lineSize + lengthOf(o.Channel, o.Type, string(o.Class), string(o.Query), o.CommandUUID, string(o.Status), o.Refusal) + len(o.Body)
}
