package remedy

import (
	_ "embed" // for losses.tsv
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/wardround/wardround/checks/fact"
)

//go:embed losses.tsv
var lossesTSV string

// A loss is what goes with a setting, and what to do before.
type loss struct{ loss, before string }

const lossColumns = "domain\tkey\tloss\tbefore"

var losses = sync.OnceValue(func() map[fact.Key]loss {
	m, err := parseLosses(lossesTSV)
	if err != nil {
		panic(err) // the file is compiled in: a wiring mistake, held by a test
	}
	return m
})

func parseLosses(text string) (map[fact.Key]loss, error) {
	m := map[fact.Key]loss{}
	header := false
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case !header && line != lossColumns:
			return nil, fmt.Errorf("losses.tsv:%d: header is not %q", number, lossColumns)
		case !header:
			header = true
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 || slices.Contains(f, "") {
			return nil, fmt.Errorf("losses.tsv:%d: not four columns", number)
		}
		declared, ok := fact.SettingOf(f[0], f[1])
		key := fact.SettingKey(f[0], f[1])
		if _, twice := m[key]; twice || !ok || declared.Key != f[1] {
			return nil, fmt.Errorf("losses.tsv:%d: %s is no setting, or is there twice", number, f[1])
		}
		l := loss{loss: f[2]}
		if f[3] != "-" {
			l.before = f[3]
		}
		m[key] = l
	}
	return m, nil
}

func (p *planner) sets(key string) bool {
	return slices.ContainsFunc(p.plan.Sets, func(s Set) bool { return s.Key == key })
}

// words says what will be lost, and in which order to go about it.
func (p *planner) words() (lost, steps []string) {
	lost, steps = []string{}, []string{}
	var before []string
	for _, set := range p.plan.Sets {
		l := losses()[fact.SettingKey(set.Domain, set.Key)]
		if l.loss != "" {
			lost = append(lost, set.Key+": "+l.loss)
		}
		if l.before != "" {
			before = append(before, l.before)
		}
		if set.Key == "allowAccountModification" && !p.sets("allowVideoConferencing") {
			before = append(before, "Sign in to FaceTime where it is to be used: after the account freeze nobody can.")
		}
	}
	has := func(kind Kind) bool {
		return slices.ContainsFunc(p.plan.ByHand, func(t Task) bool { return t.Kind == kind })
	}
	if has(Supervise) || has(ReEnrol) {
		steps = append(steps, "Supervise or enrol anew the devices named above. It erases them, so it comes first; then judge them again and write the remedy anew.")
	}
	if has(SignOut) {
		steps = append(steps, "Sign out the accounts named above, while that is still possible.")
	}
	if len(p.plan.Sets) == 0 {
		return lost, steps
	}
	steps = append(steps, before...)
	pilot := "one device"
	if len(p.plan.Devices) > 0 {
		pilot = "one device, such as " + p.plan.Devices[0]
	}
	steps = append(steps,
		"Read the profile, and put it into your MDM server and into the catalog. wardround sends nothing.",
		"Pilot it: install it on "+pilot+", and use that device for a day: its networks, its apps, a visit.",
		"Ask the pilot again and compare: wardround profile diff.",
	)
	if len(p.plan.Devices) > 1 {
		steps = append(steps, fmt.Sprintf("Install it on the other %d devices.", len(p.plan.Devices)-1))
	}
	if has(Hands) || has(Network) {
		steps = append(steps, "Do by hand what is listed for it.")
	}
	return lost, append(steps, "Make a round and read the report: only what devices answer counts.")
}
