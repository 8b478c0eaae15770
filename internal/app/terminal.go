package app

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal reports whether w shows colours; NO_COLOR turns them off.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}

// style is the few colours the screen uses; all blank without a terminal.
type style struct{ bold, dim, green, red, reset string }

func styleFor(w io.Writer) style {
	if !terminal(w) {
		return style{}
	}
	return style{bold: "\x1b[1m", dim: "\x1b[2m", green: "\x1b[32m", red: "\x1b[31m", reset: "\x1b[0m"}
}
