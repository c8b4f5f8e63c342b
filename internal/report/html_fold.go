package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wardround/wardround/checks"
)

// A pageFold is what a page keeps of a fleet while it passes by: counts and
// names in groups, a row a device up to a limit, and some devices whole.
type pageFold struct {
	words        *titles
	sum          *summary
	requirements map[[2]string]*requirementCount
	failing      map[failKey]*failCount
	rows         [3][]deviceRow // by standing
	whole        [3][]Device
}

type requirementCount struct {
	baseline, id string
	level        checks.Level
	severity     checks.Severity // the worst there was
	results      map[checks.Result]int
}

type failKey struct {
	baseline, requirement string
	reason                checks.Reason
}

type failCount struct {
	failKey
	first   Verdict
	devices int
	names   []string
}

func newPageFold(words *titles, zone *time.Location) *pageFold {
	return &pageFold{words: words, sum: newSummary(zone), requirements: map[[2]string]*requirementCount{}, failing: map[failKey]*failCount{}}
}

// standing ranks a device by its worst status, the worst first.
func standing(d Device) int {
	rank := 2
	for _, status := range d.Status {
		switch status {
		case checks.NotMet:
			return 0
		case checks.Undetermined:
			rank = 1
		}
	}
	if len(d.Status) == 0 {
		return 1
	}
	return rank
}

// add takes one device in.
func (p *pageFold) add(d Device) error {
	p.sum.add(d)
	for i := range d.Verdicts {
		p.count(d, &d.Verdicts[i])
	}
	rank := standing(d)
	if len(p.rows[rank]) < maxPageDevices {
		p.rows[rank] = append(p.rows[rank], newDeviceRow(d))
	}
	if len(p.whole[rank]) < maxPageDetails {
		p.whole[rank] = append(p.whole[rank], d)
	}
	return nil
}

func (p *pageFold) count(d Device, v *Verdict) {
	key := [2]string{v.Baseline, v.Requirement}
	r := p.requirements[key]
	if r == nil {
		r = &requirementCount{baseline: v.Baseline, id: v.Requirement, level: v.Level, severity: v.Severity, results: map[checks.Result]int{}}
		p.requirements[key] = r
	}
	if severityRank(v.Severity) > severityRank(r.severity) {
		r.severity = v.Severity
	}
	r.results[v.Result]++
	if v.Result != checks.Fail {
		return
	}
	why := failKey{v.Baseline, v.Requirement, v.Reason}
	f := p.failing[why]
	if f == nil {
		f = &failCount{failKey: why, first: *v}
		p.failing[why] = f
	}
	f.devices++
	if len(f.names) < maxPageNames {
		f.names = append(f.names, label(d, v.Waiver.waived(p.sum.zone)))
	}
}

// view puts what was kept in the order of the page.
func (p *pageFold) view(head Document) *pageView {
	v := &pageView{AsOf: show(head.AsOf), Tool: show(head.Tool.Name + " " + head.Tool.Version), Footer: footer, Devices: p.sum.devices, OpenDevices: p.sum.open.devices}
	baselines, more := cut(head.Baselines, maxPageBaselines)
	v.MoreBaselines = more
	for _, b := range baselines {
		v.Baselines = append(v.Baselines, p.baseline(b))
	}
	v.Failing, v.MoreFailing = cut(p.failed(), maxPageGroups)
	groups, more := cut(p.sum.open.byCount(), maxPageGroups)
	v.MoreOpen = more
	for _, g := range groups {
		v.Open = append(v.Open, openView{
			Reason: show(string(g.reason)), Message: show(g.message), NextStep: show(g.next),
			Count: g.devices, Rows: g.rows, Devices: g.names, More: g.devices - len(g.names),
		})
	}
	problems, more := cut(head.Problems, maxPageProblems)
	v.MoreProblems = more
	for _, problem := range problems {
		v.Problems = append(v.Problems, checks.Problem{Path: show(problem.Path), Code: show(problem.Code), Message: show(problem.Message)})
	}
	p.devices(v)
	return v
}

// devices fills in the rows and details, the worst first.
func (p *pageFold) devices(v *pageView) {
	whole, _ := cut(slices.Concat(p.whole[:]...), maxPageDetails)
	anchors := make(map[string]string, len(whole))
	full := 0
	for i, d := range whole {
		detail := p.detail(d, fmt.Sprintf("device-%d", i+1))
		if full += len(detail.Verdicts); full > maxPageFull {
			break
		}
		anchors[d.ID] = detail.Anchor
		v.Details = append(v.Details, detail)
	}
	v.MoreDetails = v.Devices - len(v.Details)
	rows, _ := cut(slices.Concat(p.rows[:]...), maxPageDevices)
	v.Rows, v.MoreRows = rows, v.Devices-len(rows)
	for i := range v.Rows {
		v.Rows[i].Anchor = anchors[v.Rows[i].key]
	}
}

func (p *pageFold) baseline(b Baseline) baselineView {
	v := baselineView{
		ID: show(b.ID), Title: show(cmp.Or(b.Title, b.ID)), Version: show(b.Version), Digest: show(b.Digest),
		Headline: b.Headline, Missing: max(b.Headline.Expected-b.Headline.Enrolled, 0), Bar: statusChart(b.Headline),
	}
	all := p.requirementsOf(b.ID)
	v.Bars = failChart(all)
	v.Requirements, v.MoreRequirements = cut(all, maxPageRequirements)
	organisation, more := cut(b.Organisation, maxPageVerdicts)
	v.MoreOrganisation = more
	for _, o := range organisation {
		v.Organisation = append(v.Organisation, p.verdict(o))
	}
	return v
}

// requirementsOf lists a baseline's requirements, those that most devices fail
// first, and required ones before others.
func (p *pageFold) requirementsOf(baseline string) []requirementView {
	var counts []*requirementCount
	for _, r := range p.requirements {
		if r.baseline == baseline {
			counts = append(counts, r)
		}
	}
	slices.SortFunc(counts, func(a, b *requirementCount) int {
		return cmp.Or(levelRank(a.level)-levelRank(b.level), b.results[checks.Fail]-a.results[checks.Fail],
			b.unknown()-a.unknown(), cmp.Compare(a.id, b.id))
	})
	views := make([]requirementView, 0, len(counts))
	for _, r := range counts {
		views = append(views, requirementView{
			ID: show(r.id), Title: show(p.words.of(r.baseline, r.id).Title), Level: show(string(r.level)), Severity: show(string(r.severity)),
			Pass: r.results[checks.Pass], Fail: r.results[checks.Fail], Unknown: r.unknown(),
			NotChecked: r.results[checks.NotChecked], NotApplicable: r.results[checks.NotApplicable],
		})
	}
	return views
}

func (r *requirementCount) unknown() int { return r.results[checks.Unknown] + r.results[checks.Error] }

// failed lists what fails, the gravest first.
func (p *pageFold) failed() []failingView {
	all := slices.SortedFunc(maps.Values(p.failing), func(a, b *failCount) int {
		return cmp.Or(levelRank(a.first.Level)-levelRank(b.first.Level), severityRank(b.first.Severity)-severityRank(a.first.Severity),
			b.devices-a.devices, cmp.Compare(a.baseline, b.baseline), cmp.Compare(a.requirement, b.requirement), cmp.Compare(a.reason, b.reason))
	})
	views := make([]failingView, 0, len(all))
	for _, f := range all {
		clause := p.words.of(f.baseline, f.requirement)
		views = append(views, failingView{
			Baseline: show(f.baseline), ID: show(f.requirement), Title: show(clause.Title), Level: show(string(f.first.Level)), Severity: show(string(f.first.Severity)),
			Message: show(f.first.Message), NextStep: show(f.first.NextStep), Clause: show(clause.cite()), ClauseText: show(clause.Text),
			Count: f.devices, Of: p.sum.devices, Devices: f.names, More: f.devices - len(f.names),
		})
	}
	return views
}

func levelRank(l checks.Level) int {
	return slices.Index([]checks.Level{checks.Required, checks.Recommended, checks.Informational}, l)
}
