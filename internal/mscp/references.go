package mscp

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// placeholderCCE is a number that is still to be given.
var placeholderCCE = regexp.MustCompile(`^CCE-X+-X$`)

// documents says which of our names a reference of the source goes by; both
// layouts are in it.
func documents() map[string]string {
	return map[string]string{
		"cce": "cce", "800-53r5": "800-53r5", "800-53r4": "800-53r4", "800-171r3": "800-171r3", "800-171r2": "800-171r2",
		"cci": "cci", "srg": "srg", "disa_stig": "stig", "sfr": "sfr", "cmmc": "cmmc",
		"benchmark": "cis", "controls_v8": "cis-v8", "controls v8": "cis-v8",
		"indigo": "indigo", "bio": "bio", "hicp": "hicp",
	}
}

// references flattens the references of a rule to those of the target.
func (r ruleReader) references(n node) map[string][]string {
	out := map[string][]string{}
	r.collect(out, n, "")
	for name, list := range out {
		slices.Sort(list)
		out[name] = slices.Compact(list)
	}
	maps.DeleteFunc(out, func(_ string, list []string) bool { return len(list) == 0 })
	return out
}

// collect walks the publishers of 2.x, or the flat list of the branches.
func (r ruleReader) collect(out map[string][]string, n node, publisher string) {
	names := documents()
	for key, value := range n.pairs() {
		name, known := names[key]
		switch {
		case known && value.mapping(): // by platform and version
			out[name] = appendReal(out[name], "", value.get(r.target.word()+"_"+r.target.major()))
		case known:
			out[name] = appendReal(out[name], "", value)
		case value.mapping():
			r.collect(out, value, key)
		default:
			out["other"] = appendReal(out["other"], cmp.Or(publisher, key)+": ", value)
		}
	}
}

// appendReal adds the texts that are more than "not applicable".
func appendReal(out []string, prefix string, value node) []string {
	for _, text := range value.texts() {
		if upper := strings.ToUpper(text); upper != "N/A" && upper != "NA" {
			out = append(out, prefix+text)
		}
	}
	return out
}
