package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// call runs the command in the test's process, with stdin, and returns what it prints.
func call(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	root := command()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetIn(strings.NewReader(stdin))
	root.SetArgs(doubleDashes(args))
	err := root.ExecuteContext(context.Background())
	return out.String(), err
}

func TestMigrateSqlAndOwnerWorkOnDatabaseURL(t *testing.T) {
	t.Setenv("DATABASE_URL", testkit.EmptyDatabaseURL(t))
	out, err := call(t, "", "migrate", "version")
	require.NoError(t, err)
	require.Contains(t, out, "version=0 ")
	out, err = call(t, "", "migrate", "up")
	require.NoError(t, err)
	require.Contains(t, out, "dirty=false")
	require.NotContains(t, out, "version=0 ")

	out, err = call(t, "correct horse battery\n", "admin", "create-owner", "--email", "me@example.com")
	require.NoError(t, err)
	require.Contains(t, out, "me@example.com is the owner now")
	out, err = call(t, "correct horse battery\n", "admin", "create-owner", "--email", "you@example.com")
	require.ErrorContains(t, err, "has an owner already", out)

	out, err = call(t, "", "sql", "--header", "SELECT email FROM users")
	require.NoError(t, err)
	require.Equal(t, "email\nme@example.com\n", out)

	_, err = call(t, "", "migrate", "down")
	require.ErrorContains(t, err, "--yes")
	out, err = call(t, "", "migrate", "down", "--yes")
	require.NoError(t, err)
	require.Contains(t, out, "version=0 ")
	_, err = call(t, "", "serve", "-target=user")
	require.ErrorContains(t, err, "marketplace migrate up")
}

func TestPasswordMustBeOnStandardInput(t *testing.T) {
	t.Parallel()
	_, err := call(t, "", "admin", "create-owner", "--email", "me@example.com")
	require.ErrorContains(t, err, "standard input")
	_, err = call(t, "", "admin", "create-owner")
	require.ErrorContains(t, err, "email")
}

func TestLongFlagsMayHaveOneDash(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"serve", "--target=user", "-h", "--target", "-t"}, doubleDashes([]string{"serve", "-target=user", "-h", "--target", "-t"}))
}

func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	var check func(*cobra.Command)
	check = func(c *cobra.Command) {
		require.NotEmpty(t, c.Short, c.CommandPath())
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	check(command())
	out, err := call(t, "", "version")
	require.NoError(t, err)
	require.Contains(t, out, "version=dev")
}

func TestFailureIsOneLineAndExitCodeOne(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, execute(context.Background(), []string{"serve", "--target=shop"}))
	require.Equal(t, 0, execute(context.Background(), []string{"version"}))
}
