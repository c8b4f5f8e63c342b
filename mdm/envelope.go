package mdm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/wardround/wardround/internal/plist"
)

// SharedIPadUserID is the UserID that every user of a Shared iPad has. The
// user is then told by UserShortName, which is a Managed Apple Account.
const SharedIPadUserID = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"

// An Envelope is what surrounds the answer of a report or check-in, as it was
// sent. It can hold the name of a person, so it is never kept.
type Envelope struct {
	Class       Class  // Report or CheckIn
	Status      Status // of a report
	MessageType string // of a check-in
	CommandUUID string // of a report; an Idle one has none

	// RequestType is the command's name at the top level of a report, where
	// only old versions of macOS put it. The payload key tells more.
	RequestType string

	UDID             string
	UserID           string
	UserShortName    string
	UserLongName     string
	EnrollmentID     string
	EnrollmentUserID string
	NotOnConsole     bool
	ErrorChain       []ErrorLink // of a report, top error first

	kind    RequestType // told by the payload key, "" if there is none
	foreign string      // the command of another server that a key gives away, "" if none does
}

// An ErrorLink is one error of an ErrorChain. Its localized text is never read.
type ErrorLink struct {
	ErrorCode            int64
	ErrorDomain          string
	USEnglishDescription string // absent in many
}

// Enrollment returns the enrollment that e is about, as NanoMDM derives it
// (service/nanomdm, normalize): a device is its UDID, else its EnrollmentID,
// and a user is that, a colon and the user. It returns false if e names
// neither. For a Shared iPad the id holds the user's account: keep Private of it.
func (e *Envelope) Enrollment() (Enrollment, bool) {
	switch {
	case e.UDID != "" && e.UserID == SharedIPadUserID:
		return Enrollment{ID: e.UDID + ":" + e.UserShortName, Type: SharedIPad, ParentID: e.UDID}, true
	case e.UDID != "" && e.UserID != "":
		return Enrollment{ID: e.UDID + ":" + e.UserID, Type: User, ParentID: e.UDID}, true
	case e.UDID != "":
		return Enrollment{ID: e.UDID, Type: Device}, true
	case e.EnrollmentID != "" && e.EnrollmentUserID != "":
		return Enrollment{
			ID: e.EnrollmentID + ":" + e.EnrollmentUserID, Type: UserEnrollment, ParentID: e.EnrollmentID,
		}, true
	case e.EnrollmentID != "":
		return Enrollment{ID: e.EnrollmentID, Type: UserEnrollmentDevice}, true
	}
	return Enrollment{}, false
}

// ownersDevice reports whether the message came from a person's own device.
func (e *Envelope) ownersDevice() bool { return e.UDID == "" && e.EnrollmentID != "" }

// query is the key under which the message is kept.
func (e *Envelope) query() QueryKey {
	switch {
	case e.Class == CheckIn:
		return QueryKey(e.MessageType)
	case e.kind != "":
		return QueryKey(e.kind)
	case slices.Contains(requestTypes(), RequestType(e.RequestType)):
		return QueryKey(e.RequestType)
	}
	return foreignTable().named(e.RequestType, e.foreign)
}

// requestTypes lists what can be asked.
func requestTypes() []RequestType {
	return []RequestType{
		DeviceInformation, SecurityInfo, ProfileList, Restrictions, InstalledApplicationList,
		ManagedApplicationList, ManagedApplicationConfiguration, CertificateList, UserList, ProvisioningProfileList,
	}
}

// answeredBy returns the RequestType whose answer stands under a key at the
// top level of a report, "" for any other key.
func answeredBy(key string) RequestType {
	switch key {
	case "QueryResponses":
		return DeviceInformation
	case "GlobalRestrictions", "ProfileRestrictions":
		return Restrictions
	case "ApplicationConfigurations":
		return ManagedApplicationConfiguration
	case "Users":
		return UserList
	case "SecurityInfo", "ProfileList", "InstalledApplicationList", "ManagedApplicationList",
		"CertificateList", "ProvisioningProfileList":
		return RequestType(key)
	}
	return ""
}

// readEnvelope reads the top level of a message and nothing below it, so that
// a UDID inside an answer is no identity. Where it errs, the Envelope holds
// what could be read without contradiction.
func readEnvelope(root plist.Value) (*Envelope, error) {
	e := new(Envelope)
	if root.Kind() != plist.Dict {
		return e, fmt.Errorf("the message is of type %s, not a dict", root.Kind())
	}
	seen := make(map[string]bool)
	for key, v := range root.Pairs() {
		if err := e.take(key, v, seen); err != nil {
			return &Envelope{}, err
		}
	}
	return e, e.classify()
}

// take reads one pair of the top level. Readers differ about which of two
// equal keys counts, so that a message which contradicts itself about who it
// is from or what it says is refused.
func (e *Envelope) take(key string, v plist.Value, seen map[string]bool) error {
	if field := e.field(key); field != nil {
		text, ok := v.Text()
		switch {
		case !ok:
			return fmt.Errorf("%s is of type %s, not a string", key, v.Kind())
		case seen[key] && text != *field:
			return fmt.Errorf("%s is there twice, with different values", key)
		}
		seen[key] = true
		*field = text
		return checkField(key, text)
	}
	if kind := answeredBy(key); kind != "" {
		if e.kind != "" && e.kind != kind {
			return fmt.Errorf("it answers both %s and %s", e.kind, kind)
		}
		e.kind = kind
	}
	if name, ok := foreignTable().toldBy[key]; ok {
		e.foreign = name
	}
	switch key {
	case "NotOnConsole":
		e.NotOnConsole, _ = v.Bool()
	case "ErrorChain":
		e.ErrorChain = readErrorChain(v)
	}
	return nil
}

// field returns where the text under key belongs, nil for any other key.
func (e *Envelope) field(key string) *string {
	switch key {
	case "Status":
		return (*string)(&e.Status)
	case "MessageType":
		return &e.MessageType
	case "CommandUUID":
		return &e.CommandUUID
	case "RequestType":
		return &e.RequestType
	case "UDID":
		return &e.UDID
	case "UserID":
		return &e.UserID
	case "UserShortName":
		return &e.UserShortName
	case "UserLongName":
		return &e.UserLongName
	case "EnrollmentID":
		return &e.EnrollmentID
	case "EnrollmentUserID":
		return &e.EnrollmentUserID
	}
	return nil
}

const longestField = 256 // bytes; NanoMDM and Apple set no bound

// checkField refuses a text that cannot be what its key says: ids become keys
// and file names in the storage of an MDM server, and a colon in one would
// make a device out as a user of another.
func checkField(key, text string) error {
	switch {
	case len(text) > longestField:
		return fmt.Errorf("%s has %d bytes, more than %d", key, len(text), longestField)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s holds a control character", key)
	}
	switch key {
	case "UDID", "EnrollmentID":
		if strings.ContainsAny(text, `:/\ `) || strings.HasPrefix(text, ".") {
			return fmt.Errorf("%s %q holds a character that no id has", key, text)
		}
	case "UserID", "EnrollmentUserID":
		if strings.ContainsAny(text, `/\`) {
			return fmt.Errorf("%s holds a character that no id has", key)
		}
	}
	return nil
}

// classify tells a report from a check-in.
func (e *Envelope) classify() error {
	switch {
	case e.Status != "" && e.MessageType != "":
		return errors.New("it has a Status as a report does, and a MessageType as a check-in does")
	case e.MessageType != "":
		e.Class = CheckIn
		return nil
	case e.Status == "":
		return errors.New("it has neither a Status, as a report does, nor a MessageType, as a check-in does")
	}
	switch e.Status {
	case Acknowledged, Error, CommandFormatError, NotNow, Idle:
		e.Class = Report
		return nil
	}
	return fmt.Errorf("there is no Status %q", e.Status)
}

const longestErrorChain = 32

// readErrorChain reads what can be read of an ErrorChain.
func readErrorChain(chain plist.Value) []ErrorLink {
	var links []ErrorLink
	for v := range chain.Items() {
		if len(links) == longestErrorChain {
			break
		}
		var link ErrorLink
		if code, ok := v.Get("ErrorCode"); ok {
			link.ErrorCode, _ = code.Integer()
		}
		link.ErrorDomain = textOf(v, "ErrorDomain")
		link.USEnglishDescription = textOf(v, "USEnglishDescription")
		links = append(links, link)
	}
	return links
}
