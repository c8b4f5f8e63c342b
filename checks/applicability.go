package checks

import "github.com/wardround/wardround/checks/fact"

// NanoMDM's names of the enrollments that are judged otherwise.
const (
	enrollmentShared     = "Shared iPad"
	enrollmentUser       = "User Enrollment"
	enrollmentUserDevice = "User Enrollment (Device)"
)

// A platformRule is a PlatformRule with its versions read; nil is any.
type platformRule struct {
	PlatformRule
	first, last version
}

// readRules reads the versions of rules; parsing a baseline has checked them.
func readRules(rules []PlatformRule) []platformRule {
	out := make([]platformRule, len(rules))
	for i, r := range rules {
		out[i].PlatformRule = r
		out[i].first, _ = parseVersion(r.Min)
		out[i].last, _ = parseVersion(r.Max)
	}
	return out
}

// applicability says whether rules cover a platform and its OS version, nil if
// that is not known. Reason is empty if they do; supervised then tells whether
// the requirement needs supervision there.
func applicability(rules []platformRule, platform Platform, os version) (result Result, reason Reason, supervised bool) {
	if len(rules) == 0 {
		return "", "", false
	}
	if platform == "" || platform == UnknownPlatform {
		return Unknown, ReasonPlatformUnknown, false
	}
	named := false
	for _, r := range rules {
		if r.Platform != platform && (r.Platform != IOS || platform != IPadOS) {
			continue
		}
		named = true
		if r.first == nil && r.last == nil || os != nil && os.atLeast(r.first) && os.atMost(r.last) {
			return "", "", r.Supervised
		}
	}
	switch {
	case !named:
		return NotApplicable, ReasonNotOnPlatform, false
	case os == nil:
		return Unknown, ReasonOSVersionUnknown, false
	}
	return NotApplicable, ReasonNotOnOSVersion, false
}

// sharedIPad reports whether the device is one, by enrollment or by answer.
func (e *evaluation) sharedIPad() bool {
	if e.subject.EnrollmentType == enrollmentShared {
		return true
	}
	return e.isTrue("device.shared_ipad")
}

// userEnrolled reports whether the owner enrolled the device, by enrollment or
// by answer.
func (e *evaluation) userEnrolled() bool {
	switch e.subject.EnrollmentType {
	case enrollmentUser, enrollmentUserDevice:
		return true
	}
	return e.isTrue("SecurityInfo.ManagementStatus.IsUserEnrollment")
}

func (e *evaluation) unsupervised() bool {
	if e.subject.Supervised == No {
		return true
	}
	f := e.set.Get("DeviceInformation.IsSupervised")
	v, ok := f.Value.(bool)
	return e.subject.Supervised != Yes && f.Known() && ok && !v
}

func (e *evaluation) isTrue(key fact.Key) bool {
	f := e.set.Get(key)
	v, ok := f.Value.(bool)
	return f.Known() && ok && v
}
