package archtest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	makeTarget    = regexp.MustCompile(`(?m)^([A-Za-z][\w./-]*):(?:[^=]|$)`)
	makeCall      = regexp.MustCompile(`(?:^|[^\w-])make ((?:--?[\w-]+ )*)([a-z][\w./-]*)`)
	programCall   = regexp.MustCompile(`\bmarketplace ([a-z][a-z-]+)`)
	programUse    = regexp.MustCompile(`Use:\s+"([a-z][a-z-]*)`)
	methodCall    = regexp.MustCompile(`\b([a-z]+\.v\d)\.(\w+)/(\w+)`)
	scriptCall    = regexp.MustCompile(`\b(scripts/[\w-]+\.sh|\.ci/run)\b`)
	inlineCode    = regexp.MustCompile("(?s)```(?:sh|text)?\n(.*?)```|`([^`\n]+)`")
	ownServiceRun = regexp.MustCompile(`\bbin/([a-z]+-service)\b`)
	goRun         = regexp.MustCompile(`\bgo run \./([\w/-]+)`)
	goTest        = regexp.MustCompile(`\bgo test ((?:-\w+ )*?)(?:-run '([^']*)' )?((?:\./[\w/.-]+ ?)+)`)
	testFunction  = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// Commands finds commands in a document's code that would not work: a target the
// Makefile does not have, a subcommand of marketplace, an RPC, a script, a program or a
// test that is not there.
func Commands(t Tree, document string) []string {
	var offences []string
	targets := submatches(makeTarget, t["Makefile"])
	uses := t.subcommands()
	say := func(ok bool, format string, args ...any) {
		if !ok {
			offences = append(offences, document+": "+fmt.Sprintf(format, args...))
		}
	}
	for _, block := range inlineCode.FindAllStringSubmatch(t[document], -1) {
		code := block[1] + block[2]
		for _, m := range makeCall.FindAllStringSubmatch(code, -1) {
			say(slices.Contains(targets, m[2]), "make %s: no such target", m[2])
		}
		for _, m := range programCall.FindAllStringSubmatch(code, -1) {
			say(slices.Contains(uses, m[1]), "marketplace %s: no such command", m[1])
		}
		for _, m := range methodCall.FindAllStringSubmatch(code, -1) {
			say(t.hasMethod(m[1], m[2], m[3]), "%s: no such method", m[0])
		}
		for _, m := range ownServiceRun.FindAllStringSubmatch(code, -1) {
			say(t["cmd/"+m[1]+"/main.go"] != "", "%s: no such program", m[0])
		}
		for _, m := range goRun.FindAllStringSubmatch(code, -1) {
			say(t[m[1]+"/main.go"] != "", "%s: no such program", m[0])
		}
		for _, m := range goTest.FindAllStringSubmatch(code, -1) {
			for _, folder := range strings.Fields(m[3]) {
				for _, missing := range t.missingTests(strings.TrimPrefix(folder, "./"), m[2]) {
					say(false, "%s: no test is called %s", m[0], missing)
				}
			}
		}
		for _, script := range scriptCall.FindAllString(code, -1) {
			say(t[script] != "", "%s: no such file", script)
		}
	}
	return offences
}

// missingTests returns those alternatives of a -run pattern that no test in the folder,
// or below it when it ends in "...", has in its name; "any" stands for no pattern.
func (t Tree) missingTests(folder, pattern string) []string {
	below, all := strings.CutSuffix(folder, "/...")
	var tests []string
	for _, name := range t.names(withSuffix("_test.go")) {
		if at := path.Dir(name); at == folder || all && strings.HasPrefix(at+"/", below+"/") {
			tests = append(tests, submatches(testFunction, t[name])...)
		}
	}
	if pattern == "" && len(tests) == 0 {
		return []string{"any"}
	}
	var missing []string
	for _, one := range strings.Split(strings.ReplaceAll(pattern, `\|`, "|"), "|") {
		re, err := regexp.Compile(one)
		if err != nil || !slices.ContainsFunc(tests, re.MatchString) {
			missing = append(missing, one)
		}
	}
	return missing
}

func submatches(re *regexp.Regexp, text string) []string {
	var out []string
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func (t Tree) subcommands() []string {
	var out []string
	for _, name := range t.names(func(n string) bool { return strings.HasPrefix(n, "cmd/marketplace/") }) {
		out = append(out, submatches(programUse, t[name])...)
	}
	return out
}

func (t Tree) hasMethod(pkg, service, method string) bool {
	for _, name := range t.names(withSuffix(".proto")) {
		text := t[name]
		if strings.Contains(text, "package "+pkg+";") && strings.Contains(text, "service "+service+" {") &&
			strings.Contains(text, "rpc "+method+"(") {
			return true
		}
	}
	return false
}
