package remedy

import "github.com/wardround/wardround/checks/fact"

// For the tests.
var (
	ParseLosses = parseLosses
	LossColumns = lossColumns
)

func HasLoss(domain, key string) bool {
	l, ok := losses()[fact.SettingKey(domain, key)]
	return ok && l.loss != ""
}
