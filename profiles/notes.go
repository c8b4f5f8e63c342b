package profiles

import "github.com/wardround/wardround/internal/plist"

// readNotes turns what the property list reader noticed into problems.
func (p *Profile) readNotes(doc *plist.Document) {
	for _, note := range doc.Notes() {
		if problem, ok := noteProblem(note); ok {
			p.problem(problem.Code, problem.Severity, note.Path, problem.Message)
		}
	}
}

// noteProblem says what a peculiarity of the file means for a profile. Some,
// such as a byte order mark, mean nothing to a device.
func noteProblem(note plist.Note) (Problem, bool) {
	switch note.Code {
	case plist.NoteDuplicateKey:
		if lastKey(note.Path) == "PayloadType" {
			return Problem{
				Code: DuplicateKey, Severity: SeverityError,
				Message: "PayloadType stands twice in one dictionary: two payloads seem to have run into each other, and the last value of each key counts",
			}, true
		}
		return Problem{
			Code: DuplicateKey, Severity: SeverityWarning,
			Message: "the key stands twice in one dictionary, and the last value counts",
		}, true
	case plist.NoteKeyWithoutValue:
		return Problem{
			Code: Syntax, Severity: SeverityError,
			Message: "the key has no value: devices refuse the file",
		}, true
	case plist.NoteControlByte:
		return Problem{
			Code: Syntax, Severity: SeverityWarning,
			Message: "there is a control byte that XML does not allow",
		}, true
	case plist.NoteMissingDeclaration:
		return Problem{Code: Syntax, Severity: SeverityInfo, Message: "the file does not start with an XML declaration"}, true
	case plist.NoteMissingPlist:
		return Problem{Code: Syntax, Severity: SeverityInfo, Message: "the values stand outside a plist element"}, true
	case plist.NoteMore:
		return Problem{Code: TooManyProblems, Severity: SeverityWarning, Message: "there is more of this kind than is listed"}, true
	default:
		return Problem{}, false
	}
}

// lastKey is the key at the end of a path such as "PayloadContent[0].SSID_STR".
func lastKey(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' {
			return path[i+1:]
		}
	}
	return path
}
