package checks_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wardround/wardround/checks"
)

// runShipped runs the shipped examples by the baselines that find gives.
func runShipped(t *testing.T, find func(string) (*checks.Baseline, error)) []checks.ExampleResult {
	t.Helper()
	var all []checks.ExampleResult
	for _, file := range checks.BuiltinExamples() {
		results, err := checks.RunExamples(file, find)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, results...)
	}
	return all
}

func TestShippedExamplesHold(t *testing.T) {
	for _, r := range runShipped(t, checks.Builtin) {
		if !r.Met() {
			t.Errorf("%s:%d: %s, %s, %s: got %s, want %s (%s)", r.File, r.Line, r.Baseline, r.Example, r.Requirement, r.Got, r.Want, r.Observed)
		}
	}
}

// Of these no answer of a device makes a pass, or none a fail.
var (
	neverPass = []string{"os_facetime_app_disable"}
	neverFail = []string{"wr_device_recently_seen", "wr_network_reachable", "wr_account_reachable"}
)

func TestEachMachineCheckShipsAPassAFailAndSilence(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range runShipped(t, checks.Builtin) {
		result, _, _ := strings.Cut(r.Got, "/")
		seen[r.Baseline+" "+r.Requirement+" "+result] = true
		if r.Silent {
			seen[r.Baseline+" "+r.Requirement+" silent"] = true
		}
	}
	eachBuiltin(t, func(t *testing.T, b *checks.Baseline) {
		for _, r := range b.Requirements {
			if r.Kind != checks.Machine {
				continue
			}
			for _, want := range []string{"pass", "fail", "silent"} {
				never := want == "pass" && slices.Contains(neverPass, r.ID) || want == "fail" && slices.Contains(neverFail, r.ID)
				if got := seen[b.ID+" "+r.ID+" "+want]; got == never {
					t.Errorf("%s: an example of %s is there: %t, want %t", r.ID, want, got, !never)
				}
			}
		}
	})
}

// TestNoExampleHoldsWhateverTheCheckIs puts a constant in place of every check,
// and true in place of the cases too: if all examples of a row still held, they
// would be worth nothing.
func TestNoExampleHoldsWhateverTheCheckIs(t *testing.T) {
	for _, constant := range []string{"true", "false"} {
		t.Run(constant, func(t *testing.T) {
			mutants := map[string]*checks.Baseline{}
			find := func(id string) (*checks.Baseline, error) {
				if mutants[id] == nil {
					mutants[id] = mutant(t, id, constant)
				}
				return mutants[id], nil
			}
			caught := map[string]bool{}
			for _, r := range runShipped(t, find) {
				caught[r.Baseline+" "+r.Requirement] = caught[r.Baseline+" "+r.Requirement] || !r.Met()
			}
			undecided := neverFail
			if constant == "false" {
				undecided = neverPass // its cases decide
			}
			for row, found := range caught {
				_, id, _ := strings.Cut(row, " ")
				if !found && !slices.Contains(undecided, id) {
					t.Errorf("%s: no example fails with the check %s", row, constant)
				}
			}
		})
	}
}

// mutant is a shipped baseline in which a constant stands for every check.
func mutant(t *testing.T, id, constant string) *checks.Baseline {
	t.Helper()
	cases := ""
	if constant == "true" {
		cases = ", cases: []"
	}
	b, err := checks.Builtin(id)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "id: %s\nversion: '1'\ntitle: Mutant\nextends: [%s]\nrequirements:\n", id, id)
	for _, r := range b.Requirements {
		if r.Kind == checks.Machine {
			fmt.Fprintf(&text, "  - {use: %s, check: '%s'%s}\n", r.ID, constant, cases)
		}
	}
	return parse(t, text.String())
}

func TestAnExampleThatDoesNotHoldIsTold(t *testing.T) {
	results, err := checks.RunExamples(checks.ExampleFile{Name: "x.yaml", Data: []byte(`baseline: wpa2-enterprise
now: 2026-11-22T12:00:00Z
examples:
  - name: silence
    device: {platform: iPadOS, os: "18.1"}
    expect: {wr_wifi_enterprise_installed: pass}
`)}, checks.Builtin)
	if err != nil || len(results) != 1 {
		t.Fatalf("got %v, %v; want one result", results, err)
	}
	if r := results[0]; r.Met() || r.Got != "unknown/not-asked" || r.Line != 6 || !r.Silent {
		t.Errorf("got %+v, want line 6, silent, unknown/not-asked and not met", r)
	}
}

func TestAMistakeInExamplesIsToldWithItsPlace(t *testing.T) {
	const head = "baseline: wpa2-enterprise\nnow: 2026-11-22T12:00:00Z\nexamples:\n  - name: x\n"
	for _, tt := range []struct{ name, data, want string }{
		{"a misspelt fact", head + "    facts: {device.plattform: iOS}\n    expect: {os_network_known_only: pass}\n", "x.yaml:5:13: no fact is called device.plattform; did you mean device.platform?"},
		{"a value of another type", head + "    facts: {device.platform: [a]}\n    expect: {os_network_known_only: pass}\n", "x.yaml:5:"},
		{"a requirement that is not there", head + "    expect: {os_network_known_onlyy: pass}\n", "did you mean os_network_known_only?"},
		{"a result that is none", head + "    expect: {os_network_known_only: passed}\n", `"passed" is no result`},
		{"a reason that is none", head + "    expect: {os_network_known_only: unknown/sillent}\n", "is no result of a requirement"},
		{"no expectation", head, "expects nothing"},
		{"a device that is not there", head + "    device: ipad\n    expect: {os_network_known_only: pass}\n", `no device of the file is called "ipad"`},
		{"a device like itself", head + "    device: a\n    expect: {os_network_known_only: pass}\ndevices:\n  a: {like: a}\n", "like each other"},
		{"a time without a zone", strings.Replace(head, "12:00:00Z", "12:00:00", 1) + "    expect: {os_network_known_only: pass}\n", "x.yaml:2:6: \"2026-11-22T12:00:00\" is no time with a zone"},
		{"no baseline", strings.Replace(head, "baseline: wpa2-enterprise\n", "", 1), "name no baseline"},
		{"a misspelt key", head + "    expects: {}\n", `key "expects" is not known; did you mean expect?`},
		{"nothing", "", "the file is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			results, err := checks.RunExamples(checks.ExampleFile{Name: "x.yaml", Data: []byte(tt.data)}, checks.Builtin)
			var invalid *checks.InvalidError
			if !errors.As(err, &invalid) || results != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want an error with %q", results, err, tt.want)
			}
		})
	}
	_, err := checks.RunExamples(checks.ExampleFile{Name: "x.yaml", Data: []byte(strings.Replace(head, "wpa2", "wpa", 1))}, checks.Builtin)
	if err == nil || !strings.Contains(err.Error(), "did you mean wpa2-enterprise?") {
		t.Errorf("got %v, want the nearest baseline", err)
	}
}
