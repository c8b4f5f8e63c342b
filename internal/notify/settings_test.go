package notify_test

import (
	"testing"
	"time"

	"github.com/wardround/wardround/internal/notify"
)

// mailTo is a channel of mail that is complete.
func mailTo() notify.ChannelConfig {
	return notify.ChannelConfig{Name: "mail", SMTP: notify.SMTPConfig{Server: "mail.example:587", From: "a@b.example", To: []string{"c@d.example"}}}
}

func TestAConfigurationThatIsWrongSaysWhere(t *testing.T) {
	channel := func(change func(*notify.ChannelConfig)) notify.Config {
		c := notify.ChannelConfig{Name: "ops", URLFile: "/nowhere"}
		change(&c)
		return notify.Config{Channels: []notify.ChannelConfig{c}}
	}
	smtp := func(change func(*notify.SMTPConfig)) notify.Config {
		c := mailTo()
		change(&c.SMTP)
		return notify.Config{Channels: []notify.ChannelConfig{c}}
	}
	for _, c := range []struct {
		name string
		cfg  notify.Config
		says string
	}{
		{"no name", channel(func(c *notify.ChannelConfig) { c.Name = "" }), "channel 1 (): its name must be"},
		{"a name with a slash", channel(func(c *notify.ChannelConfig) { c.Name = "a/b" }), "its name must be"},
		{"two of one name", notify.Config{Channels: []notify.ChannelConfig{mailTo(), mailTo()}}, "channel 2 (mail): another channel has that name"},
		{"nowhere to send", channel(func(c *notify.ChannelConfig) { c.URLFile = "" }), "exactly one of url-file, webhook and smtp.server"},
		{"two ways to send", channel(func(c *notify.ChannelConfig) { c.Webhook, c.KeyFile = "https://x.example", "k" }), "exactly one of"},
		{"a webhook without a key", channel(func(c *notify.ChannelConfig) { c.URLFile, c.Webhook = "", "https://x.example" }), "needs a key-file"},
		{"a key without a webhook", channel(func(c *notify.ChannelConfig) { c.KeyFile = "k" }), "key-file is of a webhook"},
		{"a webhook that is none", channel(func(c *notify.ChannelConfig) { c.URLFile, c.Webhook, c.KeyFile = "", "ftp://x", "k" }), "https://host/path"},
		{"a kind that is none", channel(func(c *notify.ChannelConfig) { c.On = []string{"newly-failed"} }), `there is no "newly-failed"; there are canary, loss`},
		{"a severity that is none", channel(func(c *notify.ChannelConfig) { c.MinSeverity = "urgent" }), "low, medium or high"},
		{"a digest at no time", channel(func(c *notify.ChannelConfig) { c.Digest = "7am" }), "digest: \"7am\" is not a time of day"},
		{"quiet hours without an end", channel(func(c *notify.ChannelConfig) { c.QuietHours = "22:00" }), "quiet-hours"},
		{"quiet hours without length", channel(func(c *notify.ChannelConfig) { c.QuietHours = "22:00-22:00" }), "has no length"},
		{"quiet hours all day", channel(func(c *notify.ChannelConfig) { c.QuietHours = "00:00-24:00" }), "no time to send"},
		{"no message an hour", channel(func(c *notify.ChannelConfig) { c.PerHour = -1 }), "per-hour -1"},
		{"a timeout of an hour", channel(func(c *notify.ChannelConfig) { c.Timeout = time.Hour }), "timeout 1h0m0s"},
		{"a mail server without a port", smtp(func(c *notify.SMTPConfig) { c.Server = "mail.example" }), "host:port"},
		{"a mode that is none", smtp(func(c *notify.SMTPConfig) { c.TLS = "ssl" }), "starttls, tls or none"},
		{"a password in the clear", smtp(func(c *notify.SMTPConfig) { c.TLS, c.User, c.PasswordFile = "none", "u", "p" }), "without encryption"},
		{"a user without a password", smtp(func(c *notify.SMTPConfig) { c.User = "u" }), "go together"},
		{"mail to nobody", smtp(func(c *notify.SMTPConfig) { c.To = nil }), "0 addresses"},
		{"mail to what is no address", smtp(func(c *notify.SMTPConfig) { c.To = []string{"it\r\nBcc: x@y.example"} }), "is not an address"},
		{"mail from what is no address", smtp(func(c *notify.SMTPConfig) { c.From = "ward" }), "smtp.from"},
		{"an unknown zone", notify.Config{Zone: "Mars/Olympus"}, "zone"},
		{"a day that is none", notify.Config{Silence: []notify.SilenceRule{{}, {Days: []string{"caturday"}}}}, "silence, rule 2: \"caturday\" is not a day"},
		{"hours that are none", notify.Config{Silence: []notify.SilenceRule{{Hours: "all"}}}, "silence, rule 1: hours"},
		{"a silence of a year", notify.Config{Silence: []notify.SilenceRule{{After: 9000 * time.Hour}}}, "after 9000h"},
		{"flapping at once", notify.Config{FlapChanges: 1}, "flap-changes 1"},
		{"a window of nothing", notify.Config{FlapWindow: time.Second}, "flap-window"},
		{"more than all", notify.Config{MinCoverage: 90}, "are shares"},
		{"a warning after the end", notify.Config{ExpiryWarnings: []time.Duration{-time.Hour}}, "expiry-warnings"},
		{"too many names", notify.Config{DevicesNamed: 1000}, "devices-named 1000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, c.cfg.Check(), c.says)
			_, err := notify.New(c.cfg, nil, nil, quietLogger(), nil)
			wantError(t, err, "notify: ", c.says)
			if _, err := notify.Compare(nil, notify.NewSnapshot(monday()), c.cfg); err == nil {
				t.Error("Compare takes it")
			}
		})
	}
}

func TestAConfigurationThatIsRightIsTaken(t *testing.T) {
	for _, c := range []notify.Config{
		{},
		{Channels: []notify.ChannelConfig{mailTo(), {Name: "chat", URLFile: "/nowhere", Digest: "07:30", QuietHours: "22:00-06:30", On: []string{"fixed"}, MinSeverity: "high"}}},
		{Zone: "America/Vancouver", MinCoverage: -1, CoverageDrop: -1, Silence: []notify.SilenceRule{{Groups: []string{"ward"}, Days: []string{"Mon", "sunday"}, Hours: "07:00-19:00"}}},
	} {
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
