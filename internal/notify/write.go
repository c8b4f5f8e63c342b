package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wardround/wardround/checks"
)

// Subject is the message in one line.
func (m Message) Subject() string {
	switch {
	case m.Kind == Test:
		return "wardround: this is a test"
	case m.Kind == Resend:
		return fmt.Sprintf("wardround: all that is open, %s", count(m.Events, "item"))
	case m.urgent():
		return fmt.Sprintf("wardround: %s, some of high severity", count(m.Events, "change"))
	}
	return "wardround: " + count(m.Events, "change")
}

// Text is the message without its subject, as plain text of at most limit bytes; what does not fit
// is counted in its last line. Times are in the zone.
func (m Message) Text(limit int, zone *time.Location) string {
	if m.Kind == Test {
		return bounded("Sent "+moment(m.At.Unix(), zone)+". If you read this, the channel works.\n", limit)
	}
	var b strings.Builder
	b.WriteString(m.period(zone))
	if len(m.Sections) == 0 && m.LeftOut == 0 {
		b.WriteString("\nNothing is open.\n")
	}
	ward, left := "\n", m.LeftOut
	const tail = 80 // bytes for the last line
	full := false
	for _, s := range m.Sections {
		part := s.text(m.Kind, zone)
		if s.Ward != ward {
			part = "\n" + heading(s.Ward) + "\n" + part
		}
		if full = full || b.Len()+len(part)+tail > limit; full {
			left += s.Events
			continue
		}
		ward = s.Ward
		b.WriteString(part)
	}
	if left > 0 {
		fmt.Fprintf(&b, "\nand %d more; 'wardround report' has all\n", left)
	}
	return bounded(b.String(), limit)
}

// bounded cuts between characters.
func bounded(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// period says what rounds it is about.
func (m Message) period(zone *time.Location) string {
	switch {
	case m.Kind == Resend:
		return "As of the round of " + moment(m.Through.Unix(), zone) + "\n"
	case m.From.IsZero() || m.From.Year() < 1971:
		return "In the round of " + moment(m.Through.Unix(), zone) + "\n"
	}
	return "Between the rounds of " + moment(m.From.Unix(), zone) + " and " + moment(m.Through.Unix(), zone) + "\n"
}

func heading(ward string) string {
	if ward == "" {
		return "No ward"
	}
	return "Ward " + ward
}

// text is a section in one or two lines.
func (s Section) text(kind MessageKind, zone *time.Location) string {
	var b strings.Builder
	b.WriteString("- " + s.sentence(kind, zone))
	if len(s.Devices) > 0 {
		b.WriteString("\n  " + strings.Join(s.Devices, ", "))
		if s.More > 0 {
			fmt.Fprintf(&b, " and %d more", s.More)
		}
	}
	b.WriteString("\n")
	return b.String()
}

func (s Section) sentence(kind MessageKind, zone *time.Location) string {
	devices := count(s.Count, "device")
	switch s.Kind {
	case NewlyFailing:
		if s.Count == 0 {
			devices = "the organisation"
		}
		return s.head(failingWord(kind)) + ": " + devices
	case Fixed:
		return s.head("fixed") + ": " + devices
	case Flapping:
		return s.head("fails and passes by turns, quiet until it is stable") + ": " + devices
	case NewlySilent:
		return "silent: " + devices + ", the first since " + moment(s.Since, zone)
	case WaiverExpiring:
		return s.head(fmt.Sprintf("waiver %s of %s ends %s", s.What, devices, moment(s.Until, zone)))
	case CertificateExpiring:
		return s.certificate(devices, zone)
	case CoverageDropped:
		return fmt.Sprintf("coverage of %s dropped: %d of %s judged", s.Baseline, s.Count, count(s.Of, "expected device"))
	case Loss:
		return count(s.Count, "answer") + " lost on the way; they are asked for again"
	case CanaryGreen:
		return "the canary does not fail as it must: do not rely on passes until that is mended"
	}
	return string(s.Kind)
}

func failingWord(kind MessageKind) string {
	if kind == Resend {
		return "failing"
	}
	return "newly failing"
}

func (s Section) certificate(devices string, zone *time.Location) string {
	if s.Count == 0 {
		return fmt.Sprintf("%s of the MDM server ends %s", s.What, moment(s.Until, zone))
	}
	return fmt.Sprintf("%s of %s ends, the first %s", s.What, devices, moment(s.Until, zone))
}

// head names the requirement.
func (s Section) head(word string) string {
	severity := ""
	if s.Severity == checks.High {
		severity = " [high]"
	}
	title := s.Title
	if title == "" {
		title = s.Requirement
	}
	return fmt.Sprintf("%s%s: %s (%s, %s)", word, severity, title, s.Baseline, s.Requirement)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// moment is a time as people write it, with its zone.
func moment(unix int64, zone *time.Location) string {
	return time.Unix(unix, 0).In(zone).Format("2006-01-02 15:04 MST")
}
