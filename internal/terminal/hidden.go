package terminal

import (
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// hideTyping takes every key as it comes and shows none. It is done before the
// question stands there: what is typed at once is not shown either, and no read
// that was begun can undo what an interruption puts back.
func hideTyping() func() {
	fd := int(os.Stdin.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(fd, before) }
}

// Keys that are no part of an answer.
const (
	ctrlC, ctrlD, ctrlU, ctrlW, ctrlZ, ctrlBackslash = 3, 4, 21, 23, 26, 28
	backspace, del                                   = 8, 127
)

// readHidden reads a line of keys. It takes no byte more: a second answer may be
// typed already.
func readHidden(keys io.Reader) (string, error) {
	var line []byte
	key := make([]byte, 1)
	for {
		if _, err := io.ReadFull(keys, key); err != nil {
			return "", err
		}
		switch key[0] {
		case '\r', '\n':
			return string(line), nil
		case ctrlC, ctrlBackslash:
			return "", errInterrupted
		case ctrlD:
			if len(line) == 0 {
				return "", io.EOF
			}
		case ctrlU, ctrlW:
			line = nil
		case ctrlZ:
		case backspace, del:
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		default:
			line = append(line, key[0])
		}
	}
}
