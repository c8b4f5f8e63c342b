package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/evidence"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/mdm"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

const body = `<plist><dict><key>UDID</key><string>00008030-ABC</string><key>SerialNumber</key><string>SER7</string>` +
	`<key>PayloadOrganization</key> <string>Fraser Clinic</string><key>Note</key><string>see 00008030-abc</string></dict></plist>`

func device() judge.Device {
	e := mdm.Evidence{
		ID: 7, Enrollment: mdm.Enrollment{ID: "00008030-ABC", Type: mdm.Device}, Class: mdm.Report, Query: "SecurityInfo", CommandUUID: "C1",
		Status: mdm.Acknowledged, Received: noon(), Body: []byte(body), Size: 12, Rewritten: true, SHA256: sha256.Sum256([]byte(body)),
		ReceivedSHA256: mdm.Digest{1}, Canonical: mdm.Digest{2},
	}
	user := e
	user.ID, user.Enrollment = 8, mdm.Enrollment{ID: "00008030-ABC:user-0123456789abcdef", Type: mdm.SharedIPad, ParentID: "00008030-ABC"}
	return judge.Device{
		ID: "00008030-ABC", Asset: checks.Asset{AssetTag: "T-1", Site: "North", Ward: "7", OwnerRole: "nurse", Group: "ward 7"},
		Observations: []judge.Observation{{Evidence: e, Since: noon(), Last: noon().Add(time.Hour)}, {Evidence: user, Since: noon(), Last: noon()}},
		Unanswered:   []judge.Question{{Query: "Restrictions", NotNow: true}},
		Server:       []checks.Expiry{{What: checks.PushCertificate, Detail: "topic", NotAfter: noon()}},
	}
}

func answersOf(d judge.Device) (list []evidence.Observation) {
	for _, o := range d.Observations {
		list = append(list, evidence.ObservationOf(o))
	}
	return list
}

func write(t testing.TB, d judge.Device) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, evidence.Head{Tool: "v1", Now: noon(), Chain: &evidence.Chain{ID: "c", Seq: 3}})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("profile"))
	for _, err := range []error{
		w.Baseline(evidence.Baseline{ID: "base", Version: "1", Digest: "d", YAML: []byte("id: base")}),
		w.Profile(evidence.Profile{Name: "a.mobileconfig", SHA256: hex.EncodeToString(sum[:]), Data: []byte("profile")}),
		w.Item(evidence.Item{Serial: "SER7", Asset: evidence.AssetOf(d.Asset), ExpectedBy: noon()}),
		w.Device(evidence.DeviceOf(d), answersOf(d)),
		w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func read(data []byte) (c *evidence.Contents, devices []judge.Device, err error) {
	r, err := evidence.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	if c, err = r.Contents(); err != nil {
		return nil, nil, err
	}
	for {
		line, answers, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c, devices, nil
		}
		if err != nil {
			return nil, nil, err
		}
		devices = append(devices, line.Device(answers))
	}
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	data := write(t, device())
	if !evidence.Magic(data) {
		t.Error("it is not known as an export")
	}
	c, devices, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]judge.Device{device()}, devices); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if c.Tool != "v1" || !c.Now.Equal(noon()) || c.Chain.Seq != 3 || len(c.Baselines) != 1 || len(c.Profiles) != 1 || c.Items[0].AssetTag != "T-1" {
		t.Errorf("got %+v", c)
	}
}

// pack compresses lines.
func pack(t testing.TB, lines ...string) []byte {
	t.Helper()
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return zip.EncodeAll([]byte(strings.Join(lines, "\n")+"\n"), nil)
}

func TestAFileThatIsNotAsItWasWrittenIsRefused(t *testing.T) {
	zip, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := zip.DecodeAll(write(t, device()), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(plain)), "\n")
	altered := func(i int, old, with string) []string {
		out := append([]string{}, lines...)
		out[i] = strings.Replace(out[i], old, with, 1)
		if out[i] == lines[i] {
			t.Fatalf("line %d has no %s", i, old)
		}
		return out
	}
	without := func(i int) []string { return append(append([]string{}, lines[:i]...), lines[i+1:]...) }
	for name, bad := range map[string][]string{
		"another format":       altered(0, "evidence/v1", "evidence/v9"),
		"no time":              altered(0, "2026", "0001"),
		"no head":              without(0),
		"two heads":            append([]string{lines[0]}, lines...),
		"an unknown member":    altered(0, `"tool"`, `"tolo"`),
		"a profile altered":    altered(2, `"data":"`, `"data":"AAAA`),
		"a body altered":       altered(5, `"body":"`, `"body":"AAAA`),
		"an answer missing":    without(6),
		"a device missing":     append(append([]string{}, lines[:4]...), lines[7:]...),
		"no end":               lines[:len(lines)-1],
		"more after the end":   append(append([]string{}, lines...), lines[1]),
		"two things in a line": altered(4, `{"device"`, `{"end":{"devices":1},"device"`),
		"an empty thing":       append(append([]string{}, lines[:1]...), `{}`),
		"ends before it began": altered(5, `"last":"2026`, `"last":"2025`),
	} {
		if c, devices, err := read(pack(t, bad...)); err == nil || c != nil || devices != nil {
			t.Errorf("%s: got %v, %v, %v; want an error alone", name, c, devices, err)
		}
	}
}

func TestABombIsRefused(t *testing.T) {
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	head := `{"head":{"format":"wardround.evidence/v1","tool":"","now":"2026-03-02T12:00:00Z","redacted":false}}` + "\n"
	for name, text := range map[string]string{
		"one long line": head + strings.Repeat("a", 64<<20),
		"many lines":    head + strings.Repeat(`{"item":{"serial":"A"}}`+"\n", 2<<20),
	} {
		if _, _, err := read(zip.EncodeAll([]byte(text), nil)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestARedactedDeviceIsNamedNowhere(t *testing.T) {
	r := evidence.NewRedactor(func(text string) (string, error) {
		sum := sha256.Sum256([]byte("key" + text))
		return hex.EncodeToString(sum[:8]), nil
	})
	d := device()
	line, answers, err := r.Device(evidence.DeviceOf(d), "SER7", answersOf(d))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%+v", line.Device(answers))
	for _, o := range answers {
		text.WriteString(string(o.Body) + o.Channel)
		if o.Original == nil || *o.Original != evidence.Digest(sha256.Sum256([]byte(body))) || o.SHA256 != evidence.Digest(sha256.Sum256(o.Body)) {
			t.Errorf("evidence %d: digests %x and %x, want that of the hidden body and the original one beside", o.ID, o.SHA256, o.Original)
		}
	}
	for _, name := range []string{"00008030-ABC", "00008030-abc", "SER7", "T-1", "Fraser"} {
		if strings.Contains(text.String(), name) {
			t.Errorf("%s is still there: %s", name, text.String())
		}
	}
	if !strings.HasPrefix(answers[1].Channel, line.ID+":user-") {
		t.Errorf("the user's channel is %q, want one of %q", answers[1].Channel, line.ID)
	}
	item, err := r.Item(evidence.Item{Serial: "ser7"})
	if err != nil || !strings.Contains(string(answers[0].Body), item.Serial) {
		t.Errorf("the inventory calls it %q, its answers do not: %v", item.Serial, err)
	}
	p, err := r.Profile(evidence.Profile{Data: []byte(body)})
	if err != nil || strings.Contains(string(p.Data), "Fraser") || len(p.Data) != len(body) {
		t.Errorf("profile %s, %v; want another organisation of the same length", p.Data, err)
	}
}

// Whatever the bytes, there is an error or what can be written again.
func FuzzRead(f *testing.F) {
	f.Add(write(f, device()))
	f.Add(pack(f, `{"head":{"format":"wardround.evidence/v1","tool":"","now":"2026-03-02T12:00:00Z","redacted":true}}`, `{"end":{}}`))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, devices, err := read(data)
		if err != nil {
			if c != nil || devices != nil {
				t.Fatalf("an error and a value: %v", err)
			}
			return
		}
		for _, d := range devices {
			again, back, err := read(write(t, d))
			if err != nil || again == nil {
				t.Fatalf("what was read cannot be written and read: %v", err)
			}
			if diff := cmp.Diff(d, back[0]); diff != "" {
				t.Fatalf("it is another then (-want +got):\n%s", diff)
			}
		}
	})
}
