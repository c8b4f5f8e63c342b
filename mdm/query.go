package mdm

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/internal/plist"
)

// RequestType is Apple's name of a command.
type RequestType string

// The read-only RequestTypes, all that can be built.
const (
	DeviceInformation               RequestType = "DeviceInformation"
	SecurityInfo                    RequestType = "SecurityInfo"
	ProfileList                     RequestType = "ProfileList"
	Restrictions                    RequestType = "Restrictions"
	InstalledApplicationList        RequestType = "InstalledApplicationList"
	ManagedApplicationList          RequestType = "ManagedApplicationList"
	ManagedApplicationConfiguration RequestType = "ManagedApplicationConfiguration"
	CertificateList                 RequestType = "CertificateList"
	UserList                        RequestType = "UserList"
	ProvisioningProfileList         RequestType = "ProvisioningProfileList"
)

// QueryKey names a query with its parameters, so that ProfileList with
// ManagedOnly true and false are two: "ProfileList/managed" and
// "ProfileList/all". Other queries are their RequestType alone.
type QueryKey string

// The keys of the two profile lists.
const (
	ManagedProfiles QueryKey = "ProfileList/managed"
	AllProfiles     QueryKey = "ProfileList/all"
)

// RequestType returns the RequestType of k, which is k without its parameters.
func (k QueryKey) RequestType() RequestType {
	name, _, _ := strings.Cut(string(k), "/")
	return RequestType(name)
}

// CommandPrefix starts the CommandUUID of every command that wardround queues,
// so that other readers of the same MDM server can tell them from their own.
const CommandPrefix = "WR-"

// NewCommandUUID returns a fresh CommandUUID: CommandPrefix and a random UUID.
func NewCommandUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never errs, by its contract
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%s%X-%X-%X-%X-%X", CommandPrefix, b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// A Query is one read-only command with its parameters. Only the functions of
// this package named Query... make one, so that nothing which changes a device
// can be asked. The zero Query is invalid: Command refuses it. Queries are
// values and safe for concurrent use.
type Query struct {
	key     QueryKey
	request RequestType
	params  map[string]any // never changed once built
}

// Key names q with its parameters.
func (q Query) Key() QueryKey { return q.key }

// RequestType returns Apple's name of the command, "" for the zero Query.
func (q Query) RequestType() RequestType { return q.request }

// Command returns the XML property list that asks q under the given
// CommandUUID. It errs for the zero Query, an empty CommandUUID and a
// DeviceInformation that names nothing (Apple would answer with everything).
func (q Query) Command(commandUUID string) ([]byte, error) {
	switch {
	case q.request == "":
		return nil, errors.New("build command: the query is empty")
	case commandUUID == "":
		return nil, fmt.Errorf("build %s command: it has no CommandUUID", q.request)
	case q.request == DeviceInformation && q.params["Queries"] == nil:
		return nil, fmt.Errorf("build %s command: it names no query", q.request)
	}
	command := maps.Clone(q.params)
	if command == nil {
		command = make(map[string]any, 1)
	}
	command["RequestType"] = string(q.request)
	body, err := plist.WriteXML(map[string]any{"CommandUUID": commandUUID, "Command": command})
	if err != nil {
		return nil, fmt.Errorf("build %s command: %w", q.request, err)
	}
	return body, nil
}

// QueryDeviceInformation asks for the named keys of DeviceInformation. At least
// one has to be named.
func QueryDeviceInformation(names ...string) Query {
	return newQuery(DeviceInformation, list("Queries", names))
}

// QuerySecurityInfo asks for SecurityInfo.
func QuerySecurityInfo() Query { return newQuery(SecurityInfo, nil) }

// QueryProfileList asks for the profiles that the MDM server installed, or for
// all of them. Systems older than iOS 13 and macOS 10.15 always list all.
func QueryProfileList(managedOnly bool) Query {
	q := newQuery(ProfileList, map[string]any{"ManagedOnly": managedOnly})
	q.key = AllProfiles
	if managedOnly {
		q.key = ManagedProfiles
	}
	return q
}

// QueryRestrictions asks for the restrictions in force, and for those of each
// profile.
func QueryRestrictions() Query {
	return newQuery(Restrictions, map[string]any{"ProfileRestrictions": true})
}

// An AppFilter narrows InstalledApplicationList; the zero value asks for every
// key of every app.
type AppFilter struct {
	Identifiers     []string // bundle ids; empty: all apps
	Items           []string // keys of each app, not for macOS; empty: all keys
	ManagedAppsOnly bool
}

// QueryInstalledApplicationList asks for installed apps.
func QueryInstalledApplicationList(f AppFilter) Query {
	params := list("Identifiers", f.Identifiers)
	maps.Copy(params, list("Items", f.Items))
	if f.ManagedAppsOnly {
		params["ManagedAppsOnly"] = true
	}
	return newQuery(InstalledApplicationList, params)
}

// QueryManagedApplicationList asks for the apps under management with the given
// bundle ids, or for all of them.
func QueryManagedApplicationList(identifiers ...string) Query {
	return newQuery(ManagedApplicationList, list("Identifiers", identifiers))
}

// QueryManagedApplicationConfiguration asks what configuration the MDM server
// gave the apps with the given bundle ids.
func QueryManagedApplicationConfiguration(identifiers ...string) Query {
	return newQuery(ManagedApplicationConfiguration, list("Identifiers", identifiers))
}

// QueryCertificateList asks for the certificates on the device, or for those
// that the MDM server installed.
func QueryCertificateList(managedOnly bool) Query {
	return newQuery(CertificateList, map[string]any{"ManagedOnly": managedOnly})
}

// QueryUserList asks for the users of a Shared iPad or a Mac.
func QueryUserList() Query { return newQuery(UserList, nil) }

// QueryProvisioningProfileList asks for the provisioning profiles on the
// device, or for those that the MDM server installed.
func QueryProvisioningProfileList(managedOnly bool) Query {
	return newQuery(ProvisioningProfileList, map[string]any{"ManagedOnly": managedOnly})
}

// newQuery makes the query whose key is its RequestType.
func newQuery(request RequestType, params map[string]any) Query {
	return Query{key: QueryKey(request), request: request, params: params}
}

// list returns a map with the copied names under key, or without it if there
// are none.
func list(key string, names []string) map[string]any {
	params := make(map[string]any, 1)
	if len(names) > 0 {
		params[key] = slices.Clone(names)
	}
	return params
}
