package judge

import (
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/profiles"
)

// An InstalledProfile is one entry of a device's full ProfileList with our
// copy of its content: nil if the catalog holds none that matches, or only an
// encrypted one.
type InstalledProfile struct {
	mdm.InstalledProfile
	Content *profiles.Profile
}

// An Inventory is what a device has installed; or, when Absent is not empty,
// the reason why that is not known.
type Inventory struct {
	Profiles []InstalledProfile
	Absent   fact.Absence
	Sources  []fact.Source
	Problems []checks.Problem // why a copy that looked right was not taken; Path is the profile's identifier
}

// Installed joins the full ProfileList of a device with the catalog, as Judge
// does.
func Installed(d Device, catalog Catalog, now time.Time) Inventory {
	j := newJudging(d, catalog, now)
	set := j.installedProfiles()
	in := Inventory{Absent: set.absent, Sources: set.sources, Problems: j.problems}
	for _, p := range set.all {
		in.Profiles = append(in.Profiles, InstalledProfile{InstalledProfile: p.InstalledProfile, Content: p.content})
	}
	return in
}
