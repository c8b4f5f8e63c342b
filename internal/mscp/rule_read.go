package mscp

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// preferences is the payload type that carries other domains on a Mac.
const preferences = "com.apple.ManagedClient.preferences"

var ruleID = regexp.MustCompile(`^[a-zA-Z0-9]+(_[a-zA-Z0-9]+)*$`)

// A ruleReader reads rules of either layout for one target.
type ruleReader struct {
	target   target
	baseline string // whose severity counts
}

// read reads a rule. A rule that is not for the target is read as far as that
// is told, and present is false.
func (r ruleReader) read(top node) (*rule, error) {
	out := &rule{
		id: top.get("id").text(), title: top.get("title").text(), discussion: top.get("discussion").text(),
		file: top.file, section: path.Base(path.Dir(top.file)), tags: top.get("tags").texts(),
		ddm: top.get("ddm_info"), odv: top.get("odv"),
	}
	switch {
	case !ruleID.MatchString(out.id):
		return nil, top.get("id").orTop(top).errorf("the rule's id %q is not in snake_case", out.id)
	case out.title == "":
		return nil, top.errorf("rule %s has no title", out.id)
	case out.odv.there() && !out.odv.mapping():
		return nil, out.odv.errorf("odv of rule %s is not a mapping", out.id)
	}
	if platforms := top.get("platforms"); platforms.there() {
		if err := r.second(out, top, platforms); err != nil {
			return nil, err
		}
	} else {
		r.first(out, top)
	}
	out.references = r.references(top.get("references"))
	// 2.x lets a platform or a version have its own.
	platform := top.get("platforms").get(string(r.target.platform))
	info, at := top.get("mobileconfig_info"), []node{platform, platform.get(r.target.version)}
	for _, n := range at {
		info, out.ddm = n.get("mobileconfig_info").orTop(info), n.get("ddm_info").orTop(out.ddm)
	}
	if no, set := top.get("mobileconfig").yes(); set && !no {
		info = node{file: top.file}
	}
	var err error
	out.payloads, err = payloads(info)
	return out, err
}

// orTop is the node itself, or the whole where it is not there.
func (n node) orTop(top node) node {
	if n.Node == nil {
		return top
	}
	return n
}

// first reads what the per-OS branches keep at the top: one list of versions
// for the branch's platform, one severity, one word on supervision.
func (r ruleReader) first(out *rule, top node) {
	out.present = slices.Contains(top.get(string(r.target.platform)).texts(), r.target.version)
	if value, set := top.get("supervised").yes(); set {
		out.supervised = &value
	} else if out.tagged("supervised") {
		out.supervised = new(true)
	}
	severity := top.get("severity")
	if severity.mapping() {
		severity = severity.get(r.baseline)
	}
	out.severity = severityOf(severity)
	out.shell = top.get("check").text() != ""
}

// second reads what 2.x keeps by platform and version.
func (r ruleReader) second(out *rule, top, platforms node) error {
	if !platforms.mapping() {
		return platforms.errorf("platforms of rule %s is not a mapping", out.id)
	}
	platform := platforms.get(string(r.target.platform))
	version := platform.get(r.target.version)
	out.present = version.Node != nil // it may well be empty
	if value, set := version.get("supervised").yes(); set {
		out.supervised = &value
	}
	for benchmark := range version.get("benchmarks").items() {
		if benchmark.get("name").text() == r.baseline {
			out.severity = severityOf(benchmark.get("severity"))
		}
	}
	out.introduced = platform.get("introduced").text()
	for _, at := range []node{platform, version} {
		if at.get("enforcement_info").get("check").get("shell").text() != "" {
			out.shell = true
		}
	}
	return nil
}

func severityOf(n node) string {
	if s := strings.ToLower(n.text()); s == "high" || s == "medium" || s == "low" {
		return s
	}
	return ""
}

// payloads reads mobileconfig_info: a mapping by payload type in the per-OS
// branches, a list of PayloadType and PayloadContent in 2.x.
func payloads(info node) ([]payload, error) {
	var out []payload
	for item := range info.items() {
		if !item.mapping() {
			return nil, item.errorf("mobileconfig_info holds something that is no payload")
		}
		if domain := item.get("PayloadType", "payload_type").text(); domain != "" {
			var err error
			if out, err = content(out, domain, item.get("PayloadContent", "payload_content")); err != nil {
				return nil, err
			}
			continue
		}
		for domain, keys := range item.pairs() {
			var err error
			if out, err = content(out, domain, keys); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// content adds the keys of one payload type, which stand in one mapping or in
// several of a list.
func content(out []payload, domain string, keys node) ([]payload, error) {
	for part := range keys.items() {
		if !part.mapping() {
			return nil, part.errorf("payload %s holds something that is no key with a value", domain)
		}
		for key, value := range part.pairs() {
			if domain != preferences {
				out = append(out, payload{domain: domain, key: key, content: value})
				continue
			}
			var err error
			if out, err = content(out, key, value); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
