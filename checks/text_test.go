package checks_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
)

// family is three files, each of which extends the next.
func family(clinicLevel string) map[string]string {
	header := "id: %s\nversion: \"1\"\ntitle: T\nextends: [%s]\n"
	return map[string]string{
		"ward.yaml":   fmt.Sprintf(header, "ward", "clinic.yaml, wpa2-enterprise"),
		"clinic.yaml": fmt.Sprintf(header, "clinic", "region.yaml") + "requirements:\n  - {use: wr_device_supervised, level: " + clinicLevel + "}\n",
		"region.yaml": "id: region\nversion: \"1\"\ntitle: T\nrequirements:\n  - use: wr_device_supervised\n  - use: icloud_backup_disabled\n",
	}
}

func readFamily(t *testing.T, files map[string]string) *checks.Baseline {
	t.Helper()
	b, err := checks.ParseBaselineFrom("/home/somebody/ward.yaml", []byte(files["ward.yaml"]), func(_, name string) (string, []byte, error) {
		text, ok := files[name]
		if !ok {
			return "", nil, fmt.Errorf("no %s", name)
		}
		return "/home/somebody/" + name, []byte(text), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBaselineIsRestoredFromItsTexts(t *testing.T) {
	b := readFamily(t, family("recommended"))
	texts := b.Texts()
	if got, want := len(texts), 3; got != want {
		t.Fatalf("got %d texts, want %d: shipped ones come with the program", got, want)
	}
	for _, text := range texts {
		if strings.Contains(text.Name, "somebody") {
			t.Errorf("text %q tells of who wrote it", text.Name)
		}
	}
	data, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	var kept []checks.Text
	if err := json.Unmarshal(data, &kept); err != nil {
		t.Fatal(err)
	}
	again, err := checks.Restore(kept)
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest != b.Digest {
		t.Errorf("got digest %s, want %s", again.Digest, b.Digest)
	}
	if diff := cmp.Diff(texts, again.Texts()); diff != "" {
		t.Errorf("texts of the restored one (-want +got):\n%s", diff)
	}
}

func TestTextThatWasNotKeptIsNotRestored(t *testing.T) {
	texts := readFamily(t, family("recommended")).Texts()
	for name, kept := range map[string][]checks.Text{"none": nil, "one is missing": texts[:1], "too many": make([]checks.Text, 1001)} {
		if _, err := checks.Restore(kept); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	shipped, err := checks.Builtin("wpa2-enterprise")
	if err != nil {
		t.Fatal(err)
	}
	if got := shipped.Texts(); len(got) != 0 {
		t.Errorf("a shipped baseline has %d texts", len(got))
	}
}

func TestMarshalledBaselinesAreComparedLikeReadOnes(t *testing.T) {
	a, b := readFamily(t, family("recommended")), readFamily(t, family("required"))
	before, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	after, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	want, err := checks.Diff(a, b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := checks.DiffCanonical(before, after)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-read +marshalled:\n%s", diff)
	}
	if len(got.Changed) != 1 || got.Changed[0].Changes[0].Field != "level" {
		t.Errorf("got changes %v, want the level of one requirement", got.Changed)
	}
	if _, err := checks.DiffCanonical(before, []byte("{")); err == nil {
		t.Error("half a baseline is no error")
	}
}
