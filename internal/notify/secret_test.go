package notify_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wardround/wardround/internal/notify"
)

func TestASecretPrintsAsStars(t *testing.T) {
	s := notify.Secret("xoxb-very-secret")
	j, err := json.Marshal(s)
	check(t, err)
	for _, got := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), string(j)} {
		if strings.Contains(got, "secret") || !strings.Contains(got, "***") {
			t.Errorf("it prints as %s", got)
		}
	}
}

func TestErrorsAreScrubbedOfSecrets(t *testing.T) {
	const token = "slack://xoxb:123456789012-1234567890123-AbCdEfGh/token%2Fwith@C001CHANNEL?title=abcde"
	for _, c := range []struct{ name, err string }{
		{"the URL itself", "sending message via service at \"" + token + "\": boom"},
		{"another URL made of it", `Post "https://api.telegram.org/botAbCdEfGh/sendMessage": dial tcp`},
		{"a part of it", "channel C001CHANNEL is unknown to 123456789012"},
		{"a part in another case", "lookup c001channel: no such host"},
		{"what it reads unescaped", "invalid token/with in user"},
	} {
		got := notify.ScrubError(errors.New(c.err), token)
		for _, part := range []string{"123456789012", "1234567890123", "abcdefgh", "c001channel", "token", "xoxb:"} {
			if strings.Contains(strings.ToLower(got), part) {
				t.Errorf("%s: %q still has %q", c.name, got, part)
			}
		}
	}
}

func FuzzScrubbedErrorsHaveNoSecret(f *testing.F) {
	f.Add("ntfy://user:hunter22@ntfy.sh/topic", "post: ", " failed", uint8(0))
	f.Add("pass word ä%zz", "HUNTER", "\x00", uint8(1))
	f.Add("000000", "00", "0", uint8(2))
	f.Fuzz(func(t *testing.T, s, before, after string, how uint8) {
		if len(s) < 5 || len(s) > 100 || !utf8.ValidString(s) || strings.ContainsAny(s, "*.") {
			return // what hides it may look like it
		}
		shown := s
		switch how % 3 {
		case 1:
			shown = strings.ToUpper(s)
		case 2:
			shown = s + s
		}
		got := notify.ScrubError(errors.New(before+shown+after), s)
		if strings.Contains(got, s) {
			t.Errorf("%q still has %q", got, s)
		}
	})
}
