package checks_test

import (
	"fmt"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// A fact that is absent leaves a requirement unknown, with the reason why it
// is absent; a fact that is there decides it.
func Example() {
	baseline, err := checks.Builtin("hipaa-no-facetime")
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	iPad := checks.Subject{ID: "iPad-1", Platform: checks.IPadOS, OS: "18.1", Supervised: checks.Yes}
	restriction := fact.SettingKey("com.apple.applicationaccess", "allowVideoConferencing")

	var facts fact.Set
	facts.Put(fact.Fact{Key: restriction, Absent: fact.Silent})
	show(baseline.Evaluate(iPad, &facts, now)[0])

	facts.Put(fact.Fact{
		Key: restriction, Value: false, Hold: fact.Enforced, ImposedBy: []string{"clinic.restrictions"},
		Sources: []fact.Source{{Query: "Restrictions", Collected: now.Add(-time.Hour)}},
	})
	show(baseline.Evaluate(iPad, &facts, now)[0])
	// Output:
	// os_facetime_disable: unknown/silent: allowVideoConferencing is not known (silent); device.facetime_app_hidden is not known (not-asked)
	// os_facetime_disable: pass/as-required: setting allowVideoConferencing is false (imposed by profile "clinic.restrictions")
}

func show(v checks.Verdict) {
	fmt.Printf("%s: %s/%s: %s\n", v.Requirement, v.Result, v.Reason, v.Observed)
}

// What is wrong with a baseline is told with its place and the remedy.
func ExampleParseBaseline() {
	_, err := checks.ParseBaseline("clinic.yaml", []byte(`id: clinic
version: "1"
title: Our clinic
requirements:
  - use: icloud_backup_disable
`))
	fmt.Println(err)
	// Output:
	// clinic.yaml:5:10: no shipped rule is called "icloud_backup_disable"; did you mean icloud_backup_disabled?
}
