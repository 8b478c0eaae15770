package catalogue

import "strings"

// formula are the characters with which a spreadsheet begins to calculate instead of to show.
const formula = "=+-@\t\r"

// quote keeps a spreadsheet from running a text as a formula: it puts a ' before it.
func quote(cell string) string {
	if calculates(cell) {
		return "'" + cell
	}
	return cell
}

// unquote takes back what quote did, and nothing else.
func unquote(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && calculates(rest) {
		return rest
	}
	return cell
}

// calculates also reports a text that is quoted already, so that its own ' survives the way there and back.
func calculates(cell string) bool {
	bare := strings.TrimLeft(cell, "'")
	return bare != "" && strings.ContainsRune(formula, rune(bare[0]))
}
