package fact

// SettingColumns is the header of settings.tsv.
const SettingColumns = settingColumns

// ParseSettings reads a table as settings.tsv is read.
func ParseSettings(text string) ([]Setting, error) {
	t, err := parseSettings(text)
	return t.rows, err
}
