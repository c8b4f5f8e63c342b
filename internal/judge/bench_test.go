package judge_test

import (
	"testing"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
)

// BenchmarkJudge judges one supervised iPad from its kept answers against each
// shipped baseline: decode, facts, verdicts.
func BenchmarkJudge(b *testing.B) {
	w := newWard(b).answers("DeviceInformation", iPad).
		answers("Restrictions", restrictions("allowVideoConferencing", "allowCloudBackup", "allowCloudDocumentSync", "allowAccountModification")).
		answers("SecurityInfo", dict{"SecurityInfo": dict{"PasscodePresent": true, "PasscodeCompliant": true}}).
		answers("ProfileList/all", dict{"ProfileList": []any{}})
	for _, id := range checks.BuiltinIDs() {
		baseline, err := checks.Builtin(id)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(id, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := judge.Judge(w.device, nil, []*checks.Baseline{baseline}, now); len(got.Result.Verdicts) == 0 {
					b.Fatal("no verdict")
				}
			}
		})
	}
}
