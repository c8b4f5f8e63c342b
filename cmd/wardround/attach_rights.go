package main

import (
	"fmt"

	"github.com/wardround/wardround/mdm"
)

// Errors of Apple's MCMDMErrorDomain, as its MDM Protocol Reference lists them.
// It says that programs must not depend on them: they are only explained.
const (
	mdmErrorDomain       = "MCMDMErrorDomain"
	errNotAuthorized     = 12007
	errInvalidRequest    = 12021
	errInvalidInLostMode = 12078
)

// rightFor names the access right that a query needs (Apple, com.apple.mdm,
// AccessRights). A User Enrollment has none, and a server cannot gain one later.
func rightFor(q mdm.QueryKey) (bit int, name string) {
	switch q.RequestType() {
	case mdm.ProfileList, mdm.CertificateList:
		return 1, "inspect profiles"
	case mdm.DeviceInformation:
		return 16, "query device information"
	case mdm.ProvisioningProfileList:
		return 64, "inspect provisioning profiles"
	case mdm.InstalledApplicationList:
		return 256, "inspect installed apps"
	case mdm.Restrictions:
		return 512, "query restrictions"
	case mdm.SecurityInfo:
		return 1024, "query security information"
	case mdm.ManagedApplicationList, mdm.ManagedApplicationConfiguration:
		return 4096, "manage apps"
	}
	return 0, ""
}

// refusalText says with which error a device refused.
func refusalText(status mdm.Status, chain []mdm.ErrorLink) string {
	if len(chain) == 0 {
		return fmt.Sprintf("refused with %s and without a reason", status)
	}
	return fmt.Sprintf("refused with %s: %.60s %d", status, chain[0].ErrorDomain, chain[0].ErrorCode)
}

// refusalMeaning says what the refusal of a query probably means.
func refusalMeaning(q mdm.QueryKey, status mdm.Status, chain []mdm.ErrorLink) string {
	var code int64
	if len(chain) > 0 && chain[0].ErrorDomain == mdmErrorDomain {
		code = chain[0].ErrorCode
	}
	bit, name := rightFor(q)
	missing := fmt.Sprintf("the AccessRights of its enrollment profile lack %d (%s). A right can only be had by enrolling anew", bit, name)
	switch {
	case code == errInvalidInLostMode:
		return "It is in Lost Mode, and says nothing else before it is out of it."
	case status == mdm.CommandFormatError:
		return "It does not understand the question: look at its OS version."
	case bit != 0 && code == errInvalidRequest:
		return "Either this OS does not know the question, or " + missing + "."
	case bit != 0 && (code == errNotAuthorized || code == 0):
		return "Probably " + missing + "."
	}
	return "Apple does not say what that means; the rows that need this answer stay unknown."
}
