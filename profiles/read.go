package profiles

import (
	"fmt"
	"strings"

	"github.com/wardround/wardround/internal/plist"
)

// read takes the profile out of a property list.
func (p *Profile) read(doc *plist.Document) {
	p.readNotes(doc)
	root := doc.Root()
	if !p.readHead(root) {
		return
	}
	p.readTemplates(doc)
	p.readPayloads(root)
	p.checkUUIDs()
	p.readSettings(doc)
	p.checkSettings()
	p.readNetworks(doc)
	p.forgetValues()
}

// forgetValues lets go of the property list, which would otherwise stay in
// memory for as long as the profile does.
func (p *Profile) forgetValues() {
	for i := range p.Payloads {
		p.Payloads[i].value = plist.Value{}
	}
	for i := range p.networks {
		p.networks[i].payload.value = plist.Value{}
	}
}

// readHead reads the top level and reports whether it is that of a profile.
func (p *Profile) readHead(root plist.Value) bool {
	if root.Kind() != plist.Dict {
		p.problem(NotAProfile, SeverityError, "", "the property list is no dictionary, so it is no configuration profile")
		return false
	}
	p.Identifier = text(root, "PayloadIdentifier")
	p.UUID = text(root, "PayloadUUID")
	p.DisplayName = text(root, "PayloadDisplayName")
	p.Organization = text(root, "PayloadOrganization")
	p.Scope = text(root, "PayloadScope")
	if !p.readType(root) {
		return false
	}
	_, p.Encrypted = root.Get("EncryptedPayloadContent")
	if p.Encrypted {
		p.problem(EncryptedContent, SeverityInfo, "EncryptedPayloadContent", "the payloads are encrypted for a device: what they set is unknown")
	}
	p.requireNames("", p.Identifier, p.UUID)
	if _, ok := root.Get("PayloadScope"); ok && p.Scope != "System" && p.Scope != "User" {
		p.problem(UnknownScope, SeverityWarning, "PayloadScope", fmt.Sprintf("PayloadScope is %q, Apple knows System and User", clip(p.Scope)))
	}
	return true
}

// readType tells a configuration profile from other property lists.
func (p *Profile) readType(root plist.Value) bool {
	kind := text(root, "PayloadType")
	switch {
	case kind == "Configuration":
		return true
	case kind == "Profile Service":
		p.problem(ProfileService, SeverityInfo, "PayloadType", "this is an over-the-air enrollment invitation: it installs no settings itself")
		return true
	case kind == "" && holdsPayloads(root):
		p.problem(MissingType, SeverityError, "PayloadType", "PayloadType is missing: devices want Configuration here")
		return true
	case kind == "":
		p.problem(NotAProfile, SeverityError, "", "a property list without PayloadType and payloads, so it is no configuration profile")
	default:
		p.problem(NotAProfile, SeverityError, "PayloadType", fmt.Sprintf(
			"PayloadType is %q: a payload without the configuration profile around it", clip(kind)))
	}
	return false
}

// holdsPayloads reports whether a dictionary has what a profile has inside.
func holdsPayloads(root plist.Value) bool {
	content, _ := root.Get("PayloadContent")
	_, encrypted := root.Get("EncryptedPayloadContent")
	return encrypted || content.Kind() == plist.Array
}

// maxPayloads is how many payloads are read. Large profiles have two hundred,
// most of them certificates.
const maxPayloads = 4096

// readPayloads reads the elements of PayloadContent.
func (p *Profile) readPayloads(root plist.Value) {
	content, ok := root.Get("PayloadContent")
	if text(root, "PayloadType") == "Profile Service" || !ok && p.Encrypted {
		return
	}
	if ok && content.Kind() != plist.Array {
		p.problem(BadPayloadContent, SeverityError, "PayloadContent", "PayloadContent is no list, so nothing in it was read")
		return
	}
	if content.Len() > maxPayloads {
		p.problem(BadPayloadContent, SeverityError, "PayloadContent", fmt.Sprintf("there are %d payloads, more than %d, so none of them was read", content.Len(), maxPayloads))
		return
	}
	index := -1
	for item := range content.Items() {
		index++
		p.readPayload(index, item)
	}
	if len(p.Payloads) == 0 && !p.Encrypted {
		p.problem(NoPayloads, SeverityWarning, "PayloadContent", "the profile has no payloads: it sets nothing")
	}
}

// readPayload reads what all payloads have in common.
func (p *Profile) readPayload(index int, item plist.Value) {
	path := fmt.Sprintf("PayloadContent[%d]", index)
	if item.Kind() != plist.Dict {
		p.problem(BadPayloadContent, SeverityError, path, "a payload that is no dictionary was not read")
		return
	}
	payload := Payload{
		Index:       index,
		Type:        text(item, "PayloadType"),
		Identifier:  text(item, "PayloadIdentifier"),
		UUID:        text(item, "PayloadUUID"),
		DisplayName: text(item, "PayloadDisplayName"),
		value:       item,
	}
	if payload.Type == "" {
		p.problem(MissingType, SeverityError, path+".PayloadType", "PayloadType is missing: nobody can tell what the payload sets")
	}
	p.requireNames(path+".", payload.Identifier, payload.UUID)
	p.Payloads = append(p.Payloads, payload)
}

// requireNames notes a missing identifier or UUID.
func (p *Profile) requireNames(prefix, identifier, uuid string) {
	if strings.TrimSpace(identifier) == "" {
		p.problem(MissingIdentifier, SeverityError, prefix+"PayloadIdentifier", "PayloadIdentifier is missing or empty")
	}
	switch {
	case strings.TrimSpace(uuid) == "":
		p.problem(MissingUUID, SeverityError, prefix+"PayloadUUID", "PayloadUUID is missing or empty")
	case placeholderIn(uuid) == "" && !isUUID(uuid):
		p.problem(NotAUUID, SeverityWarning, prefix+"PayloadUUID", fmt.Sprintf("PayloadUUID %q has not the form of a UUID", clip(uuid)))
	}
}

// checkUUIDs notes UUIDs that stand twice: a reference to one of them may
// resolve to the other.
func (p *Profile) checkUUIDs() {
	seen := map[string]string{}
	if named(p.UUID) {
		seen[strings.ToUpper(p.UUID)] = "the profile"
	}
	for _, payload := range p.Payloads {
		if !named(payload.UUID) {
			continue
		}
		path := fmt.Sprintf("PayloadContent[%d]", payload.Index)
		if first, twice := seen[strings.ToUpper(payload.UUID)]; twice {
			p.problem(DuplicateUUID, SeverityWarning, path+".PayloadUUID", "the same PayloadUUID as "+first)
			continue
		}
		seen[strings.ToUpper(payload.UUID)] = path
	}
}

// isUUID reports whether s has the form 8-4-4-4-12 of hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// text returns the string under a key of a dictionary, or "". Blanks around it
// stay: devices compare with them, and a network's name may end in one.
func text(dict plist.Value, key string) string {
	v, _ := dict.Get(key)
	s, _ := v.Text()
	return s
}
