package mdm

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/plist"
)

// A Reply is a report, decoded. Which of the fields after Payload are filled
// in depends on Kind; they are all empty unless Status is Acknowledged and the
// payload key was there.
type Reply struct {
	Kind       RequestType // "" if nothing in the report tells
	Key        QueryKey    // Kind with the parameters that were asked, as far as they are known
	Status     Status
	Source     fact.Source // of everything in the reply
	Payload    bool        // the payload key was there, in an Acknowledged report
	ErrorChain []ErrorLink // of an Error, top error first

	// Facts are the scalars of DeviceInformation and SecurityInfo that have a
	// name in the vocabulary and a key in the answer, in order of key. One of
	// an unexpected type is absent, and the others live.
	Facts []fact.Fact

	// HasPhoneNumber says, of DeviceInformation, whether a subscription has a
	// number; nil if the answer does not tell.
	HasPhoneNumber *bool

	Profiles             []InstalledProfile
	Restrictions         *RestrictionsAnswer
	Apps                 []InstalledApp
	ManagedApps          []ManagedApp // in order of bundle id
	AppConfigurations    []AppConfiguration
	Certificates         []Certificate
	Users                []DeviceUser
	ProvisioningProfiles []ProvisioningProfile
}

// Decode reads a report from its kept bytes. It errs if e is not a report, if
// its bytes do not parse, or if the payload is not of the kind that Apple
// documents; the fields of a payload that are of an unexpected type do not
// make it err. It is safe for concurrent use.
func Decode(e Evidence) (Reply, error) {
	if e.Class != Report {
		return Reply{}, fmt.Errorf("decode reply: the evidence is a %s, not a report", e.Class)
	}
	doc, err := plist.Parse(e.Body, plist.Limits{Bytes: MaxKept})
	if err != nil {
		return Reply{}, fmt.Errorf("decode %s reply: %w", e.kindName(), err)
	}
	env, err := readEnvelope(doc.Root())
	if err != nil {
		return Reply{}, fmt.Errorf("decode %s reply: %w", e.kindName(), err)
	}
	r := Reply{Key: e.Query, Status: e.Status, Source: e.source(), ErrorChain: env.ErrorChain}
	if env.kind != "" && env.kind != r.Key.RequestType() {
		r.Key = QueryKey(env.kind)
	}
	r.Kind = r.Key.RequestType()
	if e.Status != Acknowledged || env.kind == "" {
		return r, nil
	}
	r.Payload = true
	if err := unambiguous(doc); err != nil {
		return Reply{}, fmt.Errorf("decode %s reply: %w", r.Kind, err)
	}
	if err := r.decode(doc); err != nil {
		return Reply{}, fmt.Errorf("decode %s reply: %w", r.Kind, err)
	}
	return r, nil
}

// unambiguous refuses an answer that says a key twice. Apple's writer cannot
// produce one, and which of the two values counts is the reader's choice.
func unambiguous(doc *plist.Document) error {
	for _, n := range doc.Notes() {
		switch n.Code {
		case plist.NoteDuplicateKey:
			return fmt.Errorf("key %s is there twice", n.Path)
		case plist.NoteMore:
			return errors.New("too many keys are without a value, or there twice")
		}
	}
	return nil
}

// decode fills in what belongs to r.Kind.
func (r *Reply) decode(doc *plist.Document) error {
	root := doc.Root()
	switch r.Kind {
	case DeviceInformation:
		return payload(root, "QueryResponses", plist.Dict, func(v plist.Value) {
			r.Facts = scalarFacts(r.Kind, v, deviceScalars(), r.Source)
			r.HasPhoneNumber = hasPhoneNumber(v)
		})
	case SecurityInfo:
		return payload(root, "SecurityInfo", plist.Dict, func(v plist.Value) {
			r.Facts = scalarFacts(r.Kind, v, securityScalars(), r.Source)
		})
	case ProfileList:
		return payload(root, "ProfileList", plist.Array, func(v plist.Value) { r.Profiles = each(v, readProfile) })
	case Restrictions:
		var err error
		r.Restrictions, err = readRestrictions(doc)
		return err
	case InstalledApplicationList:
		return payload(root, "InstalledApplicationList", plist.Array, func(v plist.Value) {
			_, ours := root.Get("UDID")
			r.Apps = readApps(v, ours)
		})
	case ManagedApplicationList:
		return payload(root, "ManagedApplicationList", plist.Dict, func(v plist.Value) { r.ManagedApps = readManagedApps(v) })
	case ManagedApplicationConfiguration:
		return payload(root, "ApplicationConfigurations", plist.Array, func(v plist.Value) {
			r.AppConfigurations = each(v, readConfiguration)
		})
	case CertificateList:
		return payload(root, "CertificateList", plist.Array, func(v plist.Value) { r.Certificates = each(v, readCertificate) })
	case UserList:
		return payload(root, "Users", plist.Array, func(v plist.Value) { r.Users = each(v, readUser) })
	case ProvisioningProfileList:
		return payload(root, "ProvisioningProfileList", plist.Array, func(v plist.Value) {
			r.ProvisioningProfiles = each(v, readProvisioningProfile)
		})
	}
	return errors.New("there is no such query")
}

// payload calls read with the value under key, which has to be of that kind.
func payload(root plist.Value, key string, kind plist.Kind, read func(plist.Value)) error {
	v, _ := root.Get(key)
	if v.Kind() != kind {
		return fmt.Errorf("%s is of type %s, not %s", key, v.Kind(), kind)
	}
	read(v)
	return nil
}

// each reads every item of a list.
func each[T any](list plist.Value, read func(plist.Value) T) []T {
	all := make([]T, 0, list.Len())
	for v := range list.Items() {
		all = append(all, read(v))
	}
	return all
}

// source says where what e tells comes from.
func (e Evidence) source() fact.Source {
	return fact.Source{
		Evidence:  e.ID,
		Query:     string(e.Query),
		SHA256:    hex.EncodeToString(e.SHA256[:]),
		Collected: e.Received,
		User:      e.Enrollment.UserChannel(),
	}
}

// kindName is what an error calls e.
func (e Evidence) kindName() string {
	if e.Query == "" {
		return "unnamed"
	}
	return string(e.Query.RequestType())
}
