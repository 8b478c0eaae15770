package archtest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	require.Empty(t, Links(repository(t)))
}

func TestALinkThatLeadsNowhereIsSeen(t *testing.T) {
	t.Parallel()
	tree := Tree{
		"README.md": "[a](docs/a.md) [b](docs) [c](docs/a.md#the-way-of-a-call) [d](#top-1) [e](https://example.com/x)\n## Top 1\n" +
			"`[not](a-link)`\n```\n[nor](this)\n```\n",
		"docs/a.md": "# The way of a call\n[up](../README.md)\n",
	}
	require.Empty(t, Links(tree))
	for link, why := range map[string]string{
		"docs/b.md": "no such file", "doc": "no such file", "#bottom": "no such heading", "docs/a.md#x": "no such heading",
	} {
		tree["x.md"] = "see [here](" + link + ")"
		found := Links(tree)
		require.Len(t, found, 1, link)
		require.Contains(t, found[0], why)
	}
}

func TestEveryCommandOfTheDocumentsWorks(t *testing.T) {
	t.Parallel()
	tree := repository(t)
	for _, name := range tree.names(withSuffix(".md")) {
		require.Empty(t, Commands(tree, name))
	}
	first, _, _ := strings.Cut(tree["README.md"], "\n## ")
	require.Contains(t, first, "make run")
	require.Contains(t, first, "make test")
}

func TestACommandThatDoesNotWorkIsSeen(t *testing.T) {
	t.Parallel()
	tree := Tree{
		"Makefile":                 "CC := gcc\nrun: ## start\n\ttrue\nbin/tools/buf: ; true\n",
		"cmd/marketplace/up.go":    `Use:   "up",`,
		"cmd/user-service/main.go": "package main",
		"pkg/proto/user.proto":     "package user.v1;\nservice UserService {\n  rpc Login(A) returns (B);\n}",
		"scripts/a.sh":             "true",
		"bench/top/main.go":        "package main",
		"pkg/a/a_test.go":          "package a\nfunc TestOne(t *testing.T) {}\nfunc TestTwo(t *testing.T) {}\n",
	}
	tree["good.md"] = "`make run` and `make bin/tools/buf`; we make shoes\n```sh\nbin/marketplace up --x\ngrpcurl user.v1.UserService/Login\nscripts/a.sh\nbin/user-service\ngo run ./bench/top -x\n```\n`go test -run 'One\\|Two' ./pkg/a` `go test ./pkg/...`"
	require.Empty(t, Commands(tree, "good.md"))
	for _, code := range []string{
		"make walk", "make -s walk", "marketplace down", "x user.v1.UserService/Logout", "x user.v2.UserService/Login",
		"scripts/b.sh", "bin/order-service", "go run ./bench/down", "go test -run 'One|Three' ./pkg/a", "go test -run 'One' ./pkg/b", "go test ./pkg/b",
	} {
		tree["bad.md"] = "```sh\n" + code + "\n```\n"
		require.Len(t, Commands(tree, "bad.md"), 1, code)
	}
}

// workflow is what the checks need of a GitHub workflow.
type workflow struct {
	Jobs map[string]struct {
		Steps []struct{ Run string }
	}
}

func TestTheServerRunsWhatWeRun(t *testing.T) {
	t.Parallel()
	tree := repository(t)
	var w workflow
	require.NoError(t, yaml.Unmarshal([]byte(tree[".github/workflows/ci.yml"]), &w))
	require.NotEmpty(t, w.Jobs)
	for name, job := range w.Jobs {
		for _, step := range job.Steps {
			if step.Run != "" {
				require.Regexp(t, `^\.ci/run( [a-z ]+)?$`, step.Run, name)
			}
		}
	}
	targets := submatches(makeTarget, tree["Makefile"])
	line := regexp.MustCompile(`(?m)^checks=\(([a-z -]+)\)$`).FindStringSubmatch(tree[".ci/run"])
	require.NotNil(t, line)
	for _, step := range strings.Fields(line[1]) {
		require.Contains(t, targets, step, ".ci/run calls make %s", step)
	}
}
