package report_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

// harmless fails if text could do something to a terminal.
func harmless(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) && r != utf8.RuneError {
			t.Fatalf("the text holds %U:\n%q", r, text)
		}
	}
}

func text(t *testing.T, src report.Source, opts report.TextOptions) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.StreamText(t.Context(), &out, src, now, opts); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTextFitsTheScreen(t *testing.T) {
	// A fleet in which every requirement fails somewhere and every reason occurs.
	worst := ward()
	for i := range worst.devices {
		for j := range 20 {
			judge(&worst.devices[i], hipaa, fmt.Sprintf("wr_row_%02d_%02d", i, j), checks.Fail, high)
			judge(&worst.devices[i], hipaa, fmt.Sprintf("wr_open_%02d_%02d", i, j), checks.Unknown,
				because(checks.Reason(fmt.Sprintf("reason-%d", i)), strings.Repeat("long words ", 40), strings.Repeat("long advice ", 40)))
		}
		worst.problems = append(worst.problems, worst.problems[0])
	}
	for _, test := range []struct {
		name         string
		src          report.Source
		width, lines int
	}{
		{"24 devices at 100 columns", ward(), 100, 45},
		{"24 devices at 120 columns", ward(), 120, 45},
		{"24 devices at 80 columns", ward(), 80, 55},
		{"whatever is wrong with them", worst, 100, 60},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := text(t, test.src, report.TextOptions{Width: test.width})
			if got := strings.Count(out, "\n"); got > test.lines {
				t.Errorf("got %d lines, want at most %d:\n%s", got, test.lines, out)
			}
			for line := range strings.Lines(out) {
				if got := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); got > test.width {
					t.Errorf("got %d columns, want at most %d: %s", got, test.width, line)
				}
			}
		})
	}
}

func TestTextSays(t *testing.T) {
	out := text(t, ward(), report.TextOptions{Focus: hipaa})
	for _, want := range []string{
		"expected  enrolled  asked  answered  judged  met  not met  undetermined",
		"hipaa-no-facetime        24        24     24        21      17    8        9             7",
		"9 of 24 devices fail a required row",
		"os_facetime_disable: The device does not report this restriction as in force.",
		"next: Push a restrictions profile",
		"WR000002 (iPadOS 18.1)",
		"silent, 1 device, 3 rows: WR000012",
		"catalog/ward-3.mobileconfig: RTF text",
		"no legal opinion", "FaceTime is not observable",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the text does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, phsa) {
		t.Errorf("the text speaks of a baseline that it is not about:\n%s", out)
	}
	if got := strings.Count(out, "WR000007"); got != 1 {
		t.Errorf("a device that fails three rows is named %d times, want once:\n%s", got, out)
	}
}

func TestText(t *testing.T) {
	t.Run("nobody is ever called compliant", func(t *testing.T) {
		if out := strings.ToLower(text(t, ward(), report.TextOptions{})); strings.Contains(out, "compliant") {
			t.Errorf("got %s", out)
		}
	})
	t.Run("an unknown focus names those there are", func(t *testing.T) {
		err := report.StreamText(t.Context(), io.Discard, ward(), now, report.TextOptions{Focus: "cis"})
		want := `baseline "cis" is not in this report, which has hipaa-no-facetime, phsa-facetime`
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("colours change nothing else", func(t *testing.T) {
		plain := text(t, ward(), report.TextOptions{})
		coloured := text(t, ward(), report.TextOptions{Color: true})
		if coloured == plain {
			t.Error("got no colours")
		}
		stripped := regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(coloured, "")
		if diff := cmp.Diff(stripped, plain); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("text from a device cannot move the cursor or reorder a line", func(t *testing.T) {
		evil := "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\u200b\r\n\x9b31m\xff"
		src := &fleet{
			judged:    now,
			baselines: []checks.BaselineResult{{ID: "b" + evil, Headline: checks.Headline{Enrolled: 1, NotMet: 1}}},
			problems:  []checks.Problem{{Path: evil, Code: evil, Message: evil}},
		}
		d := checks.DeviceResult{Subject: checks.Subject{ID: evil, Serial: "S" + evil, OS: evil, EnrollmentType: evil, Platform: checks.IOS}}
		for _, r := range []checks.Result{checks.Fail, checks.Unknown} {
			judge(&d, "b"+evil, "r"+evil, r, because(checks.Reason(evil), evil, evil))
		}
		src.devices = append(src.devices, d)
		harmless(t, text(t, src, report.TextOptions{}))
		doc := build(t, src)
		var out bytes.Buffer
		if err := report.WriteExplain(&out, report.Explanation{AsOf: evil, Device: doc.Devices[0]}, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		harmless(t, out.String())
	})
	t.Run("an empty fleet says so", func(t *testing.T) {
		out := text(t, &fleet{judged: now}, report.TextOptions{})
		for _, want := range []string{"No baseline was judged.", "No device is enrolled."} {
			if !strings.Contains(out, want) {
				t.Errorf("got %s, want it to say %q", out, want)
			}
		}
	})
	t.Run("silence does not read as success", func(t *testing.T) {
		src := &fleet{judged: now}
		d := checks.DeviceResult{Subject: checks.Subject{ID: "quiet"}, Status: map[string]checks.Status{hipaa: checks.Undetermined}}
		silent(&d)
		src.devices = append(src.devices, d)
		out := text(t, src, report.TextOptions{})
		if !strings.Contains(out, "Left open: 1 device undetermined") || strings.Contains(out, "required row fails") {
			t.Errorf("got %s", out)
		}
	})
}

func serialOf(i int) string { return fmt.Sprintf("%040d", i) }

func BenchmarkWrite(b *testing.B) {
	for _, format := range report.Formats() {
		b.Run(string(format), func(b *testing.B) {
			src := newCrowd(10_000)
			b.ReportAllocs()
			for b.Loop() {
				feed, err := report.Open(b.Context(), src, now)
				if err == nil {
					err = feed.Write(io.Discard, format, options())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(src.n), "ns/device")
		})
	}
}
