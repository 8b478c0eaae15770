package archtest

import (
	"fmt"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// RulesFile lists the numbered rules, each under a heading of its own.
const RulesFile = "docs/rules.md"

var (
	ruleHeading = regexp.MustCompile(`(?m)^#+ ([A-Z]+-\d{3})\b(.*)$`)
	ruleNumber  = regexp.MustCompile(`\b([A-Z]{2,}-\d{3})\b`)
	ruleTest    = regexp.MustCompile(`^(?:Test|Fuzz)([A-Z]+)_(\d{3})_\w+$`)
	ruleSubject = regexp.MustCompile(`^(MONEY|ID|TIME|USER|AUTH|PROD|MKT|MATCH|DATA|ORDER|PAY|LEDGER|FEE|EVENT|NOTIFY|API)-`)
)

// Coverage is how the rules and their tests stand.
type Coverage struct {
	Rules, Tests int      // rules listed, tests whose name carries one's number
	Missing      []string // rules without a test
	Offences     []string // numbers nobody listed, rules listed twice
}

// String is the line that programs read.
func (c Coverage) String() string {
	verdict := "ok"
	if len(c.Missing)+len(c.Offences) > 0 {
		verdict = "short"
	}
	return fmt.Sprintf("rules rules=%d tests=%d missing=%d unknown=%d verdict=%s", c.Rules, c.Tests, len(c.Missing), len(c.Offences), verdict)
}

// Rules compares the list of rules with the tests' names and with the numbers that
// code, SQL, protos and scripts mention: each rule has a test, and each number is listed.
func Rules(t Tree) Coverage {
	listed, offences := listedRules(t[RulesFile])
	c := Coverage{Rules: len(listed), Offences: offences}
	tests := t.ruleTests()
	for rule, names := range tests {
		c.Tests += len(names)
		if !listed[rule] {
			c.Offences = append(c.Offences, fmt.Sprintf("%s carries %s, which %s does not list", names[0], rule, RulesFile))
		}
	}
	for rule := range listed {
		if len(tests[rule]) == 0 {
			c.Missing = append(c.Missing, rule+" has no test")
		}
	}
	c.Offences = append(c.Offences, t.unlisted(listed)...)
	slices.Sort(c.Missing)
	slices.Sort(c.Offences)
	return c
}

func listedRules(text string) (listed map[string]bool, offences []string) {
	listed = map[string]bool{}
	for _, m := range ruleHeading.FindAllStringSubmatch(text, -1) {
		if listed[m[1]] {
			offences = append(offences, fmt.Sprintf("%s lists %s twice", RulesFile, m[1]))
		}
		listed[m[1]] = true
	}
	return listed, offences
}

// ruleTests returns the test functions that carry a rule's number, by rule.
func (t Tree) ruleTests() map[string][]string {
	out := map[string][]string{}
	sources, _ := t.written()
	for _, s := range sources {
		if !strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			if m := ruleTest.FindStringSubmatch(f.Name.Name); m != nil {
				rule := m[1] + "-" + m[2]
				out[rule] = append(out[rule], f.Name.Name)
			}
		}
	}
	for _, names := range out {
		slices.Sort(names)
	}
	return out
}

// unlisted finds the numbers that are mentioned somewhere and listed nowhere.
func (t Tree) unlisted(listed map[string]bool) []string {
	at := map[string]string{}
	for _, name := range t.names(mentionsRules) {
		for i, line := range strings.Split(t[name], "\n") {
			if !strings.Contains(line, "-") {
				continue // most lines; expressions take their time
			}
			for _, rule := range ruleNumber.FindAllString(line, -1) {
				if ruleSubject.MatchString(rule) && !listed[rule] && at[rule] == "" {
					at[rule] = fmt.Sprintf("%s:%d", name, i+1)
				}
			}
		}
	}
	var out []string
	for _, rule := range slices.Sorted(maps.Keys(at)) {
		out = append(out, fmt.Sprintf("%s: %s is not listed in %s", at[rule], rule, RulesFile))
	}
	return out
}

// mentionsRules picks the files that may name a rule: not the planted ones of this package.
func mentionsRules(name string) bool {
	if !ours(name) || strings.HasPrefix(name, "internal/archtest/") || strings.HasSuffix(name, ".pb.go") {
		return false
	}
	for _, suffix := range []string{".go", ".sql", ".proto", ".sh", ".md", ".yml", ".yaml"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}
