package archtest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/bidding"
	"github.com/sneakers-marketplace/marketplace/internal/product"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

var update = flag.Bool("update", false, "write .env.example instead of comparing it")

const envExample = ".env.example"

// settings are the variables' groups, in the order in which a reader meets them.
// A variable belongs to the first group that has it.
func settings() []group {
	return []group{
		{"The one-command marketplace (marketplace up)", app.Settings{}},
		{"Every process", run.Settings{}},
		{"Database; a service's own is named with its prefix, such as BIDDING_DATABASE_URL", database.Config{}},
		{"Redis, optional", database.RedisConfig{}},
		{"Access tokens, the same in every service", auth.Config{}},
		{"gRPC", rpc.Config{}},
		{"User service", user.Config{}},
		{"Product service", product.Config{}},
		{"Bidding service", bidding.Config{}},
	}
}

type group struct {
	title  string
	config any
}

// variables returns every setting there is, by name. Two structs that describe one
// variable differently are a mistake.
func variables(t *testing.T) map[string]config.Variable {
	t.Helper()
	all := map[string]config.Variable{}
	for _, g := range settings() {
		for _, v := range config.Describe(g.config) {
			if first, ok := all[v.Name]; ok {
				require.Equal(t, first, v, "%s is described twice", v.Name)
			}
			all[v.Name] = v
		}
	}
	return all
}

// example is the text of .env.example: each variable with its meaning and default,
// switched off, so that a copy of the file changes nothing until a line is edited.
func example() string {
	var b strings.Builder
	b.WriteString("# Every setting there is, with its default. Copy this file to .env and take the # off what you change.\n" +
		"# The process's own environment goes before .env. Written by `make generate`; do not edit.\n")
	seen := map[string]bool{}
	for _, g := range settings() {
		fmt.Fprintf(&b, "\n# --- %s\n", g.title)
		for _, v := range config.Describe(g.config) {
			if seen[v.Name] {
				continue
			}
			seen[v.Name] = true
			fmt.Fprintf(&b, "\n# %s%s\n#%s=%s\n", v.Doc, note(v), v.Name, shown(v))
		}
	}
	return b.String()
}

func note(v config.Variable) string {
	if v.Secret {
		return " (secret)"
	}
	return ""
}

func shown(v config.Variable) string {
	if v.Secret {
		return ""
	}
	return v.Default
}

func TestTheExampleOfSettingsIsCompleteAndCurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(root, envExample)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(example()), 0o644))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, example(), string(text), ".env.example is not current: run make generate")
	for name, v := range variables(t) {
		require.Contains(t, string(text), "\n#"+name+"=")
		require.NotEmpty(t, v.Doc, "%s says nothing about itself", name)
	}
}

func TestTheExampleOfSettingsSaysTheDefaults(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(example(), "\n#", "\n")
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if name, value, ok := strings.Cut(line, "="); ok && value != "" && name == strings.ToUpper(name) {
			lines = append(lines, line)
		}
	}
	require.Greater(t, len(lines), 30)
	src, err := config.ParseFile(strings.Join(lines, "\n"))
	require.NoError(t, err)
	same[user.Config](t, src, user.Prefix)
	same[product.Config](t, src, "PRODUCT_")
	same[bidding.Config](t, src, "BIDDING_")
	same[run.Settings](t, src)
}

// same checks that the example's values give what no values give.
func same[T any](t *testing.T, src config.Source, prefix ...string) {
	t.Helper()
	plain, err := config.Load[T](config.Source{})
	require.NoError(t, err)
	spelled, err := config.Load[T](src, prefix...)
	require.NoError(t, err, reflect.TypeFor[T]())
	require.Equal(t, plain, spelled)
}
