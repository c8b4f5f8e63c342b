package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAPathThatTheRouterReadsOtherwiseIsRefused(t *testing.T) {
	for path, says := range map[string]string{
		"/webhook": "", "/behind/a-proxy/hook.v2": "",
		"webhook": "does not begin with /", "/a{b": "brace", "/{x}": "brace", "/a b": "white space", "/a\u00a0b": "white space",
		"/hook//a": "is asked for", "/hook/../a": "is asked for", "/hook/": "is asked for",
	} {
		err := AttachConfig{Path: path}.checkPath()
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", path, err, says)
		}
	}
	key := writeFile(t, filepath.Join(t.TempDir(), "key"), []byte("a key\n"))
	settings := writeFile(t, filepath.Join(t.TempDir(), "wardround.yaml"),
		[]byte("mdm-listen: 127.0.0.1:0\nattach: {url: 'http://127.0.0.1:9', key-file: "+key+", hmac-key-file: "+key+", path: '/a{b'}\n"))
	for _, command := range [][]string{{"config", "check", settings}, {"serve", "--config", settings, "--dir", t.TempDir()}} {
		if status, out, errs := wardround(t, command...); status != exitUsage && command[0] == "serve" || !strings.Contains(out+errs, "attach.path") {
			t.Errorf("%s: got exit status %d, %s%s; want that it is refused", command[0], status, out, errs)
		}
	}
}
