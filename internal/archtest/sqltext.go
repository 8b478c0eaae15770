package archtest

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

var sqlNoise = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'`)

// codeOf blanks comments and quoted texts out of SQL and keeps its lines.
func codeOf(sql string) string {
	return sqlNoise.ReplaceAllStringFunc(sql, func(noise string) string {
		return " " + strings.Repeat("\n", strings.Count(noise, "\n")) + " "
	})
}

// query is a text of SQL in a Go file.
type query struct {
	at   string // file and line
	text string
}

// statement is how SQL in our Go files begins, or goes on after a piece that is put in.
var statement = regexp.MustCompile(`\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN|LOCK TABLE|TRUNCATE|COPY)\b`)

// queries returns the string literals of a file that hold SQL.
func (s source) queries() []query {
	var out []query
	ast.Inspect(s.file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		if err == nil && statement.MatchString(text) {
			out = append(out, query{s.at(lit), text})
		}
		return true
	})
	return out
}

var sqlWord = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*|[^\sA-Za-z_0-9]`)

// tablesIn returns the known tables that SQL names, each once, in order. A name
// after a dot or AS is a column or an alias.
func tablesIn(sql string, known map[string]string) []string {
	var out []string
	seen := map[string]bool{}
	before := ""
	for _, word := range sqlWord.FindAllString(codeOf(sql), -1) {
		name := strings.ToLower(word)
		if known[name] != "" && before != "." && before != "as" && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
		before = name
	}
	return out
}
