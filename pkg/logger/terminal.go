package logger

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal reports whether w shows colours.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
