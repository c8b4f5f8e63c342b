package remedy_test

import (
	"testing"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/internal/remedy"
)

const limits = "com.apple.applicationaccess"

// noon is the time at which tests judge; answers came an hour before.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A device is a fact set under construction.
type device struct {
	subject checks.Subject
	facts   *fact.Set
	known   []checks.Verdict // besides those of its facts
}

func sources() []fact.Source {
	return []fact.Source{{Query: "Restrictions", SHA256: "sha", Collected: noon.Add(-time.Hour)}}
}

func (d *device) put(key fact.Key, value any) *device {
	d.facts.Put(fact.Fact{Key: key, Value: value, Hold: fact.Observed, Sources: sources()})
	return d
}

func (d *device) setting(key string, value any) *device {
	return d.put(fact.SettingKey(limits, key), value)
}

func (d *device) absent(key fact.Key, why fact.Absence) *device {
	d.facts.Put(fact.Fact{Key: key, Absent: why, Sources: sources()})
	return d
}

// iPad is a supervised iPad on which every restriction has its default, and
// nothing is signed in.
func iPad(id string) *device {
	d := &device{facts: &fact.Set{}, subject: checks.Subject{ID: id, Platform: checks.IPadOS, OS: "26.1", Supervised: checks.Yes, EnrollmentType: "Device"}}
	for _, s := range fact.Settings() {
		if s.Domain != limits || !s.Reported {
			continue
		}
		switch s.Type {
		case fact.Bool:
			d.setting(s.Key, s.Default == "true")
		case fact.Int:
			d.setting(s.Key, int64(1000))
		case fact.StringList:
			d.setting(s.Key, []string{})
		}
	}
	return d.put("device.platform", "iPadOS").put("device.model_family", "iPad").put("device.shared_ipad", false).
		put("device.supervised", true).put("DeviceInformation.IsSupervised", true).put("DeviceInformation.OSVersion", "26.1").
		put("DeviceInformation.IsCloudBackupEnabled", false).put("device.cloud_backup_dated", false).
		put("DeviceInformation.IsDeviceLocatorServiceEnabled", false).put("DeviceInformation.iTunesStoreAccountIsActive", false).
		put("SecurityInfo.PasscodePresent", true).put("SecurityInfo.PasscodeCompliant", true).
		put("device.last_answered", noon.Add(-time.Hour)).put("device.facetime_app_hidden", false).put("device.app_lock", "").
		put("profiles", []fact.Object{}).put("wifi", []fact.Object{}).put("device.wifi_payloads", int64(0))
}

func (d *device) unsupervised() *device {
	d.subject.Supervised = checks.No
	return d.put("device.supervised", false).put("DeviceInformation.IsSupervised", false)
}

// mac is a Mac with no profile: what is in force there is never reported.
func mac(id string) *device {
	d := &device{facts: &fact.Set{}, subject: checks.Subject{ID: id, Platform: checks.MacOS, OS: "26.1", Supervised: checks.Yes, EnrollmentType: "Device"}}
	for _, s := range fact.Settings() {
		why := fact.NotApplicable
		if s.Exists("macOS", "26.1") {
			why = fact.BlankOnMac
			if !s.Reported {
				why = fact.NotReported
			}
		}
		d.absent(fact.SettingKey(s.Domain, s.Key), why)
	}
	return d.put("device.platform", "macOS").put("device.model_family", "Mac").put("DeviceInformation.IsSupervised", true).
		put("DeviceInformation.OSVersion", "26.1").put("device.last_answered", noon.Add(-time.Hour)).
		put("device.facetime_control_installed", false).put("profiles", []fact.Object{}).put("wifi", []fact.Object{})
}

// proves adds a verdict on the installed Enterprise network.
func (d *device) proves(result checks.Result) *device {
	d.known = append(d.known, checks.Verdict{Baseline: "proof", Requirement: "wr_wifi_enterprise_installed", Result: result, Level: checks.Required})
	return d
}

func builtin(t *testing.T, id string) *checks.Baseline {
	t.Helper()
	b, err := checks.Builtin(id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// baselineOf is a baseline of shipped and own requirements.
func baselineOf(t *testing.T, id, requirements string) *checks.Baseline {
	t.Helper()
	b, err := checks.ParseBaseline(id+".yaml", []byte("id: "+id+"\nversion: \"1\"\ntitle: "+id+"\nsources:\n  - {key: ours, title: Ours, clauses: {\"1\": Ours.}}\nrequirements:\n"+requirements))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// request judges devices by the target and the assigned baselines.
func request(target *checks.Baseline, assigned []*checks.Baseline, devices ...*device) remedy.Request {
	r := remedy.Request{Name: target.ID, Target: []*checks.Baseline{target}, Assigned: assigned}
	for _, d := range devices {
		verdicts := d.known
		for _, b := range append([]*checks.Baseline{target}, assigned...) {
			verdicts = append(verdicts, b.Evaluate(d.subject, d.facts, noon)...)
		}
		r.Devices = append(r.Devices, remedy.Device{Subject: d.subject, Facts: d.facts, Verdicts: verdicts})
	}
	return r
}

// keys lists what a plan sets.
func keys(p remedy.Plan) []string {
	list := []string{}
	for _, s := range p.Sets {
		list = append(list, s.Key)
	}
	return list
}
