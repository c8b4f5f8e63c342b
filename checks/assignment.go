package checks

import (
	"path"
	"slices"
)

// An Assignment says which devices a baseline is for: those that each of its
// lists takes in. An empty list takes in all. A device that it leaves out has
// no verdicts and no status of that baseline.
type Assignment struct {
	Groups    []string   // of the inventory
	Platforms []Platform // iOS takes in iPadOS; a device whose platform is not known is taken in, so that none is lost by silence
	Names     []string   // patterns of asset tags, such as WARD7-*; the devices' own names are not kept
}

// IsFor reports whether the baseline is assigned to a device.
func (b *Baseline) IsFor(s Subject) bool {
	a := &b.AppliesTo
	return (len(a.Groups) == 0 || slices.ContainsFunc(s.Groups, func(g string) bool { return slices.Contains(a.Groups, g) })) &&
		(len(a.Platforms) == 0 || a.onPlatform(s.Platform)) &&
		(len(a.Names) == 0 || slices.ContainsFunc(a.Names, func(pattern string) bool { return matches(pattern, s.AssetTag) }))
}

func (a Assignment) onPlatform(p Platform) bool {
	if p == "" || p == UnknownPlatform {
		return true
	}
	return slices.Contains(a.Platforms, p) || p == IPadOS && slices.Contains(a.Platforms, IOS)
}

// meets reports whether a device may be assigned to both.
func (a Assignment) meets(o Assignment) bool {
	apart := len(a.Groups) > 0 && len(o.Groups) > 0 && !slices.ContainsFunc(a.Groups, func(g string) bool { return slices.Contains(o.Groups, g) })
	if apart || len(a.Platforms) == 0 || len(o.Platforms) == 0 {
		return !apart
	}
	return slices.ContainsFunc(a.Platforms, o.onPlatform) || slices.ContainsFunc(o.Platforms, a.onPlatform)
}

// matches reports whether a name is of a pattern; reading the baseline has
// checked the pattern.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// assignment reads applies_to.
func (d *document) assignment(f field) Assignment {
	m := d.fields(f, "groups", "platforms", "names")
	a := Assignment{Groups: d.texts(m["groups"]), Names: d.texts(m["names"])}
	for _, p := range d.items(m["platforms"]) {
		a.Platforms = append(a.Platforms, enum(d, p, "", IOS, IPadOS, MacOS, TVOS, VisionOS, WatchOS))
	}
	for _, pattern := range a.Names {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			d.errorAt(m["names"], "write it such as WARD7-*", "%q is no pattern of names", pattern)
		}
	}
	if f.value != nil && len(a.Groups)+len(a.Platforms)+len(a.Names) == 0 {
		d.errorAt(f, "name groups:, platforms: or names:, or leave it out", "applies_to names nobody")
	}
	return a
}
