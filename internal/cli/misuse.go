package cli

// misuse is a mistake of whoever typed the command, not one in what a file
// says. command, where it is named, is the one whose --help tells more.
type misuse struct {
	command string
	err     error
}

func (m misuse) Error() string {
	if m.command == "" {
		return m.err.Error()
	}
	return m.err.Error() + "\n  next: " + m.command + " --help"
}

func (m misuse) Unwrap() error { return m.err }
