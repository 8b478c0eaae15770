package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// world is a module of one function, its tests, and a runner over it.
func world(t *testing.T, tests string) (*runner, *strings.Builder) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module example.com/adding\n\ngo 1.26\n",
		"add/add.go":     "package add\n\nfunc add(a, b int) int {\n\t// the sum\n\treturn a + b\n}\n",
		"add/a_test.go":  "package add\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\nvar _, _ = os.Exit, time.After\n\n" + tests,
		"empty/empty.go": "package empty\n",
	} {
		name = filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	out := &strings.Builder{}
	return &runner{root: root, limit: 15 * time.Second, atOnce: 2, say: func(line string) { out.WriteString(line + "\n") }}, out
}

const sum = "func TestSum(t *testing.T) {\n\tif add(2, 3) != 5 {\n\t\tt.Error(\"wrong\")\n\t}\n}\n"

const (
	head  = "package add\n\nfunc add(a, b int) int {"
	quits = "package add\n\nimport \"os\"\n\nfunc add(a, b int) int {\n\tos.Exit(3)"
)

// planted is a mutant of world's only function.
func planted(from, to string) mutant {
	return mutant{area: "test", name: "planted", rule: "none", file: "add/add.go", from: from, to: to, tests: []suite{{pkg: "add"}}}
}

func TestEachMutantIsJudgedByWhatTheTestsSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mutant mutant
		want   total
		says   string
	}{
		"noticed":            {planted("a + b", "a - b"), total{planted: 1, killed: 1}, "killed by TestSum ("},
		"changes nothing":    {planted("a + b", "b + a"), total{planted: 1, survived: 1}, "SURVIVED"},
		"crashes":            {planted("a + b", "a / (b - 3)"), total{planted: 1, killed: 1}, "killed by TestSum"},
		"quits in silence":   {planted(head, quits), total{planted: 1, errors: 1}, "ERROR add: ended without naming a test: exit status 3"},
		"does not apply":     {planted("a * b", "a - b"), total{planted: 1, errors: 1}, "ERROR does not apply: its text is 0 times in add/add.go, not once"},
		"applies twice":      {planted("a", "c"), total{planted: 1, errors: 1}, "ERROR does not apply: its text is"},
		"does not build":     {planted("a + b", "a + c"), total{planted: 1, errors: 1}, "ERROR does not build: "},
		"is in no such file": {mutant{file: "none.go", tests: []suite{{pkg: "add"}}}, total{planted: 1, errors: 1}, "ERROR does not apply: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, out := world(t, sum)
			got, err := r.run(context.Background(), []mutant{c.mutant})
			require.NoError(t, err)
			got.seconds = 0
			require.Equal(t, c.want, got)
			require.Contains(t, out.String(), c.says)
			require.Equal(t, c.want.killed == 1, got.ok())
		})
	}
}

func TestAMutantThatHangsIsNoticed(t *testing.T) {
	t.Parallel()
	r, out := world(t, sum)
	r.limit = 6 * time.Second
	got, err := r.run(context.Background(), []mutant{planted("return a + b", "for a != b {\n\t}\n\treturn a")})
	require.NoError(t, err)
	require.Equal(t, 1, got.killed)
	require.Contains(t, out.String(), "killed by hang:TestSum")
}

func TestWhoHasFailedIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	r, out := world(t, "func TestSum(t *testing.T) {\n\tt.Parallel()\n\tif add(2, 3) != 5 {\n\t\tt.Error(\"wrong\")\n\t}\n}\n\n"+
		"func TestWaits(t *testing.T) {\n\tt.Parallel()\n\tif add(2, 3) != 5 {\n\t\tselect {}\n\t}\n}\n")
	r.limit = time.Minute
	got, err := r.run(context.Background(), []mutant{planted("a + b", "a - b")})
	require.NoError(t, err)
	require.Equal(t, 1, got.killed)
	require.Contains(t, out.String(), "killed by TestSum")
	require.Less(t, got.seconds, 40)
}

func TestTheTreeIsNotTouched(t *testing.T) {
	t.Parallel()
	r, _ := world(t, sum)
	before, err := os.ReadFile(filepath.Join(r.root, "add/add.go"))
	require.NoError(t, err)
	_, err = r.run(context.Background(), []mutant{planted("a + b", "a - b")})
	require.NoError(t, err)
	after, err := os.ReadFile(filepath.Join(r.root, "add/add.go"))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	entries, err := os.ReadDir(filepath.Join(r.root, "add"))
	require.NoError(t, err)
	require.Len(t, entries, 2)
}

func TestTestsThatTellNothingStopTheProof(t *testing.T) {
	t.Parallel()
	mutants := []mutant{planted("a + b", "a - b")}
	for name, c := range map[string]struct {
		tests string
		with  suite
		want  string
	}{
		"red":           {strings.Replace(sum, "5", "6", 1), suite{pkg: "add"}, "add is red without any mutant: TestSum"},
		"not one picks": {sum, suite{pkg: "add", run: "TestProduct"}, "no test has such a name"},
		"none there":    {sum, suite{pkg: "empty"}, "has no tests: empty"},
		"broken":        {"func TestSum(t *testing.T) { t.Nothing() }\n", suite{pkg: "add"}, "does not build"},
		"silent":        {"func TestSum(*testing.T) { os.Exit(3) }\n", suite{pkg: "add"}, "ended without naming a test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := world(t, c.tests)
			m := mutants[0]
			m.tests = []suite{c.with}
			_, err := r.run(context.Background(), []mutant{m})
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSlowTestsCannotTellAHang(t *testing.T) {
	t.Parallel()
	slow := strings.Replace(sum, "{\n", "{\n\t<-time.After(2 * time.Second)\n", 1)
	r, _ := world(t, slow)
	r.limit = 5 * time.Second
	_, err := r.run(context.Background(), []mutant{planted("a + b", "a - b")})
	require.ErrorContains(t, err, "too near its limit of 5s to tell a hang")
}

func TestInterruptionIsNoVerdict(t *testing.T) {
	t.Parallel()
	r, _ := world(t, sum)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := r.run(ctx, []mutant{planted("a + b", "a - b")})
	require.ErrorIs(t, err, context.Canceled)
}
