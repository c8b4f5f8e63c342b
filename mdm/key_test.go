package mdm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wardround/wardround/mdm"
)

func TestNamesAreHashedWithAKey(t *testing.T) {
	const zoe = "zoe@clinic.example"
	body := []byte(message(`<key>UDID</key><string>D1</string><key>UserID</key><string>` + mdm.SharedIPadUserID + `</string>` +
		`<key>UserShortName</key><string>` + zoe + `</string><key>Status</key><string>Idle</string>`))
	one, other := mdm.Key{1}, mdm.Key{2}
	a, _, err := one.Receive(body, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := one.Receive(body, time.Unix(0, 0))
	if a.Enrollment != again.Enrollment || string(a.Body) != string(again.Body) {
		t.Error("the same key gives another name")
	}
	b, _, _ := other.Receive(body, time.Unix(0, 0))
	plain, _, _ := mdm.Receive(body, time.Unix(0, 0))
	for name, pair := range map[string][2]mdm.Evidence{"another key": {a, b}, "no key": {a, plain}} {
		if pair[0].Enrollment.ID == pair[1].Enrollment.ID {
			t.Errorf("%s gives the channel the same id, %s", name, pair[0].Enrollment.ID)
		}
		if string(pair[0].Body) == string(pair[1].Body) {
			t.Errorf("%s gives the same body", name)
		}
		if len(pair[0].Body) != len(pair[1].Body) {
			t.Errorf("%s gives a body of another length", name)
		}
	}
	if strings.Contains(string(a.Body)+a.Enrollment.ID, "zoe") {
		t.Errorf("kept %s of %s", a.Body, a.Enrollment.ID)
	}
	if got := one.Rekeyed(plain.Enrollment.ID); got != a.Enrollment.ID {
		t.Errorf("the id made without a key becomes %s, want %s", got, a.Enrollment.ID)
	}
	if got := one.Rekeyed("D1"); got != "D1" {
		t.Errorf("the id of a device becomes %s", got)
	}
}

func TestAKeyIsNotPrinted(t *testing.T) {
	key := mdm.Key{7, 7, 7}
	text, err := json.Marshal(map[string]any{"key": key})
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{fmt.Sprint(key), fmt.Sprintf("%+v", struct{ Key mdm.Key }{key}), fmt.Sprintf("%x", key), string(text)} {
		if !strings.Contains(got, "***") || strings.Contains(got, "7") {
			t.Errorf("it prints as %s", got)
		}
	}
}
