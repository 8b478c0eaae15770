package archtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingOfOnesOwnMachineIsCommitted(t *testing.T) {
	t.Parallel()
	require.Empty(t, Machine(repository(t)))
}

func TestWhatIsTrueOnOneMachineOnlyIsSeen(t *testing.T) {
	t.Parallel()
	for _, dir := range homeless {
		path := "/" + dir + "/somebody/x"
		for _, line := range []string{path, "cd " + path, `open("` + path + `")`, "x=" + path} {
			require.Len(t, Machine(Tree{"scripts/a.sh": "#!/bin/sh\n" + line + "\n"}), 1, line)
		}
	}
	for _, line := range []string{
		`"resolved"` + `: "https://npm.corp.example/pg-18.tgz",`,
		"registry" + "=https://npm.corp.example/",
		"ENV GOPROXY" + "=http://10.0.0.1:8080",
	} {
		require.Len(t, Machine(Tree{"web/package-lock.json": line}), 1, line)
	}
	require.Empty(t, Machine(Tree{
		"a.md":                  "see pkg" + "/ho" + "me/xy, ~" + "/wo" + "rk/yy, https://example.com" + "/ho" + "me/xy and " + "/homework",
		"web/package-lock.json": `"integrity": "sha512-abc",`,
		"third_party/a.proto":   "/" + "root/x",
	}))
}
