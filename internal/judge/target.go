package judge

import (
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/mdm"
)

// Target says what is known of a device that decides what to ask one of its
// channels. An iPad that has not said otherwise is asked as a Shared iPad
// would be: a query it does not have is left out of its answer.
func Target(d Device, channel mdm.Enrollment, now time.Time) mdm.Target {
	a := readAnswers(d, now)
	p := a.platform()
	t := mdm.Target{Enrollment: channel, OS: p.os}
	if p.name != checks.UnknownPlatform {
		t.Platform = string(p.name)
	}
	shared, known := a.boolean(deviceInformation, "DeviceInformation.IsMultiUser")
	t.SharedIPad = p.family == "iPad" && (shared || !known)
	return t
}
