package sweep

// Open counts the commands that a round waits for.
func (in *Intake) Open() (n int) {
	in.with(func(a *awaited) { n = a.open })
	return n
}
