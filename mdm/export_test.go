package mdm

// CheckScrubTable reads a table as scrub.tsv is read.
func CheckScrubTable(text string) error {
	_, err := parseScrubTable(text)
	return err
}
