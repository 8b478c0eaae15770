package archtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// compose is what the checks need of docker-compose.yml.
type compose struct {
	Services map[string]container
	Volumes  map[string]any
}

type container struct {
	Image       string
	Build       string
	Command     []string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	Healthcheck struct {
		Test    []string
		Disable bool
	}
	DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
}

// offences of a compose file: what would keep it from starting, or let it start unsafely.
func (c compose) offences(known map[string]bool, programs []string) []string {
	var out []string
	say := func(service, format string, args ...any) {
		out = append(out, service+": "+fmt.Sprintf(format, args...))
	}
	for name, s := range c.Services {
		if s.Build != "" {
			if len(s.Command) == 0 || !slices.Contains(programs, s.Command[0]) {
				say(name, "its command %q is no program of cmd/", s.Command)
			}
			for v := range s.Environment {
				if !known[v] {
					say(name, "no service reads %s", v)
				}
			}
			if url := s.Environment["DATABASE_URL"]; !strings.Contains(url, "${POSTGRES_PASSWORD:?") {
				say(name, "the database's password is not asked for")
			}
			if !strings.HasPrefix(s.Environment["JWT_KEYS"], "${JWT_KEYS:?") {
				say(name, "the signing keys are not asked for")
			}
		} else if !regexp.MustCompile(`^[a-z]+:\d+`).MatchString(s.Image) {
			say(name, "its image %q has no version", s.Image)
		}
		if len(s.Healthcheck.Test) == 0 && !s.Healthcheck.Disable {
			say(name, "nobody asks whether it is healthy")
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				say(name, "port %s is open to the world", p)
			}
		}
		for other, d := range s.DependsOn {
			switch needs, there := c.Services[other]; {
			case !there:
				say(name, "waits for %s, which is not there", other)
			case d.Condition == "service_healthy" && len(needs.Healthcheck.Test) == 0:
				say(name, "waits for the health of %s, which nobody asks", other)
			}
		}
		for _, v := range s.Volumes {
			if _, ok := c.Volumes[strings.Split(v, ":")[0]]; !ok {
				say(name, "volume %s is not declared", v)
			}
		}
	}
	slices.Sort(out)
	return out
}

func programs(tree Tree) []string {
	var out []string
	for _, name := range tree.names(func(n string) bool { return strings.HasPrefix(n, "cmd/") && strings.HasSuffix(n, "/main.go") }) {
		out = append(out, strings.Split(name, "/")[1])
	}
	return out
}

func known(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for name := range variables(t) {
		out[name] = true
	}
	return out
}

func TestTheContainersFitTogether(t *testing.T) {
	t.Parallel()
	tree := repository(t)
	var c compose
	require.NoError(t, yaml.Unmarshal([]byte(tree["docker-compose.yml"]), &c))
	require.Empty(t, c.offences(known(t), programs(tree)))

	require.True(t, strings.HasPrefix(c.Services["postgres"].Image, "postgres:16"))
	require.True(t, strings.HasPrefix(c.Services["redis"].Image, "redis:"))
	require.Equal(t, []string{"marketplace", "migrate", "up"}, c.Services["migrate"].Command)
	for name, port := range map[string]string{"user": "50051", "product": "50052", "bidding": "50053"} {
		s := c.Services[name+"-service"]
		require.Equal(t, []string{name + "-service"}, s.Command)
		require.Equal(t, "0.0.0.0:"+port, s.Environment[strings.ToUpper(name)+"_LISTEN"])
		require.Equal(t, []string{"127.0.0.1:" + port + ":" + port}, s.Ports)
		require.Equal(t, "service_completed_successfully", s.DependsOn["migrate"].Condition)
	}
	require.Equal(t, "service_healthy", c.Services["migrate"].DependsOn["postgres"].Condition)
	for service, others := range map[string][]string{"product": {"user", "bidding"}, "bidding": {"user", "product"}} {
		for _, other := range others {
			require.Contains(t, c.Services[service+"-service"].Environment[strings.ToUpper(other)+"_ADDRESS"], other+"-service:")
		}
	}
}

func TestContainersThatDoNotFitAreSeen(t *testing.T) {
	t.Parallel()
	var c compose
	require.NoError(t, yaml.Unmarshal([]byte(`
services:
  db: {image: postgres, ports: ["5432:5432"], volumes: ["data:/data"]}
  shop:
    build: .
    command: [shopkeeper]
    environment: {DATABASE_URL: "postgres://a:secret@db/x", JWT_KEYS: "a:secret", SHOP_COLOUR: red}
    healthcheck: {test: [CMD, "true"]}
    depends_on: {db: {condition: service_healthy}, cache: {condition: service_started}}
`), &c))
	require.Equal(t, []string{
		`db: its image "postgres" has no version`,
		"db: nobody asks whether it is healthy",
		"db: port 5432:5432 is open to the world",
		"db: volume data:/data is not declared",
		`shop: its command ["shopkeeper"] is no program of cmd/`,
		"shop: no service reads SHOP_COLOUR",
		"shop: the database's password is not asked for",
		"shop: the signing keys are not asked for",
		"shop: waits for cache, which is not there",
		"shop: waits for the health of db, which nobody asks",
	}, c.offences(map[string]bool{"DATABASE_URL": true, "JWT_KEYS": true}, []string{"marketplace"}))
}

func TestTheImageIsBuiltWithOurGoAndRunsAsNobody(t *testing.T) {
	t.Parallel()
	tree := repository(t)
	docker := tree["Dockerfile"]
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(tree["go.mod"])
	require.NotNil(t, version)
	require.Contains(t, docker, "FROM golang:"+version[1]+"-")
	last := docker[strings.LastIndex(docker, "\nFROM "):]
	require.Regexp(t, `(?m)^USER [1-9]\d+:[1-9]\d+$`, last)
	require.Contains(t, tree[".dockerignore"], ".env\n")
}
