package sim

import (
	"fmt"
	"time"
)

// deviceInformation answers the queries that the device knows, allows and has
// granted the right for. The others are left out, as Apple's devices do.
func (d *device) deviceInformation(queries []string) dict {
	var answers dict
	for _, name := range queries {
		right, allowed := d.allows(name)
		if value := d.information(name); value != nil && allowed && d.may(right) {
			answers = append(answers, entry{name, value})
		}
	}
	return dict{{"QueryResponses", answers}}
}

// allows returns the right that a query needs, and whether a device enrolled
// as this one is answers it at all.
func (d *device) allows(name string) (right int, allowed bool) {
	ue, mac := d.Persona == UserEnrollment, d.Persona == Mac
	switch name {
	case "ServiceSubscriptions", "PhoneNumber", "ICCID", "IMEI", "MEID", "CurrentCarrierNetwork",
		"PersonalHotspotEnabled", "DataRoamingEnabled":
		return rightNetwork, !ue && !mac
	case "WiFiMAC", "BluetoothMAC":
		return rightNetwork, !ue
	case "iTunesStoreAccountIsActive", "iTunesStoreAccountHash":
		return rightManageApps, !ue
	case "UDID", "SerialNumber", "AwaitingConfiguration":
		return 0, !ue
	case "IsCloudBackupEnabled", "LastCloudBackupDate":
		return rightDevice, !ue && !mac
	case "IsDeviceLocatorServiceEnabled", "IsMultiUser", "TemporarySessionOnly":
		return rightDevice, !mac
	default:
		return rightDevice, true
	}
}

// information returns the value of a query, nil if there is none.
func (d *device) information(name string) any {
	switch name {
	case "UDID":
		return d.ID
	case "SerialNumber":
		return d.Serial
	case "OSVersion":
		return d.OSVersion
	case "BuildVersion":
		return d.build()
	case "ModelName":
		return d.Model
	case "Model", "ModelNumber":
		return d.modelNumber()
	case "ProductName":
		return d.productName()
	case "DeviceName":
		return d.texts.name
	case "AwaitingConfiguration":
		return d.awaits
	case "MDMOptions":
		return dict{}
	}
	if value := d.state(name); value != nil {
		return value
	}
	return d.cellular(name)
}

// state is what the device is set to.
func (d *device) state(name string) any {
	switch name {
	case "IsSupervised":
		return d.supervised()
	case "IsMultiUser":
		return d.Persona == SharedIPad
	case "TemporarySessionOnly":
		if d.Persona != SharedIPad {
			return nil
		}
		return len(d.users) == 0
	case "IsCloudBackupEnabled":
		return d.Persona == ICloudBackupOn
	case "LastCloudBackupDate":
		if d.Persona != ICloudBackupOn {
			return nil
		}
		return time.Date(2026, 11, 20, 3, 12, 44, 0, time.UTC)
	case "IsDeviceLocatorServiceEnabled", "iTunesStoreAccountIsActive":
		return false
	case "iTunesStoreAccountHash":
		return nil // nobody is signed in
	case "IsActivationLockEnabled":
		return false
	case "BatteryLevel":
		return 0.87
	case "DeviceCapacity":
		return 59.604644775390625
	case "AvailableDeviceCapacity":
		return 31.25
	}
	return nil
}

// cellular is what a phone says about its lines; an iPad of this fleet has
// none, and an empty list of them.
func (d *device) cellular(name string) any {
	phone := d.Model == "iPhone"
	switch {
	case name == "WiFiMAC":
		return d.texts.wifiMAC
	case name == "BluetoothMAC":
		return d.texts.bluetoothMAC
	case name == "ServiceSubscriptions" && phone:
		return []any{d.line(0, d.texts.imei, d.texts.phone, true), d.line(1, d.texts.imei2, "", false)}
	case name == "ServiceSubscriptions":
		return []any{}
	case !phone || major(d.OSVersion) >= 26:
		return nil // these were removed in iOS 26
	case name == "PhoneNumber":
		return d.texts.phone
	case name == "ICCID":
		return d.texts.iccid
	case name == "IMEI":
		return d.texts.imei
	case name == "MEID":
		return d.texts.meid
	}
	return nil
}

// line is one entry of ServiceSubscriptions. One that is not in use has an
// empty number.
func (d *device) line(slot int, imei, number string, inUse bool) dict {
	m := dict{
		{"EID", d.texts.eid},
		{"IMEI", imei},
		{"IsDataPreferred", inUse},
		{"IsVoicePreferred", inUse},
		{"PhoneNumber", number},
		{"Slot", fmt.Sprintf("CTSubscriptionSlot%s", [2]string{"One", "Two"}[slot])},
	}
	if inUse {
		m = append(m, entry{"CurrentCarrierNetwork", "Example Mobile"}, entry{"ICCID", d.texts.iccid},
			entry{"IsRoaming", false}, entry{"Label", "Primary"}, entry{"MEID", d.texts.meid})
	}
	return m
}

// build is a plausible BuildVersion of the OS.
func (d *device) build() string {
	builds := map[string]string{
		"26.1": "23B82", "18.7.2": "22H124", "17.7.10": "21H450", "16.7.12": "20H364", "15.7.2": "24G325",
	}
	if d.Persona == Mac && d.OSVersion == "26.1" {
		return "25B78"
	}
	return builds[d.OSVersion]
}

// productName is Apple's internal name of the hardware.
func (d *device) productName() string {
	switch d.Model {
	case "iPhone":
		return "iPhone14,6"
	case "iPad":
		return "iPad13,18"
	default:
		return "Mac14,2"
	}
}

// modelNumber is the number on the box.
func (d *device) modelNumber() string {
	switch d.Model {
	case "iPhone":
		return "MMX53LL"
	case "iPad":
		return "MPQ03LL"
	default:
		return "Mac14,2"
	}
}
