// Package catalog holds the profiles an organisation knows: folders of
// .mobileconfig files, indexed so that what a device reports as installed can
// be matched with its content.
//
// A file that cannot be read is a Problem and the others go on. A device's
// profile is matched by UUID and only if its payload list is the file's too,
// for nothing ties a UUID to content but the care of whoever wrote the file.
// A Watcher reads the files again when they change and keeps the contents that
// went before, which devices may still have.
//
// It reads files and judges nothing: see package profiles.
package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/wardround/wardround/profiles"
)

// A Catalog is a set of known profiles: the current ones, and former contents
// that are in no file any more. It is not changed once made and safe for
// concurrent use.
type Catalog struct {
	profiles     []*profiles.Profile
	former       []*profiles.Profile
	problems     []Problem
	digest       string
	byUUID       map[string][]*profiles.Profile
	byIdentifier map[string][]*profiles.Profile
}

// A Problem is a file or folder that could not be taken in.
type Problem struct {
	Path    string
	Code    string // kebab-case
	Message string // one sentence, without the path
}

// New makes a catalog of profiles that were read elsewhere. Those that are not
// profiles are left out, and of equal contents with the same signer one stays.
func New(known ...*profiles.Profile) *Catalog { return compose(known, nil, nil) }

func compose(current, former []*profiles.Profile, problems []Problem) *Catalog {
	c := &Catalog{
		profiles:     distinct(current),
		problems:     slices.Clone(problems),
		byUUID:       make(map[string][]*profiles.Profile),
		byIdentifier: make(map[string][]*profiles.Profile),
	}
	c.former = slices.DeleteFunc(distinct(former), func(p *profiles.Profile) bool {
		_, found := slices.BinarySearchFunc(c.profiles, p, byContent)
		return found
	})
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Path, b.Path) })
	sum := sha256.New()
	for _, p := range c.all() {
		fmt.Fprintln(sum, p.ContentSHA256, p.Signer)
		c.byUUID[p.UUID] = append(c.byUUID[p.UUID], p)
		c.byIdentifier[p.Identifier] = append(c.byIdentifier[p.Identifier], p)
	}
	c.digest = hex.EncodeToString(sum.Sum(nil))
	return c
}

// all is the current and the former contents in one stable order.
func (c *Catalog) all() []*profiles.Profile {
	all := slices.Concat(c.profiles, c.former)
	slices.SortFunc(all, byContent)
	return all
}

// distinct sorts profiles by content and leaves one of each.
func distinct(known []*profiles.Profile) []*profiles.Profile {
	known = slices.DeleteFunc(slices.Clone(known), func(p *profiles.Profile) bool { return !p.IsProfile() })
	slices.SortFunc(known, func(a, b *profiles.Profile) int { return cmp.Or(byContent(a, b), cmp.Compare(a.Name, b.Name)) })
	return slices.CompactFunc(known, func(a, b *profiles.Profile) bool { return byContent(a, b) == 0 })
}

func byContent(a, b *profiles.Profile) int {
	return cmp.Or(cmp.Compare(a.ContentSHA256, b.ContentSHA256), cmp.Compare(a.Signer, b.Signer))
}

// Profiles returns the current profiles, one for each content and signer, in a
// stable order.
func (c *Catalog) Profiles() []*profiles.Profile { return c.profiles }

// Former returns contents that were current once and are in no file any more,
// in a stable order, named as they were when they were read.
func (c *Catalog) Former() []*profiles.Profile { return c.former }

// Problems returns what could not be taken in, ordered by path.
func (c *Catalog) Problems() []Problem { return c.problems }

// Digest is the hex SHA-256 of the set of contents and their signers: it
// changes exactly when one is added, changed or removed, whatever the files
// are called.
func (c *Catalog) Digest() string { return c.digest }

// ByUUID returns the profiles that carry a UUID, former ones too, in a stable
// order. Nothing carries the empty one.
func (c *Catalog) ByUUID(uuid string) []*profiles.Profile {
	if uuid == "" {
		return nil
	}
	return slices.Clone(c.byUUID[uuid])
}

// ByContent returns the profile with a content, current or former, by its
// ContentSHA256; nil if there is none.
func (c *Catalog) ByContent(sha256 string) *profiles.Profile {
	for _, known := range [...][]*profiles.Profile{c.profiles, c.former} {
		for _, p := range known {
			if p.ContentSHA256 == sha256 {
				return p
			}
		}
	}
	return nil
}
