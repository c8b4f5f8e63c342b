package mdm

// CheckScrubTable reads a table as scrub.tsv is read.
func CheckScrubTable(text string) error {
	_, err := parseScrubTable(text)
	return err
}

// ReadForeign reads a table as foreign.tsv is read.
func ReadForeign(text string) error {
	_, err := parseForeign(text)
	return err
}

// ForeignNames are the commands that foreign.tsv names.
func ForeignNames() map[string]Deed { return foreignTable().deeds }
