package model

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text trims *s and checks that it is one line of shortest to longest characters.
func (f *fields) text(name string, s *string, shortest, longest int) {
	*s = strings.TrimSpace(*s)
	n := utf8.RuneCountInString(*s)
	switch {
	case n < shortest || n > longest:
		f.add(name, fmt.Sprintf("must be %d to %d characters long", shortest, longest))
	case !utf8.ValidString(*s) || strings.ContainsFunc(*s, hidden):
		f.add(name, "must be one line of printable text")
	}
}

// hidden reports characters that do not print: control codes, and the marks that
// turn text around so that it reads as something else.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
