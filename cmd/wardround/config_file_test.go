package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAllThatIsWrongIsListedWithItsLine(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("s3cret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "w.yaml")
	text := `push-rate: many
pushrate: 3
zone: America/Vancuver
listen: "9181"
retain: 5
log-level: loud
attach:
  url: https://mdm.example
  key: s3cret
  hmac-keyfile: x
  hmac-key-file: ` + key + `
rounds:
  - name: night
    corn: 0 2 * * *
  - night
catalog: {a: b}
identity-ca: nowhere.pem
retain-bodies: 24h
abm-token-expires: soon
zone: UTC
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WARDROUND_PUSHRATE", "3")
	status, out, errs := wardround(t, "config", "check", path)
	want := strings.ReplaceAll(`the variable WARDROUND_PUSHRATE sets nothing; did you mean WARDROUND_PUSH_RATE?
W:1: push-rate is not a whole number
W:2: unknown key "pushrate"; did you mean push-rate?
W:3: zone: "America/Vancuver" is no time zone; name it as America/Vancouver, or UTC
W:4: listen: "9181" is no address with a port, as 127.0.0.1:9180
W:5: retain is not a duration, as 90s or 24h
W:6: log-level: log level "loud": not one of debug, info, warn, error
W:8: attach.key-file: without the key of its API the server takes no commands
W:9: attach.key: a secret does not belong here; name a file with attach.key-file, or set WARDROUND_ATTACH_KEY
W:10: unknown key "attach.hmac-keyfile"; did you mean attach.hmac-key-file?
W:11: attach.hmac-key-file: `+key+` has mode 0644: others may read or change it; chmod 600 it, and think of it as known
W:13: rounds[0].cron: it is missing
W:14: unknown key "rounds[0].corn"; did you mean rounds[0].cron?
W:15: rounds[1] is not a section with keys of its own
W:16: catalog is not a list of texts
W:17: identity-ca: stat nowhere.pem: no such file or directory
W:18: retain-bodies 24h0m0s: less than 168h0m0s
W:19: abm-token-expires "soon": not a day
W:20: zone is set twice
`, "W:", path+":")
	if diff := cmp.Diff(out, want); diff != "" || status != exitFailures {
		t.Errorf("exit status %d, want 1; (-got +want)\n%s%s", status, diff, errs)
	}
	if strings.Contains(out, "s3cret") {
		t.Error("the secret is told")
	}
	status, _, errs = wardround(t, "serve", "--config", path)
	if status != exitUsage || !strings.Contains(errs, path+":1: push-rate is not a whole number (and 8 more)") {
		t.Errorf("serve: got exit status %d, %q; want 2 and the first", status, errs)
	}
}

func TestAFileThatCannotBeReadIsTheUsersToMend(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": "a: [", "b.yaml": "a: 1\n---\nb: 2\n", "c.toml": "a = [", "d.ini": "a=1", "e.yaml": "- dir\n", "f.json": `{"push-rate": "x"}`,
		"g.yaml": "a: &a [1]\nb: *a\n", "h.toml": "push-rte = 3\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if status, _, errs := wardround(t, "devices", "--config", path); status != exitUsage || !strings.Contains(errs, path) {
			t.Errorf("%s: got exit status %d, %q; want 2 and which file", name, status, errs)
		}
	}
	if status, _, errs := wardround(t, "config", "check", filepath.Join(folder, "absent.yaml")); status != exitUsage || !strings.Contains(errs, "absent.yaml") {
		t.Errorf("got exit status %d, %q; want 2 and which file", status, errs)
	}
}

func TestShowTellsWhereASettingComesFromAndNoSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.toml")
	text := "push-rate = 7\nblackout = [\"22:00-06:00\"]\n[attach]\nuser = \"ward\"\n[[rounds]]\nname = \"night\"\ncron = \"0 2 * * *\"\njitter = \"5m\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WARDROUND_ATTACH_KEY", "s3cret")
	t.Setenv("WARDROUND_RETAIN", "48h")
	status, out, errs := wardround(t, "config", "show", "--config", path, "--format", "json", "--log-format", "json")
	if status != exitOK || strings.Contains(out, "s3cret") {
		t.Fatalf("exit status %d: %s%s", status, out, errs)
	}
	var shown []shownSetting
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, s := range shown {
		got[s.Key] = fmt.Sprintf("%v from %s", s.Value, s.Origin)
	}
	for key, want := range map[string]string{
		"push-rate": "7 from file", "blackout": "[22:00-06:00] from file", "attach.user": "ward from file", "attach.key": "*** from environment",
		"attach.hmac-key": " from default", "retain": "48h0m0s from environment", "log-format": "json from flag", "zone": "local from default",
	} {
		if got[key] != want {
			t.Errorf("%s: got %q, want %q", key, got[key], want)
		}
	}
	status, out, _ = wardround(t, "config", "show", "--config", path)
	again := filepath.Join(t.TempDir(), "again.yaml")
	if err := os.WriteFile(again, []byte(strings.ReplaceAll(out, "***", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "cron: 0 2 * * *") || !strings.Contains(out, "push-rate: 7 # file") || status != exitOK {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	if _, file, err := joinConfig(nil, again); err != nil || slices.ContainsFunc(file.problems, func(p configProblem) bool { return !strings.Contains(p.message, "secret") }) {
		t.Errorf("what it shows cannot be read: %v, %v", err, file.problems)
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	c := Config{HeadWebhookKey: "s3cret", Attach: AttachConfig{Key: "s3cret", HMACKey: "s3cret"}}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{string(text), fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%s %q %x", c.Attach.Key, c.Attach.Key, c.Attach.Key)} {
		if strings.Contains(printed, "s3cret") || strings.Contains(printed, "733363726574") {
			t.Errorf("it is told: %s", printed)
		}
	}
}

func TestSIGHUPChangesExactlyTheReloadableSettings(t *testing.T) {
	next := defaultConfig()
	change(reflect.ValueOf(&next).Elem())
	kept, ignored := keepFixed(defaultConfig(), next)
	reloadable := []string{ // docs/operations.md lists the others
		"zone", "identity-ca", "retain", "push-rate", "loss-grace", "catalog", "app-management", "clinical-apps", "abm-token-expires",
		"rounds", "inspect", "blackout", "notify", "waiver-file", "max-waiver", "waiver-approval", "retain-bodies", "retain-history", "snapshot-path",
	}
	old := defaultConfig().settings()
	for i, s := range kept.settings() {
		section, _, _ := strings.Cut(s.path, ".")
		changed := !sameValue(old[i].value, s.value)
		if want := slices.Contains(reloadable, section); changed != want || changed == slices.Contains(ignored, s.path) {
			t.Errorf("%s: changed is %v, and it is among the ignored: %v; it is reloadable: %v", s.path, changed, !changed, want)
		}
	}
}

// change gives every setting another value.
func change(v reflect.Value) {
	for _, f := range v.Fields() {
		switch f.Kind() {
		case reflect.Struct:
			change(f)
		case reflect.String:
			f.SetString(f.String() + "x")
		case reflect.Bool:
			f.SetBool(!f.Bool())
		case reflect.Int, reflect.Int64:
			f.SetInt(f.Int() + 1)
		case reflect.Float64:
			f.SetFloat(f.Float() + 1)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
}

func FuzzConfigFile(f *testing.F) {
	f.Add([]byte("push-rate: 3\nrounds: [{name: x, jitter: 5m}]\n"), false)
	f.Add([]byte("a: &a [*a]\n"), false)
	f.Add([]byte("[attach]\nurl = \"x\"\n"), true)
	f.Add(configTemplate, false)
	f.Fuzz(func(t *testing.T, data []byte, toml bool) {
		name := "x.yaml"
		if toml {
			name = "x.toml"
		}
		file, err := parseConfigFile(name, data)
		if (file == nil) == (err == nil) {
			t.Fatalf("got %v and %v, want one of them", file, err)
		}
		if err == nil && len(file.values) > len(configKeys()) {
			t.Errorf("got %d values of %d keys", len(file.values), len(configKeys()))
		}
	})
}
