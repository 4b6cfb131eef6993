package clitest

// Key is what a terminal sends for a key.
type Key string

// Keys that are not letters. [Ctrl] returns those that are pressed with the control key.
const (
	Enter     Key = "\r"
	Tab       Key = "\t"
	ShiftTab  Key = "\x1b[Z"
	Backspace Key = "\x7f"
	Delete    Key = "\x1b[3~"
	Escape    Key = "\x1b"
	Up        Key = "\x1b[A"
	Down      Key = "\x1b[B"
	Right     Key = "\x1b[C"
	Left      Key = "\x1b[D"
	Home      Key = "\x1b[H"
	End       Key = "\x1b[F"
	PageUp    Key = "\x1b[5~"
	PageDown  Key = "\x1b[6~"
	CtrlC         = Key("\x03")
	CtrlD         = Key("\x04")
)

// Ctrl returns the key that a letter is with the control key.
func Ctrl(letter byte) Key { return Key(letter & 0x1f) }
