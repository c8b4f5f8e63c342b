package catalog

import (
	"fmt"
	"slices"

	"github.com/wardround/wardround/profiles"
)

// The codes of what Match has to say.
const (
	// PayloadListDiffers: a file has the UUID and sets up something else.
	PayloadListDiffers profiles.Code = "payload-list-differs"
	// AmbiguousMatch: several contents fit what the device reports.
	AmbiguousMatch profiles.Code = "ambiguous-match"
	// MatchedByIdentifier: the UUID is in no file; the rest fits one.
	MatchedByIdentifier profiles.Code = "matched-by-identifier"
	// SignerDiffers: the device reports another signer than the file's.
	SignerDiffers profiles.Code = "signer-differs"
)

// Match finds the content of an installed profile: by UUID, else by identifier
// and signer, in both cases with the same payload list. It returns nil if no
// content, or more than one, fits. The problems say why, or how weak the match
// is; they have no path.
//
// Without the payloads' UUIDs (before iOS 17 and macOS 14) two versions of a
// profile look alike, so then only the profile's own UUID is taken.
func (c *Catalog) Match(in profiles.Installed) (*profiles.Profile, []profiles.Problem) {
	if in.Encrypted {
		return nil, nil
	}
	if named := c.ByUUID(in.UUID); len(named) > 0 {
		return choose(in, named)
	}
	if len(in.Payloads) == 0 || in.Identifier == "" || slices.ContainsFunc(in.Payloads, func(l profiles.InstalledPayload) bool { return l.UUID == "" }) {
		return nil, nil
	}
	var alike []*profiles.Profile
	for _, p := range c.byIdentifier[in.Identifier] {
		if p.Signer == in.Signer && p.Mismatch(in) == "" {
			alike = append(alike, p)
		}
	}
	if len(alike) == 0 {
		return nil, nil
	}
	p, problems := choose(in, alike)
	if p != nil {
		problems = append(problems, profiles.Problem{
			Code: MatchedByIdentifier, Severity: profiles.SeverityInfo,
			Message: fmt.Sprintf("no file has the UUID that the device reports; %s has the same identifier, signer and payloads", p.Name),
		})
	}
	return p, problems
}

// choose takes the one of the candidates whose payload list is the device's.
func choose(in profiles.Installed, candidates []*profiles.Profile) (*profiles.Profile, []profiles.Problem) {
	var (
		fitting  []*profiles.Profile
		problems []profiles.Problem
	)
	for _, p := range candidates {
		if why := p.Mismatch(in); why != "" {
			problems = append(problems, profiles.Problem{
				Code: PayloadListDiffers, Severity: profiles.SeverityWarning,
				Message: fmt.Sprintf("%s has the UUID of the installed profile and is another: %s", p.Name, why),
			})
			continue
		}
		fitting = append(fitting, p)
	}
	fitting = bySigner(in, fitting)
	switch {
	case len(fitting) == 0:
		return nil, problems
	case len(fitting) > 1:
		return nil, []profiles.Problem{{
			Code: AmbiguousMatch, Severity: profiles.SeverityWarning,
			Message: fmt.Sprintf("%d contents share UUID and payload list, %s and %s among them: which one is installed cannot be told; a new content needs a new PayloadUUID", len(fitting), fitting[0].Name, fitting[1].Name),
		}}
	}
	p := fitting[0]
	if in.Signer != "" && p.Signer != "" && p.Signer != in.Signer {
		return p, []profiles.Problem{{
			Code: SignerDiffers, Severity: profiles.SeverityWarning,
			Message: fmt.Sprintf("the device reports another signer than that of %s", p.Name),
		}}
	}
	return p, nil
}

// bySigner narrows candidates to those signed as the device reports, if there
// are any, and to one for each content. A file that is not signed stays in
// either way: many servers sign what they deliver.
func bySigner(in profiles.Installed, candidates []*profiles.Profile) []*profiles.Profile {
	same := func(p *profiles.Profile) bool { return p.Signer == in.Signer }
	if slices.ContainsFunc(candidates, same) {
		candidates = slices.DeleteFunc(candidates, func(p *profiles.Profile) bool { return p.Signer != "" && !same(p) })
	}
	var distinct []*profiles.Profile
	for _, p := range candidates {
		i := slices.IndexFunc(distinct, func(d *profiles.Profile) bool { return d.ContentSHA256 == p.ContentSHA256 })
		switch {
		case i < 0:
			distinct = append(distinct, p)
		case same(p):
			distinct[i] = p
		}
	}
	return distinct
}
