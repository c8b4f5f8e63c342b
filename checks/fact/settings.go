package fact

import (
	_ "embed" // for settings.tsv
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed settings.tsv
var settingsTSV string

var versionPattern = regexp.MustCompile(`^\d+(\.\d+){0,2}$`)

// settingColumns is the header of settings.tsv.
const settingColumns = "domain\tkey\ttype\tdefault\tiOS\tmacOS\tvisionOS\ttvOS\twatchOS\tsupervised\tuser_enrollment\tshared_ipad\treported\taliases\tdoc"

// A settingTable is settings.tsv with its index.
type settingTable struct {
	rows  []Setting
	keys  []Key       // SettingKey of each row
	index map[Key]int // by SettingKey, of every spelling
}

// settings is the parsed table; it is never changed after.
var settings = sync.OnceValue(func() settingTable {
	t, err := parseSettings(settingsTSV)
	if err != nil {
		panic(err) // the file is compiled in: a wiring mistake, held by a test
	}
	return t
})

// Settings lists the settings that wardround knows, in order of domain and
// key. The slice is the caller's; the maps and slices inside are shared and
// must not be changed.
func Settings() []Setting { return slices.Clone(settings().rows) }

// EachSetting yields what Settings lists, each with its SettingKey, without a
// copy of the table.
func EachSetting() iter.Seq2[Key, Setting] {
	return func(yield func(Key, Setting) bool) {
		t := settings()
		for i, key := range t.keys {
			if !yield(key, t.rows[i]) {
				return
			}
		}
	}
}

// SettingOf returns the setting of a domain under any of its spellings. Its
// Key is Apple's spelling of today, so SettingKey(s.Domain, s.Key) names the
// fact whatever spelling a device or profile used.
func SettingOf(domain, key string) (Setting, bool) {
	t := settings()
	i, ok := t.index[SettingKey(domain, key)]
	if !ok {
		return Setting{}, false
	}
	return t.rows[i], true
}

func parseSettings(text string) (settingTable, error) {
	t := settingTable{index: make(map[Key]int)}
	header := false
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !header {
			if line != settingColumns {
				return settingTable{}, fmt.Errorf("settings.tsv:%d: header is not %q", number, settingColumns)
			}
			header = true
			continue
		}
		s, err := parseSetting(line)
		if err != nil {
			return settingTable{}, fmt.Errorf("settings.tsv:%d: %w", number, err)
		}
		for _, key := range append([]string{s.Key}, s.Aliases...) {
			k := SettingKey(s.Domain, key)
			if _, ok := t.index[k]; ok {
				return settingTable{}, fmt.Errorf("settings.tsv:%d: %s is there twice", number, k)
			}
			t.index[k] = len(t.rows)
		}
		t.rows = append(t.rows, s)
		t.keys = append(t.keys, SettingKey(s.Domain, s.Key))
	}
	if !header {
		return settingTable{}, fmt.Errorf("settings.tsv: header is missing")
	}
	return t, nil
}

func parseSetting(line string) (Setting, error) {
	f := strings.Split(line, "\t")
	if want := strings.Count(settingColumns, "\t") + 1; len(f) != want {
		return Setting{}, fmt.Errorf("%d columns, want %d", len(f), want)
	}
	if i := slices.Index(f, ""); i >= 0 {
		return Setting{}, fmt.Errorf("column %d is empty; write - for none", i+1)
	}
	s := Setting{
		Domain: f[0], Key: f[1], Type: Type(f[2]), Default: f[3],
		Since: map[string]string{}, Until: map[string]string{}, Supervised: map[string]bool{},
		Aliases: commaList(f[13]), Doc: f[14],
	}
	if !slices.Contains([]Type{Bool, Int, Double, String, StringList}, s.Type) {
		return Setting{}, fmt.Errorf("%s: type %q is none of a setting's", s.Key, s.Type)
	}
	for i, platform := range []string{"iOS", "macOS", "visionOS", "tvOS", "watchOS"} {
		if err := s.exists(platform, f[4+i]); err != nil {
			return Setting{}, err
		}
	}
	for _, platform := range commaList(f[9]) {
		if _, ok := s.Since[platform]; !ok {
			return Setting{}, fmt.Errorf("%s: supervised on %s, where it does not exist", s.Key, platform)
		}
		s.Supervised[platform] = true
	}
	var err error
	for _, flag := range []struct {
		to   *bool
		text string
	}{{&s.UserEnroll, f[10]}, {&s.SharedIPad, f[11]}, {&s.Reported, f[12]}} {
		if *flag.to, err = yesNo(flag.text); err != nil {
			return Setting{}, fmt.Errorf("%s: %w", s.Key, err)
		}
	}
	if len(s.Since) == 0 {
		return Setting{}, fmt.Errorf("%s: exists on no platform", s.Key)
	}
	return s, nil
}

// exists enters a platform column: "-", "5.0" or "5.0-16".
func (s *Setting) exists(platform, versions string) error {
	if versions == "-" {
		return nil
	}
	since, until, ends := strings.Cut(versions, "-")
	if !versionPattern.MatchString(since) || (ends && !versionPattern.MatchString(until)) {
		return fmt.Errorf("%s: %s versions %q are not such as 5.0 or 5.0-16", s.Key, platform, versions)
	}
	s.Since[platform] = since
	if ends {
		s.Until[platform] = until
	}
	return nil
}

// Platforms lists where the setting exists, in order of name.
func (s Setting) Platforms() []string { return slices.Sorted(maps.Keys(s.Since)) }

func commaList(text string) []string {
	if text == "-" {
		return nil
	}
	return strings.Split(text, ",")
}

func yesNo(text string) (bool, error) {
	switch text {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", text)
}
