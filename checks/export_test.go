package checks

import (
	"time"

	"github.com/wardround/wardround/checks/fact"
)

// RunConditions evaluates n conditions of b's compiled checks on a set and
// returns how many were true: the cost of CEL alone, without words.
func RunConditions(b *Baseline, n int, subject Subject, set *fact.Set, now time.Time) int {
	e := &evaluation{baseline: b, language: b.language, subject: subject, set: set, now: now}
	e.os, _ = parseVersion(subject.OS)
	done, yes := 0, 0
	for done < n {
		for i := range b.Requirements {
			p := b.compiled[b.Requirements[i].ID]
			if _, reason, _ := applicability(p.rules, subject.Platform, e.os); reason != "" || p.check == nil || done == n {
				continue
			}
			e.consulted = e.consulted[:0]
			if truth, _, err := p.check.eval(e); err == nil && truth == Yes {
				yes++
			}
			done++
		}
	}
	return yes
}
