package archtest

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRulesEachHaveATestAndEveryNumberIsListed(t *testing.T) {
	t.Parallel()
	c := Rules(repository(t))
	_, err := fmt.Fprintln(os.Stdout, c) // the line `make rules` ends with
	require.NoError(t, err)
	require.Empty(t, c.Missing)
	require.Empty(t, c.Offences)
	require.Greater(t, c.Rules, 40)
}

func TestARuleThatIsNotKeptInStepIsSeen(t *testing.T) {
	t.Parallel()
	const list = "# Rules\n\n### MONEY-001 Whole units\n\nAs [USER-001](#x) says.\n\n### USER-001 Accounts\n"
	const test = "package a\nimport \"testing\"\nfunc TestMONEY_001_Whole(t *testing.T) {}\nfunc TestUSER_001_A(t *testing.T) {}\nfunc TestUSER_001_B(t *testing.T) {}\nfunc (x) TestUSER_009_No() {}\n"
	good := Tree{RulesFile: list, "a/a_test.go": test, "a/a.go": "package a // USER-001, UTF-008 and RFC-822", "third_party/b.proto": "// USER-777"}
	require.Equal(t, "rules rules=2 tests=3 missing=0 unknown=0 verdict=ok", Rules(good).String())

	for name, tc := range map[string]struct{ file, text, want string }{
		"a rule without a test":   {RulesFile, list + "### PAY-003 Intents\n", "PAY-003 has no test"},
		"a rule listed twice":     {RulesFile, list + "### USER-001 Again\n", "lists USER-001 twice"},
		"a number in code":        {"a/b.go", "package a\n// Rule: USER-404.\n", "a/b.go:2: USER-404 is not listed"},
		"a number in SQL":         {"migrations/1.sql", "-- MATCH-099\n", "migrations/1.sql:1: MATCH-099"},
		"a number in a document":  {"docs/x.md", "see FEE-001", "docs/x.md:1: FEE-001"},
		"a test of nothing known": {"a/b_test.go", "package a\nfunc TestMKT_404_X(t *testing.T) {}\n", "TestMKT_404_X carries MKT-404"},
		"only a method tests it":  {RulesFile, list + "### USER-009 Roles\n", "USER-009 has no test"},
		"a test outside a _test":  {RulesFile, list + "### DATA-004 Mine\n", "DATA-004 has no test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := Tree{"b/b.go": "package b\nfunc TestDATA_004_Mine() {}\n"}
			for k, v := range good {
				tree[k] = v
			}
			tree[tc.file] = tc.text
			c := Rules(tree)
			require.Contains(t, fmt.Sprint(c.Missing, c.Offences), tc.want)
			require.Contains(t, c.String(), "verdict=short")
		})
	}
}
