// Package catalog holds the profiles an organisation knows: folders of
// .mobileconfig files, indexed so that what a device reports as installed can
// be matched with its content.
//
// A file that cannot be read is a Problem and the others go on. A device's
// profile is matched by UUID and only if its payload list is the file's too,
// for nothing ties a UUID to content but the care of whoever wrote the file.
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

// A Catalog is a set of known profiles. It is not changed after Open or New
// and safe for concurrent use.
type Catalog struct {
	profiles []*profiles.Profile
	problems []Problem
	digest   string
}

// A Problem is a file or folder that could not be taken in.
type Problem struct {
	Path    string
	Code    string // kebab-case
	Message string // one sentence, without the path
}

// New makes a catalog of profiles that were read elsewhere. Those that are not
// profiles are left out, and of equal contents one stays.
func New(known ...*profiles.Profile) *Catalog {
	c := &Catalog{}
	for _, p := range known {
		if p.IsProfile() {
			c.profiles = append(c.profiles, p)
		}
	}
	slices.SortStableFunc(c.profiles, func(a, b *profiles.Profile) int {
		return cmp.Or(cmp.Compare(a.ContentSHA256, b.ContentSHA256), cmp.Compare(a.Name, b.Name))
	})
	c.profiles = slices.CompactFunc(c.profiles, func(a, b *profiles.Profile) bool { return a.ContentSHA256 == b.ContentSHA256 })
	sum := sha256.New()
	for _, p := range c.profiles {
		fmt.Fprintln(sum, p.ContentSHA256)
	}
	c.digest = hex.EncodeToString(sum.Sum(nil))
	return c
}

// Profiles returns the known profiles, one for each content, in a stable order.
func (c *Catalog) Profiles() []*profiles.Profile { return c.profiles }

// Problems returns what could not be taken in, ordered by path.
func (c *Catalog) Problems() []Problem { return c.problems }

// Digest is the hex SHA-256 of the set of contents: it changes exactly when a
// content is added, changed or removed, whatever the files are called.
func (c *Catalog) Digest() string { return c.digest }

// ByUUID returns the profiles that carry a UUID, in a stable order. Nothing
// carries the empty one.
func (c *Catalog) ByUUID(uuid string) []*profiles.Profile {
	return c.find(func(p *profiles.Profile) bool { return uuid != "" && p.UUID == uuid })
}

func (c *Catalog) find(is func(*profiles.Profile) bool) []*profiles.Profile {
	var found []*profiles.Profile
	for _, p := range c.profiles {
		if is(p) {
			found = append(found, p)
		}
	}
	return found
}
