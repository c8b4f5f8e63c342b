package sweep

// Open counts the commands that a round waits for.
func (in *Intake) Open() int {
	commands, _ := in.open()
	return commands
}
