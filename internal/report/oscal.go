package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wardround/wardround/internal/plaintext"
)

// oscalVersion is the version of OSCAL's assessment-results model that we write:
// https://pages.nist.gov/OSCAL-Reference/models/v1.1.3/assessment-results/json-reference/
const oscalVersion = "1.1.3"

// oscalSpace is the namespace of the properties that OSCAL does not name.
const oscalSpace = "https://github.com/wardround/wardround/ns/oscal"

// An oscalWriter writes assessment results, observations first as the devices
// come. It holds a UUID for each verdict, and each device without its verdicts.
type oscalWriter struct {
	*jsonWriter
	head     Document
	words    *titles
	asOf     string
	start    string // when the oldest evidence was collected
	counted  *census
	items    []inventoryItem
	findings map[[2]string]*findingCount
	waivers  []Waiver
	waived   [][]uuid // observations by waiver
	n        int      // observations
}

// writeOSCAL writes one result with an observation for each verdict, a finding
// for each requirement that could be judged, and a risk for each waiver. The
// document's own UUID is made from all the rest, and so comes last.
func writeOSCAL(w io.Writer, in *Feed, words *titles, waivers []Waiver) error {
	asOf := oscalTime(in.head.AsOf)
	if asOf == "" {
		return fmt.Errorf("write report: OSCAL has no way to write the time %q", in.head.AsOf)
	}
	sum := sha256.New()
	out := &oscalWriter{
		jsonWriter: newJSONWriter(io.MultiWriter(w, sum)), head: in.head, words: words, asOf: asOf, start: asOf, counted: newCensus(),
		findings: map[[2]string]*findingCount{}, waivers: waivers, waived: make([][]uuid, len(waivers)),
	}
	out.begin()
	if err := in.each(nil, out.device); err != nil && out.err == nil {
		return err
	}
	if out.n > 0 {
		out.end(out.n)
		out.raw(",\n")
	}
	out.rest()
	if err := out.flush(); err != nil {
		return err
	}
	out.raw(",\n\"uuid\":").value(newUUID("document", sum.Sum(nil)))
	out.raw("\n}}\n")
	return out.flush()
}

func (out *oscalWriter) begin() {
	out.raw("{\"assessment-results\":{\n\"metadata\":").value(metadata{
		Title: "wardround: how Apple devices are set up, against written requirements", LastModified: out.asOf, Version: out.asOf, OSCALVersion: oscalVersion,
		Props:   props(ours("tool", out.head.Tool.Name+" "+out.head.Tool.Version)),
		Remarks: footer,
	})
	out.raw(",\n\"import-ap\":").value(importPlan{Href: "#" + planUUID().String(), Remarks: "The baselines are the plan: each names its requirements, and how each is tested."})
	out.raw(",\n\"results\":[{\n")
}

// device writes an observation for each verdict of a device.
func (out *oscalWriter) device(d Device) error {
	out.counted.add(&d)
	item := newInventoryItem(d)
	out.items = append(out.items, item)
	for i := range d.Verdicts {
		v := &d.Verdicts[i]
		o := out.observation(d, v, item.UUID)
		out.finding(v).observe(v, o.UUID)
		for j, w := range out.waivers {
			if w.covers(d.ID, v) {
				out.waived[j] = append(out.waived[j], o.UUID)
			}
		}
		if out.n == 0 {
			out.raw("\"observations\":[")
		}
		out.element(out.n, o)
		out.n++
	}
	return out.err
}

func (out *oscalWriter) observation(d Device, v *Verdict, item uuid) observation {
	o := observation{
		UUID: newUUID("observation", d.ID, v), Title: prose(out.title(v.Baseline, v.Requirement)), Description: describeOSCAL(v),
		Methods: []string{"TEST"}, Collected: out.asOf, Expires: oscalTime(v.FreshUntil),
		Props: props(ours("baseline", v.Baseline), ours("requirement", v.Requirement), ours("result", string(v.Result)), ours("reason", string(v.Reason)),
			ours("assurance", string(v.Assurance)), ours("level", string(v.Level)), ours("severity", string(v.Severity))),
		Subjects: []subjectReference{{UUID: item, Type: "inventory-item"}},
	}
	oldest := ""
	for _, e := range v.Evidence {
		at := oscalTime(e.CollectedAt)
		if at != "" && (oldest == "" || at < oldest) {
			oldest = at
		}
		o.Evidence = append(o.Evidence, relevantEvidence{
			Description: prose("The answer to " + e.Query + " as it was received and kept."),
			Props:       props(ours("sha256", e.SHA256), ours("collected", e.CollectedAt)),
		})
	}
	if oldest != "" {
		o.Collected = oldest
		out.start = min(out.start, oldest)
	}
	return o
}

func (out *oscalWriter) title(baseline, requirement string) string {
	return cmp.Or(out.words.of(baseline, requirement).Title, requirement)
}

// describeOSCAL says a verdict in words, a paragraph each.
func describeOSCAL(v *Verdict) string {
	var parts []string
	for _, part := range [][2]string{{"", v.Message}, {"Wanted: ", v.Expected}, {"Seen: ", v.Observed}, {"Next: ", v.NextStep}} {
		if part[1] != "" {
			parts = append(parts, prose(part[0]+part[1]))
		}
	}
	return cmp.Or(strings.Join(parts, "\n\n"), prose(string(v.Result)))
}

// prose makes text fit for OSCAL's markup, in which it means itself.
func prose(s string) string {
	const special = "\\`*[]<&"
	s = plaintext.Harmless(s)
	if !strings.ContainsAny(s, special) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// oscalTime writes an RFC 3339 time as OSCAL takes it, or nothing.
func oscalTime(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return ""
	}
	if t = t.UTC(); t.Year() < 1900 || t.Year() > 2999 {
		return ""
	}
	return t.Format(time.RFC3339)
}

// rest writes what is known once all devices have passed.
func (out *oscalWriter) rest() {
	out.raw("\"title\":").value("Verdicts as of " + out.asOf)
	out.raw(",\n\"description\":").value(fmt.Sprintf("%s of %s, one observation each.", plural(out.counted.verdicts, "verdict"), plural(out.counted.devices, "enrolled device")))
	out.raw(",\n\"start\":").value(out.start)
	out.raw(",\n\"end\":").value(out.asOf)
	if len(out.items) > 0 {
		out.raw(",\n\"local-definitions\":{\"inventory-items\":[")
		for i, item := range out.items {
			out.element(i, item)
		}
		out.end(len(out.items))
		out.raw("}")
	}
	findings := out.sortedFindings()
	out.raw(",\n\"reviewed-controls\":").value(out.reviewed())
	out.list("attestations", collect(out.attestations(), anything))
	out.list("findings", collect(findings, anything))
	out.list("risks", collect(out.risks(), anything))
	out.raw(",\n\"props\":").value(out.totals(len(findings)))
	out.raw(",\n\"remarks\":").value("A finding is about a requirement for the whole fleet. One that no device fails and that some cannot tell is not-satisfied for the reason other. " +
		"Rows that only a person can answer have a finding while nobody attests them, and an attestation after.")
	out.raw(",\n\"uuid\":").value(newUUID("result", out.head.AsOf, out.head.Tool, out.head.Baselines, out.counted.results))
	out.raw("\n}],\n\"back-matter\":").value(out.resources())
}

func anything[T any](v T) any { return v }

// list writes a list, which in OSCAL is never empty.
func (out *oscalWriter) list(key string, list []any) {
	if len(list) == 0 {
		return
	}
	out.raw(",\n\"" + key + "\":[")
	for i, v := range list {
		out.element(i, v)
	}
	out.end(len(list))
}

// totals are the headlines and what this document holds.
func (out *oscalWriter) totals(findings int) []property {
	number := func(name string, n int, class string) property {
		p := ours(name, fmt.Sprint(n))
		p.Class = token(class)
		return p
	}
	var all []property
	for _, b := range out.head.Baselines {
		for _, n := range b.Headline.named() {
			all = append(all, number(token(n.name), n.count, b.ID))
		}
	}
	for _, r := range results() {
		all = append(all, number("observations-"+string(r), out.counted.results[r], "total"))
	}
	return append(all, number("observations", out.n, "total"), number("findings", findings, "total"), number("devices", out.counted.devices, "total"),
		number("problems", len(out.head.Problems), "total"))
}

// resources are the plan, the baselines, and what could not be read.
func (out *oscalWriter) resources() backMatter {
	all := []resource{{UUID: planUUID(), Title: "The plan", Description: "The requirements of the baselines below. There is no assessment plan in OSCAL."}}
	for _, b := range out.head.Baselines {
		all = append(all, resource{
			UUID: newUUID("baseline", b.ID, b.Version, b.Digest), Title: prose("Baseline " + joined(" ", b.ID, b.Version)), Description: prose(b.Title),
			Props: props(ours("baseline", b.ID), ours("version", b.Version), ours("sha256", b.Digest)),
		})
	}
	for i, p := range out.head.Problems {
		all = append(all, resource{
			UUID: newUUID("problem", i, p), Title: "A problem: what could not be read, or had to be assumed", Description: prose(p.Message),
			Props: props(ours("code", p.Code), ours("path", p.Path)),
		})
	}
	return backMatter{Resources: all}
}

func planUUID() uuid { return newUUID("plan") }
