package mdm_test

import (
	"fmt"
	"os"
	"time"

	"github.com/wardround/wardround/mdm"
)

// A message is received, kept, and decoded from what was kept.
func Example() {
	body, err := os.ReadFile("testdata/device_information_iphone.plist")
	if err != nil {
		fmt.Println(err)
		return
	}
	evidence, _, err := mdm.Receive(body, time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err) // and keep evidence all the same
		return
	}
	reply, err := mdm.Decode(evidence)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(evidence.Enrollment.ID, reply.Kind, reply.Status)
	for _, f := range reply.Facts[:3] {
		fmt.Println(f.Key, f.Value)
	}
	// Output:
	// 00008030-001A2B3C4D5E602E DeviceInformation Acknowledged
	// DeviceInformation.AwaitingConfiguration false
	// DeviceInformation.BuildVersion 22H124
	// DeviceInformation.IsCloudBackupEnabled false
}

// What a device is asked depends on what it is.
func ExampleQueriesFor() {
	for _, q := range mdm.QueriesFor(mdm.Target{
		Enrollment: mdm.Enrollment{ID: "564D0A4B-1E2F-3A4B-5C6D-7E8F90A1B2C3", Type: mdm.Device},
		Platform:   "macOS",
		OS:         "15.2",
	}) {
		fmt.Println(q.Key())
	}
	// Output:
	// DeviceInformation
	// SecurityInfo
	// ProfileList/managed
	// ProfileList/all
	// CertificateList
	// InstalledApplicationList
}
