package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/report"
)

// A tag is an element of a page as a browser meets it.
type tag struct {
	name string
	attr map[string]string
	text string // up to the next tag
}

// tags reads a page, which is well-formed XML too, so that each tag is seen to
// be closed.
func tags(t *testing.T, page []byte) []tag {
	t.Helper()
	var all []tag
	dec := xml.NewDecoder(bytes.NewReader(page))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			one := tag{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				one.attr[a.Name.Local] = a.Value
			}
			all = append(all, one)
		case xml.CharData:
			if len(all) > 0 {
				all[len(all)-1].text += string(token)
			}
		}
	}
}

// known are the elements that the page is made of: no script, no frame, no form
// and nothing that loads.
var known = []string{
	"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "h4", "p", "time", "nav", "a", "main", "section", "article",
	"div", "table", "thead", "tbody", "tr", "th", "td", "br", "code", "span", "strong", "svg", "defs", "pattern", "g", "text", "rect",
	"details", "summary", "dl", "dt", "dd", "footer",
}

// harmlessPage fails if a page loads, runs or hides something.
func harmlessPage(t *testing.T, page []byte) []tag {
	t.Helper()
	all := tags(t, page)
	for _, tag := range all {
		if !slices.Contains(known, tag.name) {
			t.Errorf("the page holds <%s>", tag.name)
		}
		for name, value := range tag.attr {
			switch {
			case strings.HasPrefix(name, "on"), name == "src", name == "style", name == "srcset", name == "action":
				t.Errorf("<%s> has %s=%q", tag.name, name, value)
			case name == "href" && !strings.HasPrefix(value, "#"):
				t.Errorf("<%s> leads to %q", tag.name, value)
			}
		}
	}
	if bytes.Contains(page, []byte("://")) || bytes.Contains(page, []byte("@import")) {
		t.Error("the page names an address")
	}
	harmless(t, string(page))
	return all
}

func TestThePageNeedsNothingElse(t *testing.T) {
	all := harmlessPage(t, write(t, open(t, ward()), report.HTML, options()))
	if !slices.ContainsFunc(all, func(tag tag) bool {
		return tag.name == "meta" && tag.attr["http-equiv"] == "Content-Security-Policy" && strings.HasPrefix(tag.attr["content"], "default-src 'none';")
	}) {
		t.Error("the page has no policy that keeps it from the network")
	}
}

func TestThePageCanBeReadAloud(t *testing.T) {
	all := tags(t, write(t, open(t, ward()), report.HTML, options()))
	level, ids := 0, map[string]bool{}
	for i, tag := range all {
		if id, ok := tag.attr["id"]; ok {
			if ids[id] {
				t.Errorf("two things have the id %q", id)
			}
			ids[id] = true
		}
		switch tag.name {
		case "html":
			if tag.attr["lang"] != "en" {
				t.Error("the page does not say its language")
			}
		case "h1", "h2", "h3", "h4":
			next := int(tag.name[1] - '0')
			if next > level+1 {
				t.Errorf("heading %q is of level %d below one of level %d", tag.text, next, level)
			}
			level = next
		case "th":
			if tag.attr["scope"] == "" {
				t.Errorf("a table's heading %q has no scope", tag.text)
			}
		case "svg":
			if tag.attr["aria-hidden"] != "true" && (tag.attr["role"] != "img" || tag.attr["aria-label"] == "" || all[i+1].name != "title") {
				t.Errorf("a chart tells nothing to those who do not see it: %v", tag.attr)
			}
		}
	}
	for _, tag := range all {
		if target, ok := strings.CutPrefix(tag.attr["href"], "#"); ok && !ids[target] {
			t.Errorf("a link leads to %q, which is not there", target)
		}
	}
}

// TestThePageAddsUp holds the page's headlines and tables against the store.
func TestThePageAddsUp(t *testing.T) {
	page := string(write(t, open(t, ward()), report.HTML, options()))
	for _, baseline := range []string{hipaa, phsa} {
		h, _ := headlineOf(t, ward(), baseline)
		row := fmt.Sprintf(`<tr><td class="n">%d</td><td class="n">%d</td><td class="n">%d</td><td class="n">%d</td><td class="n">%d</td>`+
			`<td class="n met">%d</td><td class="n not-met">%d</td><td class="n undetermined">%d</td></tr>`,
			h.Expected, h.Enrolled, h.Asked, h.Answered, h.Judged, h.Met, h.NotMet, h.Undetermined)
		if strings.Count(page, row) != 1 {
			t.Errorf("%s: the page does not show once %s", baseline, row)
		}
	}
	if got := strings.Count(page, "<details"); got != 24 {
		t.Errorf("got %d devices in full, want 24", got)
	}
	for _, want := range []string{
		"no legal opinion", "FaceTime is not observable", "<strong>3 of 24 devices:</strong> The device does not report this restriction",
		"Clause: FaceTime is not HIPAA compliant; FaceTime is not to carry PHI; vendor, US (HIPAA)", "RTF text where a property list should be",
		"7 of 24 devices lack an answer", `>WR000007</a></th><td>A-106</td><td>Seaside, ward 3</td>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestAHostileNameCannotGetIntoThePage(t *testing.T) {
	evil := "</style></title><script>alert(1)</script>\" onload='x' {{.}} <img src=x>\u202e\x1b"
	src := ward()
	for i := range src.devices {
		d := &src.devices[i]
		d.Subject.Serial, d.Subject.OS, d.Subject.Model, d.Subject.EnrollmentType = evil, evil, evil, evil
		d.Subject.Asset = checks.Asset{AssetTag: evil, Site: evil, Ward: evil, OwnerRole: evil, Group: evil}
		d.Subject.Groups = []string{evil}
		for j := range d.Verdicts {
			v := &d.Verdicts[j]
			v.Expected, v.Observed, v.Message, v.NextStep, v.Reason = evil, evil, evil, evil, checks.Reason(evil)
			v.Evidence = []checks.EvidenceRef{{Query: evil, SHA256: evil, Collected: now}}
		}
	}
	src.problems = []checks.Problem{{Path: evil, Code: evil, Message: evil}}
	src.baselines[0].Title, src.baselines[0].Version, src.baselines[0].Digest = evil, evil, evil
	page := write(t, open(t, src), report.HTML, report.Options{Clause: func(string, string) report.Clause {
		return report.Clause{Title: evil, Source: evil, Text: evil}
	}})
	harmlessPage(t, page)
}

func TestAPageOfTenThousandDevicesOpens(t *testing.T) {
	src := newCrowd(10_500)
	for i := range 95 { // as three baselines have
		judge(&src.one, phsa, fmt.Sprintf("requirement_with_a_name_of_some_length_%d", i), checks.Unknown, recommended,
			because("silent", strings.Repeat("what was seen ", 10), strings.Repeat("what to do ", 10)))
	}
	page := write(t, open(t, src), report.HTML, options())
	if most := 15_000_000; len(page) > most {
		t.Errorf("the page has %d bytes, want at most %d", len(page), most)
	}
	for _, want := range []string{
		"10500 of 10500 devices:", "and 10440 more, which the JSON and CSV reports name",
		"500 of them are left out of this table.", "The verdicts of 10420 more devices are left out here.",
	} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if got := bytes.Count(page, []byte("<details")); got != 80 { // 8000 verdicts
		t.Errorf("got %d devices in full, want 80", got)
	}
}

func TestThoseThatFailAreNotLeftOut(t *testing.T) {
	src := ward()
	var many []checks.DeviceResult
	for i := range 300 {
		d := src.devices[0] // it meets both
		d.Subject.ID = serialOf(i)
		many = append(many, d)
	}
	src.devices = append(many, src.devices[6]) // the last by id fails
	page := string(write(t, open(t, src), report.HTML, options()))
	if !strings.Contains(page, `<details id="device-1">`+"\n<summary>WR000007,") {
		t.Error("the one device that fails is not the first in full")
	}
}

var colour = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(c uint64) float64 {
		s := float64(c&0xff) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

// TestTheColoursCanBeTold wants the contrast of WCAG 2.2 AA, 4.5 for text and 3
// for charts, in light, in dark and on paper.
func TestTheColoursCanBeTold(t *testing.T) {
	page := string(write(t, open(t, ward()), report.HTML, options()))
	schemes := strings.Split(page, ":root {")[1:]
	if len(schemes) != 3 {
		t.Fatalf("got %d schemes of colours, want light, dark and paper", len(schemes))
	}
	for i, scheme := range schemes {
		scheme, _, _ = strings.Cut(scheme, "}")
		is := map[string]float64{}
		for _, m := range colour.FindAllStringSubmatch(scheme, -1) {
			is[m[1]] = luminance(t, m[2])
		}
		for _, name := range []string{"ink", "quiet", "link", "met", "not-met", "undetermined"} {
			for _, ground := range []string{"paper", "band"} {
				high, low := max(is[name], is[ground]), min(is[name], is[ground])
				if ratio := (high + 0.05) / (low + 0.05); ratio < 4.5 {
					t.Errorf("scheme %d: %s on %s has a contrast of %.2f, want 4.5", i+1, name, ground, ratio)
				}
			}
		}
	}
}
