package notify

import "time"

// Config says what is told, to whom and when. The zero value tells nobody.
// Clock times are in Zone.
type Config struct {
	// Channels are where messages go. Default: none.
	Channels []ChannelConfig `mapstructure:"channels"`
	// Zone is the time zone, as America/Vancouver, of quiet hours, digests and
	// working hours. Default: empty, this machine's.
	Zone string `mapstructure:"zone"`
	// Silence says after how long a device that is not heard of is told as
	// silent. The first rule that has one of the device's groups counts.
	// Default: one rule for all groups, 72h counted on weekdays.
	Silence []SilenceRule `mapstructure:"silence"`
	// FlapChanges is how often a requirement may turn between failing and
	// passing on one device within FlapWindow; one change more, and it is
	// flapping. Default: 3. At least 2.
	FlapChanges int `mapstructure:"flap-changes"`
	// FlapWindow is the time in which changes are counted. Default: 168h.
	FlapWindow time.Duration `mapstructure:"flap-window"`
	// FlapStable is how long a requirement that was flapping stays as it is
	// before that is told. Default: 48h.
	FlapStable time.Duration `mapstructure:"flap-stable"`
	// ExpiryWarnings are the times before a certificate, token or waiver ends
	// at which that is told, once each. Default: 720h, 168h and 24h.
	ExpiryWarnings []time.Duration `mapstructure:"expiry-warnings"`
	// MinCoverage is the share of expected devices that must be judged; to fall
	// below it is told. Default: 0.9. Below 0: never.
	MinCoverage float64 `mapstructure:"min-coverage"`
	// CoverageDrop is by how much that share may fall from one round to the
	// next. Default: 0.1. Below 0: by any.
	CoverageDrop float64 `mapstructure:"coverage-drop"`
	// DevicesNamed is how many devices a message names for each ward and
	// requirement; the others are counted. Default: 10. At most 100.
	DevicesNamed int `mapstructure:"devices-named"`
}

// A SilenceRule says when the devices of some groups are silent. Only the hours
// in which they are expected to be heard of count: an iPad in a drawer over the
// weekend is not silent.
type SilenceRule struct {
	// Groups are those it is for. Default: none, which is every device.
	Groups []string `mapstructure:"groups"`
	// After is the silence, counted in the hours of Days and Hours, after which
	// it is told; a day without Hours has 24. Default: 72h. At most 2160h.
	After time.Duration `mapstructure:"after"`
	// Days are the days that count, as mon or sat. Default: Monday to Friday.
	Days []string `mapstructure:"days"`
	// Hours are the hours of those days that count, as 07:00-19:00; 19:00-07:00
	// ends on the next day. Default: all of them.
	Hours string `mapstructure:"hours"`
	// Never says that silence of these groups is not told, and the rest of the
	// rule has no meaning. Default: false.
	Never bool `mapstructure:"never"`
}

// A ChannelConfig is one place where messages go. It has exactly one of
// URLFile, Webhook and SMTP.
type ChannelConfig struct {
	// Name is what logs and commands call it: letters, digits and hyphens.
	Name string `mapstructure:"name"`
	// URLFile is a file that holds the shoutrrr URL of a chat or push service,
	// as slack://… or ntfy://…, and nothing else. The URL is a secret.
	URLFile string `mapstructure:"url-file"`
	// Webhook is an http or https address that messages are posted to as JSON.
	Webhook string `mapstructure:"webhook"`
	// KeyFile is a file that holds the key with which the webhook is signed, at
	// least 16 bytes. Required with Webhook.
	KeyFile string `mapstructure:"key-file"`
	// SMTP is the mail server and the addresses of a channel of mail.
	SMTP SMTPConfig `mapstructure:"smtp"`

	// On are the kinds of events that are told. Default: all.
	On []string `mapstructure:"on"`
	// Groups are those whose devices are told of; what is about the whole fleet
	// always is. Default: all.
	Groups []string `mapstructure:"groups"`
	// MinSeverity leaves out what is less severe: low, medium or high.
	// Default: low.
	MinSeverity string `mapstructure:"min-severity"`
	// Digest is the time of day, as 07:30, at which what is not of high
	// severity is sent, in one message. Default: empty, at once.
	Digest string `mapstructure:"digest"`
	// QuietHours is the time of day, as 22:00-06:30, in which nothing is sent;
	// it is sent afterwards. Default: none.
	QuietHours string `mapstructure:"quiet-hours"`
	// PerHour is how many messages are sent in an hour; what is over waits and
	// goes into one message. Default: 20.
	PerHour int `mapstructure:"per-hour"`
	// Timeout is how long one attempt may take. Default: 20s. At most 2m.
	Timeout time.Duration `mapstructure:"timeout"`
}

// SMTPConfig is a mail server and what it is asked to carry.
type SMTPConfig struct {
	// Server is its host and port, as mail.example.org:587.
	Server string `mapstructure:"server"`
	// TLS is starttls, tls (from the first byte, port 465) or none. The
	// connection is encrypted or not used; with none no password is sent.
	// Default: starttls.
	TLS string `mapstructure:"tls"`
	// CAFile is a PEM file of the authorities that vouch for the server.
	// Default: those of the system.
	CAFile string `mapstructure:"ca-file"`
	// User is whom to log in as. Default: none, no login.
	User string `mapstructure:"user"`
	// PasswordFile is a file that holds the password. Required with User.
	PasswordFile string `mapstructure:"password-file"`
	// From is the address of the sender.
	From string `mapstructure:"from"`
	// To are the addresses of those who get the mail. At most 50.
	To []string `mapstructure:"to"`
}
