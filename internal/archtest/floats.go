package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// moneyWords are the words that say a name is about money.
var moneyWords = []string{
	"price", "prices", "amount", "amounts", "fee", "fees", "total", "subtotal", "cents", "minor", "payout", "payouts",
	"money", "retail", "tick", "spread", "premium", "balance", "refund", "escrow", "penalty", "tax", "cost", "volume", "sale", "value",
}

// countWords are the words that say a total or a value is no money.
var countWords = []string{"conns", "connections", "count", "bytes", "seconds", "rows"}

// floatless are the packages that have no use for a float at all.
var floatless = regexp.MustCompile(`^pkg/(money|errs|id|page)/|^internal/\w+/(model|book|journal|engine|ledger)/|^internal/product/(service|repository|handler)/`)

// Floats finds floats where money could be: none in packages that handle amounts,
// none anywhere under a name that means money, and no text read as a float.
// A count that Prometheus wants as a float is none: float64(len(x)). Rule: MONEY-001.
func Floats(t Tree) []string {
	sources, offences := t.written()
	for _, s := range sources {
		f := &floats{source: s, strict: floatless.MatchString(s.name)}
		f.visit(s.file)
		offences = append(offences, f.offences...)
	}
	return offences
}

// floats looks at one file.
type floats struct {
	source
	strict   bool
	offences []string
}

func (f *floats) report(n ast.Node, what string) {
	f.offences = append(f.offences, f.at(n)+": "+what)
}

func (f *floats) visit(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			return f.call(n)
		case *ast.SelectorExpr:
			if readsFloats(n) && !strings.HasPrefix(f.name, "bench/") { // bench reads what it measured
				f.report(n, "a number is read or written as a float")
			}
		case *ast.Ident:
			if f.strict && isFloat(n) {
				f.report(n, "a float in a package that handles amounts")
			}
		case *ast.BasicLit:
			if f.strict && n.Kind == token.FLOAT {
				f.report(n, "the float "+n.Value+" in a package that handles amounts")
			}
		case *ast.Field:
			f.declared(n, n.Names, n.Type)
		case *ast.ValueSpec:
			f.declared(n, n.Names, n.Type)
			f.assigned(n, idents(n.Names), n.Values)
		case *ast.AssignStmt:
			f.assigned(n, n.Lhs, n.Rhs)
		case *ast.BinaryExpr:
			f.assigned(n, []ast.Expr{n.X}, []ast.Expr{n.Y})
			f.assigned(n, []ast.Expr{n.Y}, []ast.Expr{n.X})
		case *ast.KeyValueExpr:
			f.assigned(n, []ast.Expr{n.Key}, []ast.Expr{n.Value})
		case *ast.FuncDecl:
			if n.Type.Results != nil && aboutMoney(n.Name.Name) && holdsFloat(n.Type.Results) {
				f.report(n, n.Name.Name+" returns a float")
			}
		}
		return true
	})
}

// call looks at float64(x) and lets measurements of prometheus be.
func (f *floats) call(n *ast.CallExpr) (deeper bool) {
	if to, ok := n.Fun.(*ast.SelectorExpr); ok && isNamed(to.X, "prometheus") {
		return false
	}
	if !isFloat(n.Fun) || len(n.Args) != 1 {
		return true
	}
	if count, ok := n.Args[0].(*ast.CallExpr); ok && isNamed(count.Fun, "len") {
		return false
	}
	if !f.strict && mentionsMoney(n.Args[0]) {
		f.report(n, "an amount is made a float")
	}
	return true
}

func (f *floats) declared(n ast.Node, names []*ast.Ident, kind ast.Expr) {
	if kind == nil || f.strict || !holdsFloat(kind) {
		return
	}
	for _, name := range names {
		if aboutMoney(name.Name) {
			f.report(n, name.Name+" is a float")
		}
	}
}

// assigned reports names of money that meet a float's value.
func (f *floats) assigned(n ast.Node, names, values []ast.Expr) {
	if f.strict || !slices.ContainsFunc(values, holdsFloat) {
		return
	}
	for _, name := range names {
		if mentionsMoney(name) {
			f.report(n, "an amount meets a float")
			return
		}
	}
}

func idents(names []*ast.Ident) []ast.Expr {
	out := make([]ast.Expr, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

func isNamed(n ast.Expr, name string) bool {
	id, ok := n.(*ast.Ident)
	return ok && id.Name == name
}

func isFloat(n ast.Expr) bool { return isNamed(n, "float64") || isNamed(n, "float32") }

// readsFloats knows the library's ways from text to floats and back.
func readsFloats(n *ast.SelectorExpr) bool {
	switch {
	case isNamed(n.X, "strconv"):
		return n.Sel.Name == "ParseFloat" || n.Sel.Name == "FormatFloat" || n.Sel.Name == "AppendFloat"
	case isNamed(n.X, "big"):
		return n.Sel.Name == "Float" || n.Sel.Name == "NewFloat"
	}
	return false
}

func holdsFloat[N ast.Node](root N) bool {
	found := false
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			found = found || isFloat(n)
		case *ast.BasicLit:
			found = found || n.Kind == token.FLOAT
		case *ast.FuncLit:
			return false
		}
		return !found
	})
	return found
}

func mentionsMoney(root ast.Expr) bool {
	found := false
	ast.Inspect(root, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			found = found || aboutMoney(id.Name)
		}
		return !found
	})
	return found
}

// aboutMoney reports whether one of the words of a name means money.
func aboutMoney(name string) bool {
	words := wordsOf(name)
	among := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	return among(moneyWords) && !among(countWords)
}

// wordsOf parts unitPrice, UnitPrice and unit_price into unit and price.
func wordsOf(name string) []string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
}

var (
	protoFloat = regexp.MustCompile(`\b(float|double|google\.protobuf\.(Float|Double)Value)\s*(>\s*)?\w+\s*=`)
	sqlInexact = regexp.MustCompile(`(?i)\b(real|double\s+precision|float[48]?|money)\b`) // numeric is exact; a query may compute with it
	sqlFloat   = regexp.MustCompile(`(?i)\b(real|double\s+precision|float[48]?|numeric|decimal|money)\b`)
)

// FloatsBeside finds inexact numbers in protos, migrations and queries. Rule: MONEY-001.
func FloatsBeside(t Tree) []string {
	var offences []string
	look := func(name, text string, wrong *regexp.Regexp) {
		for i, line := range strings.Split(text, "\n") {
			if found := wrong.FindString(line); found != "" {
				offences = append(offences, fmt.Sprintf("%s:%d: %s: an amount is a whole number of minor units", name, i+1, found))
			}
		}
	}
	for _, name := range t.names(withSuffix(".proto")) {
		look(name, protoComment.ReplaceAllString(t[name], ""), protoFloat)
	}
	for _, name := range t.names(withSuffix(".sql")) {
		wrong := sqlInexact
		if strings.HasPrefix(name, "migrations/") {
			wrong = sqlFloat
		}
		look(name, codeOf(t[name]), wrong)
	}
	sources, _ := t.written()
	for _, s := range sources {
		if strings.HasPrefix(s.name, "internal/archtest/") {
			continue // offences planted in texts
		}
		for _, q := range s.queries() {
			look(q.at, codeOf(q.text), sqlInexact)
		}
	}
	return offences
}

var protoComment = regexp.MustCompile(`//[^\n]*`)
