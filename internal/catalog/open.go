package catalog

import (
	"github.com/wardround/wardround/profiles"
)

// Open reads files and folders (with their subfolders). It is an error if one
// of paths cannot be found; whatever else goes wrong is in Problems. In a
// folder files named .mobileconfig, .plist and .xml are read. Links to files
// are followed, and so is a link among paths; links to folders inside a folder
// are not, so that no loop can come about. No path gives an empty catalog.
func Open(paths ...string) (*Catalog, error) {
	return open(paths, usual())
}

func open(paths []string, within bound) (*Catalog, error) {
	found, problems, err := walk(paths, within)
	if err != nil {
		return nil, err
	}
	var known []*profiles.Profile
	for _, f := range found {
		r := read(f.path)
		if r.problem != nil {
			problems = append(problems, *r.problem)
			continue
		}
		known = append(known, r.profile)
	}
	return compose(known, nil, problems), nil
}
