package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/wardround/wardround/checks"
)

func newDeviceRow(d Device) deviceRow {
	row := deviceRow{
		key: d.ID, Name: show(cmp.Or(d.Serial, d.ID)), ID: show(d.ID), Asset: show(d.AssetTag), Place: show(joined(", ", d.Site, d.Ward)),
		Runs: show(joined(" ", string(d.Platform), d.OS)), Model: show(d.Model), Supervised: show(string(d.Supervised)),
	}
	for _, id := range slices.Sorted(maps.Keys(d.Status)) {
		if len(row.Status) < maxPageBaselines {
			row.Status = append(row.Status, newStatusView(id, d.Status[id]))
		}
	}
	for i := range d.Verdicts {
		switch v := &d.Verdicts[i]; {
		case v.Level != checks.Required:
		case v.Result == checks.Fail:
			row.Fails++
		case holdsBack(v):
			row.Unknown++
		}
	}
	return row
}

// joined joins the parts that are not empty.
func joined(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), by)
}

func newStatusView(id string, s checks.Status) statusView {
	return statusView{Baseline: show(id), Words: show(strings.ReplaceAll(string(s), "_", " ")), Class: statusClass(s)}
}

func (p *pageFold) detail(d Device, anchor string) deviceView {
	v := deviceView{deviceRow: newDeviceRow(d), Enrollment: show(d.EnrollmentType), Groups: show(strings.Join(d.Groups, ", ")), Owner: show(d.OwnerRole)}
	v.Anchor = anchor
	verdicts, aside := applicable(d.Verdicts)
	v.NotApplicable, v.MoreNotApplicable = cut(aside, maxPageVerdicts)
	verdicts, more := cut(worstFirst(verdicts), maxPageVerdicts)
	v.MoreVerdicts = more
	for _, verdict := range verdicts {
		v.Verdicts = append(v.Verdicts, p.verdict(verdict))
	}
	return v
}

// applicable tells verdicts from the requirements that do not apply, which need
// no more than their names.
func applicable(all []Verdict) (verdicts []Verdict, aside []string) {
	for _, v := range all {
		if v.Result == checks.NotApplicable {
			aside = append(aside, show(v.Requirement))
		} else {
			verdicts = append(verdicts, v)
		}
	}
	return verdicts, aside
}

// worstFirst puts what fails and what is not known before the rest.
func worstFirst(verdicts []Verdict) []Verdict {
	order := []checks.Result{checks.Fail, checks.Error, checks.Unknown, checks.NotChecked, checks.Pass}
	return slices.SortedStableFunc(slices.Values(verdicts), func(a, b Verdict) int {
		return cmp.Or(slices.Index(order, a.Result)-slices.Index(order, b.Result), severityRank(b.Severity)-severityRank(a.Severity))
	})
}

func (p *pageFold) verdict(v Verdict) verdictView {
	view := verdictView{
		Baseline: show(v.Baseline), ID: show(v.Requirement), Title: show(p.words.of(v.Baseline, v.Requirement).Title),
		Level: show(string(v.Level)), Severity: show(string(v.Severity)), Result: show(string(v.Result)), Class: resultClass(v.Result),
		Assurance: show(string(v.Assurance)), Reason: show(string(v.Reason)), Message: show(v.Message),
		Expected: show(v.Expected), Observed: show(v.Observed), NextStep: show(v.NextStep), FreshUntil: show(v.FreshUntil),
		Stated: show(joined(", ", v.Waiver.waived(p.sum.zone), v.Attestation.attested(p.sum.zone))),
	}
	for _, e := range v.Evidence {
		if len(view.Evidence) < maxPageNames {
			view.Evidence = append(view.Evidence, Evidence{Query: show(e.Query), SHA256: show(e.SHA256), CollectedAt: show(e.CollectedAt)})
		}
	}
	return view
}

func statusClass(s checks.Status) string {
	switch s {
	case checks.Met:
		return "met"
	case checks.NotMet:
		return "not-met"
	}
	return "undetermined"
}

func resultClass(r checks.Result) string {
	switch r {
	case checks.Pass:
		return "met"
	case checks.Fail:
		return "not-met"
	case checks.Unknown, checks.Error:
		return "undetermined"
	}
	return "aside"
}
