package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryMutantAppliesAndBreaksARule says at once, in make test, when code has moved
// on without its mutant.
func TestEveryMutantAppliesAndBreaksARule(t *testing.T) {
	t.Parallel()
	root, err := moduleRoot()
	require.NoError(t, err)
	rules, err := os.ReadFile(filepath.Join(root, "docs", "rules.md"))
	require.NoError(t, err)
	names, areas := map[string]bool{}, map[string]int{}
	for _, m := range all() {
		text, err := m.mutate(root)
		require.NoError(t, err, m.name)
		require.NotEqual(t, m.from, m.to, m.name)
		require.NotEmpty(t, text)
		require.False(t, names[m.name], "two are called %s", m.name)
		names[m.name] = true
		areas[m.area]++
		require.Contains(t, string(rules), "### "+m.rule+" ", m.name)
		require.NotEmpty(t, m.tests, m.name)
		for _, s := range m.tests {
			require.DirExists(t, filepath.Join(root, s.pkg), m.name)
			_, err := regexp.Compile(s.run)
			require.NoError(t, err, m.name)
		}
	}
	for area, least := range map[string]int{"book": 7, "engine": 6, "auth": 6, "stock": 5, "news": 15} {
		require.GreaterOrEqual(t, areas[area], least, area)
	}
}

func TestOneMutantIsChosenByItsName(t *testing.T) {
	t.Parallel()
	everything := all()
	chosen, err := selection{share: 1}.of(everything)
	require.NoError(t, err)
	require.Equal(t, everything, chosen)
	chosen, err = selection{name: "oversell", share: 3, turn: 1}.of(everything)
	require.NoError(t, err)
	require.Len(t, chosen, 1)
	require.Equal(t, "stock", chosen[0].area)
	_, err = selection{name: "undersell", share: 1}.of(everything)
	require.ErrorContains(t, err, `no mutant is called "undersell"`)
}

func TestTurnsTogetherPickEveryMutantOnce(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int)
	for turn := 7; turn < 10; turn++ {
		chosen, err := selection{share: 3, turn: turn}.of(all())
		require.NoError(t, err)
		for _, m := range chosen {
			seen[m.name]++
		}
	}
	for _, m := range all() {
		require.Equal(t, 1, seen[m.name], m.name)
	}
	for _, wrong := range []selection{{share: 0}, {share: 1, turn: -1}} {
		_, err := wrong.of(all())
		require.Error(t, err)
	}
}

func TestWhatTestsSayIsRead(t *testing.T) {
	t.Parallel()
	failed := errors.New("exit status 2")
	for name, c := range map[string]struct {
		output string
		end    error
		want   outcome
		wrong  string
	}{
		"green":      {output: "PASS\n"},
		"first":      {"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n--- FAIL: TestC (0.00s)\nFAIL\n", failed, outcome{true, "TestA"}, ""},
		"late":       {"panic: test timed out after 1s\n\trunning tests:\n\t\tTestB (1s)\n\ngoroutine 1", failed, outcome{true, "hang:TestB"}, ""},
		"killed":     {"", errors.Join(errHang, failed), outcome{true, "hang"}, ""},
		"crash":      {"x\npanic: send on closed channel\n\ngoroutine 7", failed, outcome{true, `crash:"panic: send on closed channel"`}, ""},
		"fatal":      {"fatal error: all goroutines are asleep - deadlock!\n", failed, outcome{true, `crash:"fatal error: all goroutines are asleep - deadlock!"`}, ""},
		"no server":  {"--- FAIL: TestA (0.00s)\n    a_test.go:1: testkit: no PostgreSQL found\n", failed, outcome{}, "the tests had no database"},
		"mute":       {"one\ntwo\n", failed, outcome{}, "ended without naming a test: exit status 2: one | two"},
		"picks none": {"testing: warning: no tests to run\nPASS\n", nil, outcome{}, "no test has such a name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := judge(c.output, c.end)
			require.Equal(t, c.want, got)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestTheLastLineIsForPrograms(t *testing.T) {
	t.Parallel()
	require.Equal(t, "mutants planted=24 killed=24 survived=0 errors=0 seconds=90 verdict=ok",
		total{planted: 24, killed: 24, seconds: 90}.String())
	require.Equal(t, "mutants planted=3 killed=1 survived=1 errors=1 seconds=9 verdict=short",
		total{planted: 3, killed: 1, survived: 1, errors: 1, seconds: 9}.String())
	require.False(t, total{}.ok(), "nothing planted proves nothing")
}
