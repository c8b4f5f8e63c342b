package mdm_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/mdm"
)

func TestReceive(t *testing.T) {
	body := fixture(t, "security_info_iphone")
	e, _, err := mdm.Receive(body, received.In(time.FixedZone("PST", -8*3600)))
	if err != nil {
		t.Fatal(err)
	}
	if e.Class != mdm.Report || e.Status != mdm.Acknowledged || e.Query != "SecurityInfo" || e.Refusal != "" {
		t.Errorf("received as %+v", e)
	}
	if !e.Received.Equal(received) || e.Received.Location() != time.UTC {
		t.Errorf("received at %v, want %v in UTC", e.Received, received)
	}
	if e.Size != int64(len(body)) || e.ReceivedSHA256 != sha256.Sum256(body) {
		t.Error("size or digest is not of what came")
	}
	if !bytes.Equal(e.Body, body) || e.SHA256 != sha256.Sum256(body) {
		t.Error("an answer without anything to drop was changed")
	}
	if e.Rewritten {
		t.Error("UTF-8 XML is not rewritten")
	}
	clear(body)
	if e.SHA256 != sha256.Sum256(e.Body) {
		t.Error("the evidence shares the bytes of the body")
	}
}

func TestReceiveRefuses(t *testing.T) {
	deep := strings.Repeat("<array>", 200) + strings.Repeat("</array>", 200)
	tests := []struct {
		name string
		body []byte
		want string // in the error
	}{
		{"an empty body", nil, "read message"},
		{"a truncated one", fixture(t, "profile_list")[:600], "without its end"},
		{"HTML", []byte("<html><body>502 Bad Gateway</body></html>"), "read message"},
		{"a list in place of a dict", []byte("<plist><array/></plist>"), "type array, not a dict"},
		{"nesting without end", acknowledged("<key>SecurityInfo</key>" + deep), "levels"},
		{"one byte too many", append(message(""), bytes.Repeat([]byte(" "), mdm.MaxBody)...), "bytes"},
		{
			"entities of its own",
			[]byte(`<!DOCTYPE plist [<!ENTITY a "b">]><plist><dict><key>Status</key><string>&a;</string></dict></plist>`),
			"internal subset",
		},
		{
			"a binary plist that holds itself",
			[]byte("bplist00\xa1\x00\x08\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0a"),
			"read message",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, env, err := mdm.Receive(tt.body, received)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error is %v, want one with %q", err, tt.want)
			}
			if env != nil || e.Class != mdm.Unread || e.Refusal != err.Error() {
				t.Errorf("refused as %+v, %+v", e, env)
			}
			if e.Size != int64(len(tt.body)) || e.ReceivedSHA256 != sha256.Sum256(tt.body) || e.Canonical != e.ReceivedSHA256 {
				t.Error("size or digest is not of what came")
			}
			if len(e.Body) > mdm.KeptOfRefused || e.SHA256 != sha256.Sum256(e.Body) {
				t.Errorf("%d bytes are kept", len(e.Body))
			}
		})
	}
}

func TestALimitCanBeTold(t *testing.T) {
	_, _, err := mdm.Receive(bytes.Repeat([]byte(" "), mdm.MaxBody+1), received)
	var limit *plist.LimitError
	if !errors.As(err, &limit) || limit.Limit != mdm.MaxBody {
		t.Errorf("error is %v, want a limit of %d", err, mdm.MaxBody)
	}
}

func TestARefusedBodyKeepsNoValue(t *testing.T) {
	body := fixture(t, "device_information_iphone")
	body = bytes.Replace(body, []byte("<dict>"), []byte("<!-- Zoë --><dict><?Zoë?><key a=\"Zoë\">Zoë</key><![CDATA[Zoë]]><Zoë>"), 1)
	e, _, err := mdm.Receive(body, received)
	if err == nil {
		t.Fatal("the body is read")
	}
	left := string(e.Body)
	for _, tag := range []string{"key", "string", "dict", "integer", "true", "false", "date", "data", "array", "plist"} {
		for _, form := range []string{"<" + tag + ">", "</" + tag + ">", "<" + tag + "/>"} {
			left = strings.ReplaceAll(left, form, "")
		}
	}
	if rest := strings.Trim(left, "x\n"); rest != "" {
		t.Errorf("kept beside tags: %q", rest)
	}
	if !strings.Contains(string(e.Body), "<key>xxxxxxxxxx</key>") {
		t.Error("the shape of the message is lost")
	}
}

func TestCanonical(t *testing.T) {
	body := fixture(t, "device_information_iphone")
	e, _ := receive(t, body)
	again, _ := receive(t, bytes.Replace(body, []byte("WR-1B7C0A52-7F54-4E1C-9D0B-0F3B2C6E9A01"), []byte("0001_DeviceInformation"), 1))
	if e.Canonical != again.Canonical || e.SHA256 == again.SHA256 {
		t.Error("an unchanged answer to another command is not recognised")
	}
	renamed, _ := receive(t, bytes.Replace(body, []byte("病棟"), []byte("外科"), 1))
	if e.Canonical != renamed.Canonical || e.ReceivedSHA256 == renamed.ReceivedSHA256 {
		t.Error("a change in what is dropped makes a new answer")
	}
	for _, change := range [][2]string{{"18.7.2", "18.7.3"}, {"F17ABCDEFGH2", "F17ABCDEFGH3"}, {"<true/>", "<false/>"}} {
		changed, _ := receive(t, bytes.Replace(body, []byte(change[0]), []byte(change[1]), 1))
		if e.Canonical == changed.Canonical {
			t.Errorf("a change to %s is not seen", change[1])
		}
	}
}

func TestUTF16IsRewritten(t *testing.T) {
	body := []byte{0xff, 0xfe}
	text := strings.Replace(string(fixture(t, "device_information_iphone")), "UTF-8", "UTF-16", 1)
	for _, unit := range utf16.Encode([]rune(text)) {
		body = append(body, byte(unit), byte(unit>>8))
	}
	e, env := receive(t, body)
	if !e.Rewritten || e.ReceivedSHA256 != sha256.Sum256(body) || e.Size != int64(len(body)) {
		t.Errorf("rewritten %t, %d bytes", e.Rewritten, e.Size)
	}
	if env.UDID == "" || bytes.Contains(e.Body, []byte("病棟")) || !bytes.Contains(e.Body, []byte("<string>F17ABCDEFGH2</string>")) {
		t.Errorf("kept as %.300s", e.Body)
	}
}

func TestABinaryAnswerIsRewritten(t *testing.T) {
	// {"Status": "Idle", "UDID": "D1"}, written out by hand.
	body := []byte("bplist00\xd2\x01\x02\x03\x04\x56Status\x54UDID\x54Idle\x52D1" +
		"\x08\x0d\x14\x19\x1e" + "\x00\x00\x00\x00\x00\x00\x01\x01" +
		"\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x21")
	e, env := receive(t, body)
	if !e.Rewritten || env.Status != mdm.Idle || env.UDID != "D1" || env.CommandUUID != "" {
		t.Errorf("read as %+v, rewritten %t", env, e.Rewritten)
	}
	if !bytes.Contains(e.Body, []byte("<string>Idle</string>")) {
		t.Errorf("kept as %s", e.Body)
	}
}
