package lost_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/internal/lost"
	"github.com/wardround/wardround/mdm"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// full is a device of which everything is known.
func full(t testing.TB) *lost.Page {
	p := newPad(t).enrols(theLoss.AddDate(0, -2, 0))
	last := theLoss.Add(-20 * time.Minute)
	p.says(daily(12, last), "", information(dict{"LastCloudBackupDate": theLoss.AddDate(-1, -3, 0)})).
		says(timing{since: last.AddDate(0, 0, -30), last: theLoss.Add(40 * time.Minute), gap: 25 * time.Hour, count: 32}, "", security(true)).
		says(daily(12, last.Add(2*time.Second)), "", limits(dict{"allowVideoConferencing": false, "allowCloudBackup": false})).
		says(daily(5, last.Add(3*time.Second)), mdm.AllProfiles, profileList(unknownWiFi())).
		says(daily(5, last.Add(4*time.Second)), "", certificates(
			identityOf(t, 0x5d2a91, "Clinic Device CA", theLoss.AddDate(0, 8, 0)), identityOf(t, 0x77, "Clinic EAP CA", theLoss.AddDate(0, 0, -3)),
		)).
		says(daily(5, last.Add(5*time.Second)), "", managed(map[string]string{"us.zoom.videomeetings": "Managed", "com.example.charts": "ManagedButUninstalled"})).
		says(once(theLoss.Add(40*time.Minute)), "", information(dict{"IsCloudBackupEnabled": true, "LastCloudBackupDate": theLoss.Add(30 * time.Minute)})).
		says(once(theLoss.Add(50*time.Minute)), "DeviceLock", dict{"CommandUUID": "A1C5-lock"}).
		says(once(theLoss.Add(52*time.Minute)), "EnableLostMode", dict{"CommandUUID": "A1C5-lost"}).
		says(once(theLoss.Add(60*time.Minute)), "", dict{"CommandUUID": "A1C5-other"})
	return p.page(p.subject("DMPX0117", mdm.Device, theLoss.Add(3*time.Hour)))
}

// silent is a device that had said nothing for nine days when it was lost, and
// nothing since.
func silent(t testing.TB) *lost.Page {
	p := newPad(t).enrols(theLoss.AddDate(0, -2, 0))
	last := theLoss.AddDate(0, 0, -9)
	p.says(daily(30, last), "", information(nil)).
		says(daily(30, last), "", security(true)).
		says(daily(29, last.AddDate(0, 0, -1)), "", limits(dict{"allowVideoConferencing": false})).
		says(once(last), "Restrictions", dict{"Status": "Error", "ErrorChain": []any{dict{"ErrorCode": 12021, "ErrorDomain": "MCMDMErrorDomain"}}}).
		says(daily(30, last), mdm.AllProfiles, profileList())
	subject := p.subject("DMPX0117", mdm.Device, last)
	subject.Owed = []lost.Owed{{AskedAt: theLoss.AddDate(0, 0, -8)}, {AskedAt: theLoss.AddDate(0, 0, -8)}}
	subject.Owed[0].Query, subject.Owed[1].Query = mdm.QueryKey(mdm.CertificateList), mdm.QueryKey(mdm.ManagedApplicationList)
	return p.page(subject)
}

// unsupervised is a device with an account of its user's.
func unsupervised(t testing.TB) *lost.Page {
	p := newPad(t).enrols(theLoss.AddDate(0, -2, 0))
	last := theLoss.Add(-5 * time.Hour)
	p.says(daily(3, last), "", information(dict{
		"IsSupervised": false, "IsCloudBackupEnabled": true, "LastCloudBackupDate": last.Add(-8 * time.Hour), "IsDeviceLocatorServiceEnabled": true, "iTunesStoreAccountIsActive": true,
	})).
		says(daily(3, last), "", security(false)).
		says(daily(3, last), "", dict{"GlobalRestrictions": dict{}}).
		says(daily(3, last), mdm.AllProfiles, dict{"ProfileList": []any{}}).
		says(once(last), "CertificateList", dict{"Status": "NotNow"})
	return p.page(p.subject("DMPX0117", mdm.Device, theLoss.Add(26*time.Hour)), func(in *lost.Input) { in.Apps = nil })
}

// owned is a person's own device.
func owned(t testing.TB) *lost.Page {
	p := newPad(t)
	p.identity = dict{"EnrollmentID": "2CA0B1C3-8E4D-4F5A-9B6C-7D8E9F0A1B2C"}
	last := theLoss.Add(-90 * time.Minute)
	p.says(once(theLoss.AddDate(0, -1, 0)), "", dict{"MessageType": "Authenticate", "Topic": "x", "ProductName": "iPad13,18", "OSVersion": "18.7"}).
		says(daily(9, last), "", dict{"QueryResponses": dict{"OSVersion": "18.7.2", "ProductName": "iPad13,18", "IsSupervised": false}}).
		says(daily(9, last), "", dict{"SecurityInfo": dict{"PasscodePresent": true, "HardwareEncryptionCaps": 3, "ManagementStatus": dict{"IsUserEnrollment": true}}}).
		says(daily(9, last), mdm.ManagedProfiles, dict{"ProfileList": []any{}}).
		says(daily(9, last), "", certificates(identityOf(t, 0x5d2a91, "Clinic Device CA", theLoss.AddDate(0, 8, 0))))
	return p.page(p.subject("", mdm.UserEnrollmentDevice, last))
}

func TestPages(t *testing.T) {
	writers := map[string]func(*bytes.Buffer, *lost.Page) error{
		"text": func(b *bytes.Buffer, p *lost.Page) error { return lost.WriteText(b, p, lost.TextOptions{}) },
		"html": func(b *bytes.Buffer, p *lost.Page) error { return lost.WriteHTML(b, p) },
		"json": func(b *bytes.Buffer, p *lost.Page) error { return lost.WriteJSON(b, p) },
	}
	pages := map[string]func(testing.TB) *lost.Page{
		"full-evidence": full, "silent-nine-days": silent, "never-supervised": unsupervised, "user-enrollment": owned,
	}
	for name, page := range pages {
		for format, write := range writers {
			t.Run(name+"."+format, func(t *testing.T) {
				var got bytes.Buffer
				if err := write(&got, page(t)); err != nil {
					t.Fatal(err)
				}
				for _, secret := range []string{"correct-horse", "night-shift", "Nightingale"} {
					if strings.Contains(got.String(), secret) {
						t.Errorf("the page tells %q", secret)
					}
				}
				golden(t, name+"."+format+".golden", got.Bytes())
			})
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("%s differs; -update rewrites it (-got +want):\n%s", path, diff)
	}
}
