package judge

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

const deviceInformation = mdm.QueryKey(mdm.DeviceInformation)

// A platform is what the device runs on, as far as it said so.
type platform struct {
	name    checks.Platform
	family  string // "iPad", "Mac", ...; empty when not known
	product string // "iPad14,1"
	model   string // ModelName, "iPad mini"
	os      string
	sources []fact.Source
}

// families maps the beginning of a ProductName, Model or ModelName to the
// family and its platform. Apple silicon Macs are "Mac14,2"; older ones carry
// the family in the name. Longer beginnings stand before shorter ones.
var families = [...]struct {
	prefix, family string
	platform       checks.Platform
}{
	{"iPhone", "iPhone", checks.IOS},
	{"iPad", "iPad", checks.IPadOS},
	{"iPod", "iPod", checks.IOS},
	{"AppleTV", "AppleTV", checks.TVOS},
	{"Apple TV", "AppleTV", checks.TVOS},
	{"Watch", "Watch", checks.WatchOS},
	{"Apple Watch", "Watch", checks.WatchOS},
	{"RealityDevice", "RealityDevice", checks.VisionOS},
	{"Apple Vision", "RealityDevice", checks.VisionOS},
	{"iMac", "Mac", checks.MacOS},
	{"Mac", "Mac", checks.MacOS},
	{"VirtualMac", "Mac", checks.MacOS},
	{"Xserve", "Mac", checks.MacOS},
}

// platform tells the platform from what DeviceInformation reports, else from
// Authenticate.
func (a *answers) platform() platform {
	p := platform{
		name:    checks.UnknownPlatform,
		product: a.text(deviceInformation, "DeviceInformation.ProductName"),
		model:   a.text(deviceInformation, "DeviceInformation.ModelName"),
		os:      a.text(deviceInformation, "DeviceInformation.OSVersion"),
		sources: a.of(deviceInformation).sources,
	}
	code := a.text(deviceInformation, "DeviceInformation.Model")
	if p.product == "" && p.model == "" && code == "" && p.os == "" {
		p.sources = nil
	}
	if p.product == "" && p.model == "" {
		p.product, p.model = a.checkIn.ProductName, a.checkIn.ModelName
		p.sources = append(p.sources, a.checkInFrom...)
	}
	if p.product == "" && p.model == "" && a.past != nil {
		p.product, p.model = a.pastText("DeviceInformation.ProductName"), a.pastText("DeviceInformation.ModelName")
		p.sources = append(p.sources, a.pastFrom...)
	}
	p.os = cmp.Or(p.os, a.checkIn.OSVersion, a.pastText("DeviceInformation.OSVersion"))
	p.os = strings.TrimSpace(p.os)
	p.name, p.family = familyOf(p.product, p.model, code, a.checkIn.Model)
	if p.name == checks.IPadOS {
		if major, ok := p.major(); ok && major < 13 {
			p.name = checks.IOS // iPadOS began with 13
		}
	}
	return p
}

func familyOf(names ...string) (checks.Platform, string) {
	for _, name := range names {
		for _, f := range families {
			if strings.HasPrefix(name, f.prefix) {
				return f.platform, f.family
			}
		}
	}
	return checks.UnknownPlatform, ""
}

func (p platform) major() (int64, bool) {
	head, _, _ := strings.Cut(p.os, ".")
	n, err := strconv.ParseInt(head, 10, 32)
	return n, err == nil && n > 0
}

func (p platform) mac() bool { return p.name == checks.MacOS }

// schema is the platform's name in the settings table: iPadOS keys are iOS's.
func (p platform) schema() string {
	if p.name == checks.IPadOS {
		return string(checks.IOS)
	}
	return string(p.name)
}
